#include <tenon/generative/diffusion.hpp>

#include <cmath>
#include <map>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "support/counting_new.hpp"
#include "support/golden.hpp"
#include "support/message_of.hpp"

using Catch::Matchers::Contains;
using namespace tenon;
using tenon::test::message_of;

namespace {

const test::Golden& file() {
  static const test::Golden f("generative");
  return f;
}
using Numbers = std::span<const double>;

/// A network that knows the two images there are, and says exactly what it should of any mixture of them with noise.
struct Oracle {
  using scalar = double;
  using input = Inputs<Shape<3>, Shape<1>, Shape<2>>;
  using output = Shape<3>;
  static constexpr double images[2][3]{{0.5, -0.25, 1}, {-1, 0.75, 0.125}};

  const NoiseSchedule* schedule;
  Predicts predicts;

  void predict(std::span<const double> x, std::span<double> y) const {
    for (std::size_t i = 0; i < x.size() / 6; ++i) {
      const double* const row = x.data() + 6 * i;
      const auto t = static_cast<std::size_t>(std::lround(row[3] * static_cast<double>(schedule->steps())));
      double image[3], noise[3];
      for (std::size_t j = 0; j < 3; ++j) {
        image[j] = row[4] == 1 ? images[0][j] : row[5] == 1 ? images[1][j] : 0.5 * (images[0][j] + images[1][j]);
        noise[j] = (row[j] - schedule->signal(t) * image[j]) / schedule->level(t);
      }
      schedule->target(predicts, Numbers(image), Numbers(noise), t, std::span(y.data() + 3 * i, 3));
    }
  }
};

/// A network without labels, which knows one image.
struct OneImage {
  using scalar = double;
  using input = Inputs<Shape<3>, Shape<1>>;
  using output = Shape<3>;
  void predict(std::span<const double> x, std::span<double> y) const {
    for (std::size_t i = 0; i < 3 * (x.size() / 4); ++i) y[i] = Oracle::images[0][i % 3];
  }
};

/// What a run of `fit` gives the callback.
struct Run {
  struct {
    std::uint64_t seed;
  } how;
  std::uint64_t at;
  const auto& settings() const { return how; }
  std::uint64_t epoch() const { return at; }
};

Dataset<double> images(std::size_t count) {
  std::vector<double> pixels;
  std::vector<std::int32_t> labels;
  for (std::size_t i = 0; i < count; ++i) {
    labels.push_back(static_cast<std::int32_t>(i % 3));
    for (std::size_t j = 0; j < 4; ++j)
      pixels.push_back(static_cast<double>(i * 4 + j) / static_cast<double>(4 * count) - 0.5);
  }
  return {{1, 2, 2}, pixels, Labels{labels, 3}};
}

/// Rows of an epoch by their image, features and targets one behind the other.
std::map<std::size_t, std::vector<double>> epoch(const Diffusion& diffusion, const Dataset<double>& columns,
                                                 std::size_t batch_size, std::uint64_t seed, std::uint64_t number) {
  std::map<std::size_t, std::vector<double>> rows;
  DataLoader<double> loader{columns, batch_size, 5};
  loader.start_epoch(number);
  Batch<double> batch;
  Run run{{seed}, number};
  while (loader.next(batch)) {
    diffusion.on_batch(run, batch);
    for (std::size_t i = 0; i < batch.count; ++i) {
      auto& row = rows[batch.indices[i]];
      row.assign(batch.features.begin() + static_cast<std::ptrdiff_t>(8 * i),
                 batch.features.begin() + static_cast<std::ptrdiff_t>(8 * i + 8));
      row.insert(row.end(), batch.targets.begin() + static_cast<std::ptrdiff_t>(4 * i),
                 batch.targets.begin() + static_cast<std::ptrdiff_t>(4 * i + 4));
    }
  }
  return rows;
}

}  // namespace

TEST_CASE("noise schedules and their steps are those of the papers") {
  for (const std::string name : {"linear", "cosine"}) {
    INFO(name);
    const auto golden = [&](const char* what) { return file().values(name + "." + what); };
    const std::vector<double> betas = golden("betas"), bars = golden("alphas_cumprod"), x0 = golden("image"),
                              noise = golden("noise"), fresh = golden("fresh");
    const auto schedule = name == "linear" ? NoiseSchedule::linear(betas.size()) : NoiseSchedule::cosine(betas.size());
    REQUIRE(schedule.steps() == betas.size());
    for (std::size_t t = 0; t < bars.size(); ++t) {
      CHECK(schedule.alphas_cumprod(t) == Approx(bars[t]).epsilon(1e-9));
      CHECK(schedule.level(t) == Approx(std::sqrt(1 - bars[t])).epsilon(1e-9));
    }
    const auto t = static_cast<std::size_t>(golden("t")[0]);
    const std::vector<double> noisy = golden("noisy"), velocity = golden("velocity"), ancestral = golden("ancestral"),
                              ddim = golden("ddim");
    std::vector<double> made(6), predicted(6);
    schedule.add_noise(Numbers(x0), Numbers(noise), t, std::span(made));
    for (std::size_t i = 0; i < 6; ++i) CHECK(made[i] == Approx(noisy[i]).epsilon(1e-10));
    schedule.target(Predicts::velocity, Numbers(x0), Numbers(noise), t, std::span(predicted));
    for (std::size_t i = 0; i < 6; ++i) CHECK(predicted[i] == Approx(velocity[i]).epsilon(1e-10));

    for (const Predicts predicts : {Predicts::noise, Predicts::image, Predicts::velocity, Predicts::flow}) {
      schedule.target(predicts, Numbers(x0), Numbers(noise), t, std::span(predicted));
      auto x = noisy;
      schedule.denoise(predicts, std::span(x), Numbers(predicted), t, t - 1, 1, Numbers(fresh));
      for (std::size_t i = 0; i < 6; ++i) CHECK(x[i] == Approx(ancestral[i]).epsilon(1e-9));
      x = noisy;
      schedule.denoise(predicts, std::span(x), Numbers(predicted), t, t / 2, 0.5, Numbers(fresh));
      for (std::size_t i = 0; i < 6; ++i) CHECK(x[i] == Approx(ddim[i]).epsilon(1e-9));
      x = noisy;
      schedule.denoise(predicts, std::span(x), Numbers(predicted), t, 0);
      for (std::size_t i = 0; i < 6; ++i) CHECK(x[i] == Approx(x0[i]).epsilon(1e-9));
      // cut to what an image may be
      x = noisy;
      schedule.denoise(predicts, std::span(x), Numbers(predicted), t, 0, 0, {}, 0.25);
      for (std::size_t i = 0; i < 6; ++i) CHECK(x[i] == Approx(std::clamp(x0[i], -0.25, 0.25)).epsilon(1e-9));
    }
  }
}

TEST_CASE("a flow goes straight from noise to image, by Euler's steps") {
  const auto schedule = NoiseSchedule::flow(10);
  const std::vector<double> image{0.5, -1}, noise{2, 0.25};
  std::vector<double> x(2), way(2);
  schedule.add_noise(Numbers(image), Numbers(noise), 10, std::span(x));
  CHECK(x == noise);
  schedule.target(Predicts::flow, Numbers(image), Numbers(noise), 10, std::span(way));
  CHECK(way == std::vector<double>{1.5, 1.25});
  schedule.denoise(Predicts::flow, std::span(x), Numbers(way), 10, 7);
  for (std::size_t i = 0; i < 2; ++i) CHECK(x[i] == Approx(noise[i] - 0.3 * way[i]));
  schedule.denoise(Predicts::flow, std::span(x), Numbers(way), 7, 0);
  for (std::size_t i = 0; i < 2; ++i) CHECK(x[i] == Approx(image[i]));

  CHECK(schedule.timesteps(10) == std::vector<std::size_t>{10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0});
  CHECK(schedule.timesteps(4) == std::vector<std::size_t>{10, 8, 5, 3, 0});
  CHECK(schedule.timesteps(1) == std::vector<std::size_t>{10, 0});
}

TEST_CASE("a sampler whose network knows all arrives at what was asked for") {
  for (const auto& schedule :
       {NoiseSchedule::cosine(100), NoiseSchedule::linear(100, 1e-3, 0.2), NoiseSchedule::flow(100)})
    for (const Predicts predicts : {Predicts::image, Predicts::velocity, Predicts::flow})
      for (const double eta : {0.0, 1.0}) {
        if (eta > 0 && !schedule.preserves_variance()) continue;
        const Diffusion diffusion{.schedule = schedule, .predicts = predicts};
        const Oracle oracle{&schedule, predicts};
        const std::vector<std::int32_t> labels{1, 0, ignore_index, 1};
        std::vector<std::size_t> seen;
        const auto drawn = diffusion.sample(oracle, labels, Sampling{.steps = 7, .eta = eta}, 3,
                                            [&](std::size_t t, std::span<const double>) { seen.push_back(t); });
        CHECK(seen == schedule.timesteps(7));
        for (std::size_t i = 0; i < 4; ++i)
          for (std::size_t j = 0; j < 3; ++j) {
            const double mean = 0.5 * (Oracle::images[0][j] + Oracle::images[1][j]);
            CHECK(drawn[3 * i + j] == Approx(labels[i] < 0 ? mean : Oracle::images[labels[i]][j]).margin(1e-9));
          }
        // beyond what is predicted with a label, away from what is predicted without
        const auto guided = diffusion.sample(oracle, labels,
                                             Sampling{.steps = 7, .eta = eta, .guidance_scale = 1.5, .clip = 10}, 3);
        for (std::size_t j = 0; j < 3; ++j) {
          const double mean = 0.5 * (Oracle::images[0][j] + Oracle::images[1][j]);
          CHECK(guided[j] == Approx(mean + 1.5 * (Oracle::images[1][j] - mean)).margin(1e-9));
          CHECK(guided[6 + j] == Approx(mean).margin(1e-9));
        }
      }
}

TEST_CASE("a network need not be told labels") {
  const Diffusion diffusion{.schedule = NoiseSchedule::cosine(50), .predicts = Predicts::image};
  const auto drawn = diffusion.sample(OneImage{}, 2, Sampling{.steps = 5, .guidance_scale = 2}, 1);
  CHECK(drawn.size() == 6);
  for (std::size_t j = 0; j < 6; ++j) CHECK(drawn[j] == Approx(Oracle::images[0][j % 3]).margin(1e-9));
  CHECK(message_of([&] {
          diffusion.sample(OneImage{}, std::vector<std::int32_t>{ignore_index, 1}, {}, 1);
        }) == "Diffusion: expected ignore_index, as the network takes no label, got 1");
  const Dataset<double> columns = diffusion.columns(images(6).select({"features"}));
  CHECK(columns.columns().size() == 3);  // noisy, time, prediction
  CHECK(columns.sample_size() == 5);
}

TEST_CASE("the same seed draws the same samples, however many") {
  const auto schedule = NoiseSchedule::cosine(20);
  const Diffusion diffusion{.schedule = schedule, .predicts = Predicts::image};
  const Oracle oracle{&schedule, Predicts::image};
  const auto start = [&](std::size_t count, std::uint64_t seed) {
    std::vector<double> first;
    diffusion.sample(oracle, std::vector<std::int32_t>(count, 0), Sampling{.steps = 1}, seed,
                     [&](std::size_t t, std::span<const double> x) {
                       if (t == 20) first.assign(x.begin(), x.end());
                     });
    return first;
  };
  const auto many = start(1000, 1), few = start(5, 1), other = start(5, 2);
  CHECK(std::equal(few.begin(), few.end(), many.begin()));
  CHECK(few != other);
  double sum = 0, squares = 0;
  for (const double v : many) sum += v, squares += v * v;
  CHECK(sum / 3000 == Approx(0).margin(0.08));
  CHECK(squares / 3000 == Approx(1).margin(0.12));
}

TEST_CASE("steps, noise and dropped labels follow from seed, epoch and image alone") {
  const Dataset<double> data = images(600);
  Diffusion diffusion{.schedule = NoiseSchedule::cosine(10), .drop_label = 0.25};
  const Dataset<double> columns = diffusion.columns(data);
  CHECK(columns.sample_size() == 8);
  CHECK(columns.feature_column("label")[4][1] == 1);
  CHECK(columns.column("noisy").shape == std::vector<std::size_t>{1, 2, 2});

  const auto one = epoch(diffusion, columns, 7, 1, 2);
  CHECK(one == epoch(diffusion, columns, 64, 1, 2));
  CHECK(one != epoch(diffusion, columns, 64, 1, 3));
  CHECK(one != epoch(diffusion, columns, 64, 2, 2));

  std::size_t dropped = 0, times[11]{};
  double squares = 0;
  for (const auto& [index, row] : one) {
    const auto t = static_cast<std::size_t>(std::lround(row[4] * 10));
    REQUIRE(t >= 1);
    REQUIRE(t <= 10);
    ++times[t];
    for (std::size_t j = 0; j < 4; ++j) {
      CHECK(row[j] ==
            Approx(diffusion.schedule.signal(t) * data.sample(index)[j] + diffusion.schedule.level(t) * row[8 + j])
                .margin(1e-12));
      squares += row[8 + j] * row[8 + j];
    }
    const double labelled = row[5] + row[6] + row[7];
    CHECK((labelled == 0 || (labelled == 1 && row[5 + index % 3] == 1)));
    dropped += labelled == 0;
  }
  for (std::size_t t = 1; t <= 10; ++t) CHECK(times[t] > 30);
  CHECK(dropped == Approx(150).margin(40));
  CHECK(squares / 2400 == Approx(1).margin(0.12));

  // new noise in every epoch, and other noise for every image
  const auto next = epoch(diffusion, columns, 7, 1, 3);
  for (std::size_t i = 0; i + 1 < 600; ++i) {
    CHECK(one.at(i)[8] != next.at(i)[8]);
    CHECK(one.at(i)[8] != one.at(i + 1)[8]);
  }

  DataLoader<double> loader{columns, 64, 5};
  Batch<double> batch;
  Run run{{1}, 1};
  loader.next(batch);
  diffusion.on_batch(run, batch);
  loader.next(batch);
  const test::HeapUse used = test::heap_use([&] { diffusion.on_batch(run, batch); });
  CHECK(used.news == 0);
  CHECK(used.mallocs == 0);

  // once, for validation
  const Dataset<double> fixed = diffusion.corrupted(data, 4);
  CHECK(fixed.columns()[0] == columns.columns()[0]);
  const auto again = epoch(diffusion, columns, 600, 4, 0);
  for (std::size_t i = 0; i < 600; ++i) {
    CHECK(std::equal(fixed.sample(i).begin(), fixed.sample(i).end(), again.at(i).begin()));
    CHECK(std::equal(fixed.target(i).begin(), fixed.target(i).end(), again.at(i).begin() + 8));
  }

  // without labels
  const Diffusion plain{.schedule = NoiseSchedule::flow(10), .predicts = Predicts::flow};
  CHECK(plain.columns(Dataset<double>{{2}, {1, 2, 3, 4}}).sample_size() == 3);
}

TEST_CASE("schedules, samplers and data that make no sense are one Error") {
  CHECK_THAT(message_of([] { NoiseSchedule::linear(0); }), Contains("from 1 to 1000000 steps, got 0"));
  CHECK_THAT(message_of([] { NoiseSchedule::linear(10, 0.1, 1.5); }), Contains("below 1, got 1.0"));
  CHECK_THAT(message_of([] { NoiseSchedule::cosine(10, -1); }), Contains("offset above 0"));
  CHECK_THAT(message_of([] { NoiseSchedule::cosine(10, 1e39); }), Contains("leaves noise in every step, got 1e+39"));
  CHECK_THAT(message_of([] { NoiseSchedule::linear(10, 1e39); }), Contains("below 1, got 1e+39 at step 1"));
  const auto flow = NoiseSchedule::flow(10);
  std::vector<double> x{1, 2};
  const std::vector<double> y{0, 0};
  CHECK_THAT(message_of([&] { flow.denoise(Predicts::flow, std::span(x), Numbers(y), 3, 3); }),
             Contains("got from 3 to 3"));
  CHECK_THAT(message_of([&] { flow.denoise(Predicts::flow, std::span(x), Numbers(y), 11, 3); }), Contains("up to 10"));
  CHECK_THAT(message_of([&] { flow.denoise(Predicts::flow, std::span(x), Numbers(y), 3, 2, 1, Numbers(y)); }),
             Contains("eta 0 with a flow"));
  CHECK_THAT(message_of([&] { flow.denoise(Predicts::flow, std::span(x), Numbers(y).first(1), 3, 2); }),
             Contains("expected 2 numbers of prediction, got 1"));
  CHECK_THAT(message_of([&] { flow.timesteps(11); }), Contains("1 to 10 steps, got 11"));
  CHECK_THAT(message_of([&] { flow.level(11); }), Contains("a step from 0 to 10, got 11"));
  CHECK_THAT(message_of([&] { flow.add_noise(Numbers(y), Numbers(y), 11, std::span(x)); }), Contains("got 11"));
  CHECK_THAT(message_of([&] { flow.add_noise(Numbers(y), Numbers(y).first(1), 1, std::span(x)); }),
             Contains("image, noise and result, got 2, 1 and 2"));
  CHECK_THAT(message_of([&] { flow.target(Predicts::flow, Numbers(y), Numbers(y), 1, std::span(x).first(1)); }),
             Contains("got 2, 2 and 1"));

  const Diffusion diffusion{.schedule = flow, .predicts = Predicts::flow};
  const Oracle oracle{&flow, Predicts::flow};
  CHECK_THAT(message_of([&] {
               diffusion.sample(oracle, std::vector<std::int32_t>{0, 2}, Sampling{.steps = 2}, 1);
             }),
             Contains("labels from 0 to 1") && Contains("got 2"));
  CHECK_THAT(message_of([&] { diffusion.sample(oracle, 3, Sampling{.steps = 2, .clip = 0}, 1); }), Contains("clip"));
  CHECK_THAT(message_of([&] { Diffusion{.drop_label = 2}.corrupted(images(3), 1); }), Contains("drop_label"));
  CHECK_THAT(message_of([&] {
               diffusion.columns(Dataset<double>{{2}, {1, 2}, Targets<double>{{3}, 1}});
             }),
             Contains("expected images") && Contains("targets"));
  Batch<double> batch;
  const Dataset<double> plain = images(4);
  DataLoader<double> loader{plain, 2, 1};
  loader.next(batch);
  Run run{{1}, 1};
  CHECK_THAT(message_of([&] { diffusion.on_batch(run, batch); }), Contains("noisy"));
}
