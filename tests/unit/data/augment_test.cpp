#include "support/counting_new.hpp"

#include <tenon/tenon.hpp>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

using Catch::Matchers::Contains;
using namespace tenon;

namespace {

using Image = Shape<1, 5, 5>;

/// A pipeline on one image of In; without a stream as in evaluation.
template <class Pipeline, class In = Image, class T = float>
std::vector<T> changed(const std::vector<T>& image, Stream* stream) {
  const Augmentation& a = Pipeline::template on<In>();
  std::vector<T> out(a.output_size()), scratch(a.scratch);
  a.apply(image.data(), out.data(), scratch.data(), stream);
  return out;
}
template <class Pipeline, class In = Image>
std::vector<float> with_seed(const std::vector<float>& image, std::uint64_t seed) {
  Stream stream(seed);
  return changed<Pipeline, In>(image, &stream);
}

std::vector<float> counted(std::size_t count) {
  std::vector<float> v(count);
  std::iota(v.begin(), v.end(), 1.F);
  return v;
}
bool close(const std::vector<float>& a, const std::vector<float>& b, float tolerance = 1e-5F) {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [&](float x, float y) { return std::abs(x - y) <= tolerance; });
}

/// All batches of an epoch, one after the other.
struct Epoch {
  std::vector<float> features, targets;
  std::vector<std::int32_t> labels;
  bool operator==(const Epoch&) const = default;
};
Epoch read(DataLoader<float>& loader, std::uint64_t epoch, std::size_t skip = 0) {
  Epoch all;
  Batch<float> batch;
  loader.start_epoch(epoch);
  for (std::size_t number = 0; loader.next(batch); ++number) {
    if (number < skip) continue;
    all.features.insert(all.features.end(), batch.features.begin(), batch.features.end());
    all.targets.insert(all.targets.end(), batch.targets.begin(), batch.targets.end());
    all.labels.insert(all.labels.end(), batch.labels.begin(), batch.labels.end());
  }
  return all;
}

using Pipeline = Augment<RandomTranslation<1>, RandomRotation<10>, ElasticTransform<4, 2>, GaussianNoise<0.05>>;
using Mixing = Augment<RandomTranslation<1>, Mixup<0.4>>;

}  // namespace

TEST_CASE("settings that change nothing give the image back") {
  const auto image = counted(25);
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    CHECK(close(with_seed<Augment<>>(image, seed), image, 0));
    CHECK(close(
        with_seed<Augment<RandomTranslation<0>, RandomRotation<0>, RandomScale<1, 1>, RandomShear<0>>>(image, seed),
        image));
    CHECK(close(with_seed<Augment<RandomHorizontalFlip<0>, RandomVerticalFlip<0>>>(image, seed), image));
    CHECK(close(with_seed<Augment<Brightness<0>, Contrast<0>, GaussianNoise<0>>>(image, seed), image));
    CHECK(close(with_seed<Augment<ElasticTransform<0, 2>, RandomCrop<5>>>(image, seed), image, 0));
    CHECK(close(with_seed<Augment<Normalize<0, 1>>>(image, seed), image, 0));
  }
}

TEST_CASE("whole pixels and right angles are exact") {
  const auto image = counted(25);
  augment::ImageSize size{1, 5, 5};
  std::vector<float> moved(25);
  augment::move_image(size, augment::translation(1, -2), image.data(), moved.data());
  for (std::size_t r = 0; r < 5; ++r)
    for (std::size_t c = 0; c < 5; ++c)
      CHECK(moved[r * 5 + c] == (r >= 1 && c + 2 < 5 ? image[(r - 1) * 5 + c + 2] : 0));
  // in double, where an angle that is not quite right would show
  const std::vector<double> exact(image.begin(), image.end());
  const auto rotated = [&](double degrees) {
    std::vector<double> result(25);
    augment::move_image(size, augment::rotation(degrees), exact.data(), result.data());
    return result;
  };
  std::vector<double> quarter(25);  // counterclockwise: the last column becomes the first row
  for (std::size_t r = 0; r < 5; ++r)
    for (std::size_t c = 0; c < 5; ++c) quarter[r * 5 + c] = exact[c * 5 + (4 - r)];
  for (const double degrees : {90., -270., 450.}) CHECK(rotated(degrees) == quarter);
  CHECK(rotated(180) == std::vector<double>(exact.rbegin(), exact.rend()));
  CHECK(rotated(-90) == std::vector<double>(quarter.rbegin(), quarter.rend()));
  CHECK(rotated(360) == exact);

  // flips are their own inverse, and both together turn by 180 degrees
  const auto mirrored = with_seed<Augment<RandomHorizontalFlip<1>>>(image, 1);
  CHECK(mirrored[0] == 5);
  CHECK(close(with_seed<Augment<RandomHorizontalFlip<1>>>(mirrored, 1), image, 0));
  CHECK(with_seed<Augment<RandomVerticalFlip<1>>>(image, 1)[0] == 21);
  auto reversed = image;
  std::reverse(reversed.begin(), reversed.end());
  CHECK(close(with_seed<Augment<RandomHorizontalFlip<1>, RandomVerticalFlip<1>>>(image, 1), reversed));
}

TEST_CASE("motions side by side are one, interpolated once") {
  // enlarged by 2 and then by 1/2 nothing is left over, although the first alone loses the border
  const auto image = counted(25);
  CHECK(close(with_seed<Augment<RandomScale<2, 2>, RandomScale<0.5, 0.5>>>(image, 1), image));
  CHECK_FALSE(close(with_seed<Augment<RandomScale<2, 2>, GaussianNoise<0>, RandomScale<0.5, 0.5>>>(image, 1), image));
}

TEST_CASE("shifts reach every place and no other") {
  std::vector<float> dot(25, 0.F);
  dot[12] = 1;
  std::vector<int> seen(25, 0);
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    const auto moved = with_seed<Augment<RandomTranslation<1>>>(dot, seed);
    ++seen[static_cast<std::size_t>(std::max_element(moved.begin(), moved.end()) - moved.begin())];
  }
  for (std::size_t r = 0; r < 5; ++r)
    for (std::size_t c = 0; c < 5; ++c) CHECK((seen[r * 5 + c] > 15) == (r >= 1 && r <= 3 && c >= 1 && c <= 3));
}

TEST_CASE("cutout, crop, noise, brightness, contrast and normalisation do what they say") {
  const std::vector<float> ones(81, 1.F);
  using Nine = Shape<1, 9, 9>;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    const auto cut = with_seed<Augment<Cutout<3>>, Nine>(ones, seed);
    const auto zeros = std::count(cut.begin(), cut.end(), 0.F);
    CHECK((zeros == 9 || zeros == 6 || zeros == 4));  // inside, at an edge, in a corner
    CHECK(std::count(cut.begin(), cut.end(), 1.F) == 81 - zeros);
  }
  const auto image = counted(25);
  CHECK(changed<Augment<RandomCrop<3>>>(image, nullptr) == std::vector<float>{7, 8, 9, 12, 13, 14, 17, 18, 19});
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    const auto part = with_seed<Augment<RandomCrop<2, 3>>>(image, seed);
    REQUIRE(part.size() == 6);
    CHECK(part[1] == part[0] + 1);
    CHECK(part[3] == part[0] + 5);
  }
  const std::vector<float> flat(10000, 2.F);
  using Large = Shape<1, 100, 100>;
  const auto noisy = with_seed<Augment<GaussianNoise<0.5>>, Large>(flat, 1);
  double mean = 0, squares = 0;
  for (const float v : noisy) mean += v / 10000.0, squares += (v - 2) * (v - 2) / 10000.0;
  CHECK(mean == Approx(2).margin(0.02));
  CHECK(squares == Approx(0.25).epsilon(0.05));
  const auto brighter = with_seed<Augment<Brightness<0.3>>>(image, 3);
  CHECK(brighter[24] / brighter[0] == Approx(25));
  CHECK(std::abs(brighter[0] - 1) <= 0.3F);
  const auto contrasted = with_seed<Augment<Contrast<0.3>>>(image, 3);
  CHECK(contrasted[12] == Approx(13));  // the mean stays
  const std::vector<float> two{1, 3, 10, 20};
  CHECK(changed<Augment<Normalize<2, 1, 15, 5>>, Shape<2, 1, 2>>(two, nullptr) == std::vector<float>{-1, 1, -1, 1});
}

TEST_CASE("elastic distortion is smooth and stays within its strength") {
  std::vector<float> ramp(400);
  for (std::size_t i = 0; i < 400; ++i) ramp[i] = static_cast<float>(i % 20);
  const auto bent = with_seed<Augment<ElasticTransform<8, 3>>, Shape<1, 20, 20>>(ramp, 2);
  double largest = 0;
  for (std::size_t r = 5; r < 15; ++r)
    for (std::size_t c = 5; c < 15; ++c) {
      largest = std::max(largest, static_cast<double>(std::abs(bent[r * 20 + c] - ramp[r * 20 + c])));
      CHECK(std::abs(bent[r * 20 + c + 1] - bent[r * 20 + c]) < 2.5F);
    }
  CHECK(largest > 0.05);
  CHECK(largest < 8);
}

TEST_CASE("evaluation skips all that is random") {
  const auto image = counted(25);
  CHECK(changed<Augment<RandomTranslation<2>, RandomRotation<30>, ElasticTransform<9, 2>, Cutout<3>, GaussianNoise<1>>>(
            image, nullptr) == image);
  const auto images = digits().take(7);
  const auto data = augmented<Augment<RandomTranslation<2>, RandomCrop<6>, Normalize<0.3, 0.5>>>(images);
  const Dataset<float> prepared = data.prepared();
  CHECK(prepared.sample_shape() == std::vector<std::size_t>{1, 6, 6});
  CHECK(prepared.sample(3)[0] == Approx((images.sample(3)[9] - 0.3F) / 0.5F));
  // parts and the other precision are augmented too
  CHECK(data.take(3).augmentation() == data.augmentation());
  CHECK(data.as<double>().prepared().sample(3)[0] == Approx(prepared.sample(3)[0]));
}

TEST_CASE("what a sample becomes depends on seed, epoch and sample alone") {
  const auto images = digits().take(70);
  const auto epoch_with = [&](std::size_t workers, std::uint64_t seed, std::uint64_t epoch) {
    const auto data = augmented<Pipeline>(images, workers);
    DataLoader<float> loader(data, 16, seed);
    return read(loader, epoch);
  };
  const Epoch alone = epoch_with(0, 5, 2);
  for (const std::size_t workers : {1U, 2U, 3U}) CHECK(epoch_with(workers, 5, 2) == alone);
  CHECK_FALSE(epoch_with(1, 5, 3) == alone);
  CHECK_FALSE(epoch_with(1, 6, 2) == alone);

  // mixing, too
  const auto mixed_with = [&](std::size_t workers) {
    const auto data = augmented<Mixing>(images, workers);
    DataLoader<float> loader(data, 16, 5);
    return read(loader, 2);
  };
  const Epoch mixed = mixed_with(0);
  CHECK(mixed.targets.size() == 70 * 10);
  for (const std::size_t workers : {1U, 2U, 3U}) CHECK(mixed_with(workers) == mixed);

  // the same samples in batches of another size, and after a restart amid the epoch
  const auto data = augmented<Pipeline>(images, 2);
  DataLoader<float> other(data, 7, 5);
  CHECK(read(other, 2).features == alone.features);
  DataLoader<float> loader(data, 16, 5);
  Batch<float> batch;
  loader.start_epoch(1);
  loader.next(batch);  // left there
  loader.restore({5, 2, 32});
  std::vector<float> rest;
  while (loader.next(batch)) rest.insert(rest.end(), batch.features.begin(), batch.features.end());
  CHECK(std::equal(rest.begin(), rest.end(), alone.features.begin() + 32 * 64));
  CHECK(rest.size() == alone.features.size() - 32 * 64);
  DataLoader<float> moved(std::move(loader));
  CHECK(read(moved, 2) == alone);
}

TEST_CASE("mixup mixes samples and answers alike") {
  const Dataset<float> plain{{2}, {0, 1, 10, 11, 20, 21}, Labels{{0, 1, 2}, 3}};
  const auto data = augmented<Augment<Mixup<1>>>(typed<Shape<2>, Classes<3>>(plain), 1);
  DataLoader<float> loader(data, 3, 1, false);
  bool mixed = false;
  for (std::uint64_t epoch = 0; epoch < 20; ++epoch) {
    const Epoch e = read(loader, epoch);
    CHECK(e.labels.empty());
    REQUIRE(e.targets.size() == 9);
    for (std::size_t i = 0; i < 3; ++i) {
      const float* t = e.targets.data() + 3 * i;
      CHECK(t[0] + t[1] + t[2] == Approx(1));
      CHECK(e.features[2 * i] == Approx(10 * t[1] + 20 * t[2]).margin(1e-4));
      CHECK(e.features[2 * i + 1] == Approx(e.features[2 * i] + 1));
      mixed = mixed || (t[i] > 0.1F && t[i] < 0.9F);
    }
  }
  CHECK(mixed);
  double mean = 0, squares = 0;  // Beta(2, 2): mean 1/2, variance 1/20
  Stream stream(3);
  for (int i = 0; i < 20000; ++i) {
    const double b = augment::draw_beta(2, stream);
    mean += b / 20000, squares += (b - 0.5) * (b - 0.5) / 20000;
  }
  CHECK(mean == Approx(0.5).margin(0.01));
  CHECK(squares == Approx(0.05).epsilon(0.05));
}

TEST_CASE("networks train on augmented images, and on noisy and mixed vectors") {
  const auto [train, test] = digits().stratified_split(0.8, 1);
  using Net = Sequential<Input<1, 8, 8>, Conv2D<8, 3>, ReLU, Flatten, Dense<10>, Softmax>;
  Model<Net> model{1};
  const auto changing = augmented<Augment<RandomTranslation<1>, RandomRotation<10>, Normalize<0.3, 0.35>>>(train, 1);
  const auto fixed = augmented<Augment<Normalize<0.3, 0.35>>>(test, 0);
  const History history = fit(model, changing,
                              Fit{.epochs = 6, .validation = fixed, .progress = Progress::Mode::quiet});
  CHECK(history.last().validation.accuracy > 0.9);
  CHECK(evaluate(model, fixed, CrossEntropy{}).loss == history.last().validation.loss);

  using Plain = Sequential<Dense<64, 32>, ReLU, Dense<10>, Softmax>;
  Model<Plain> mixed{1};
  const History h = fit(mixed, augmented<Augment<GaussianNoise<0.1>, Mixup<0.2>>>(train.flat(), 1),
                        Fit{.epochs = 12, .validation = test, .progress = Progress::Mode::quiet});
  CHECK(h.last().validation.accuracy > 0.9);
  CHECK(std::isnan(h.last().training.accuracy));  // a mixed sample has no class
}

TEST_CASE("preparing batches allocates nothing") {
  const auto images = digits().take(64);
  const auto news_of_an_epoch = [](const Dataset<float>& data) {
    DataLoader<float> loader(data, 16, 1);
    Batch<float> batch;
    const auto epoch = [&](std::uint64_t number) {
      loader.start_epoch(number);
      while (loader.next(batch)) {
      }
    };
    epoch(0);
    return test::heap_use([&] { epoch(1); }).news;
  };
  for (const std::size_t workers : {0U, 2U}) {
    CHECK(news_of_an_epoch(augmented<Pipeline>(images, workers)) == 0);
    CHECK(news_of_an_epoch(augmented<Mixing>(images, workers)) == 0);
  }
}

TEST_CASE("an augmentation of other images is refused") {
  Dataset<float> wrong = digits().flat();
  CHECK_THROWS_WITH(wrong.augment(&Pipeline::on<Shape<1, 8, 8>>(), 0), Contains("expected samples of"));
  CHECK(default_workers() <= std::max(1U, std::thread::hardware_concurrency()));
}

TEST_CASE("one column of several is augmented, the others are passed on") {
  const auto images = digits().take(40);
  std::vector<float> table(80);
  std::iota(table.begin(), table.end(), 0.F);
  const Dataset<float> plain{
      Features{"table", {2}, table},
      Features{"image", {1, 8, 8}, std::vector<float>(images.features().begin(), images.features().end())},
      Labels{{images.labels().begin(), images.labels().end()}, 10}.named("digit"),
      Targets<float>{std::vector<float>(table.begin(), table.begin() + 40), 1}.named("value"),
      SampleWeights<float>{std::vector<float>(table.begin() + 40, table.end())}};
  using Cut = Augment<RandomTranslation<1>, RandomCrop<6>>;
  using Named = Columns<FeaturesColumn<"table", 2>, FeaturesColumn<"image", 1, 8, 8>, LabelsColumn<"digit", 10>,
                        TargetsColumn<"value", 1>, WeightsColumn<>>;
  const auto data = augmented<Cut, "image">(typed<Named>(plain), 2);
  static_assert(decltype(data)::valid && decltype(data)::columns_type::table[1].size == 36);
  CHECK(data.given_size() == 38);
  CHECK(data.given_columns()[1].shape == std::vector<std::size_t>{1, 6, 6});

  // the image is what it would be alone
  const auto alone = augmented<Cut>(images, 0);
  DataLoader<float> loader(data, 16, 5), single(alone, 16, 5);
  Batch<float> batch, expected;
  while (loader.next(batch)) {
    REQUIRE(single.next(expected));
    for (std::size_t i = 0; i < batch.count; ++i) {
      const std::size_t index = batch.indices[i];
      CHECK(batch.feature_column("table")[i][1] == table[2 * index + 1]);
      CHECK(std::ranges::equal(batch.feature_column("image")[i], expected.features.subspan(36 * i, 36)));
      CHECK(batch.label_column("digit")[i] == images.label(index));
      CHECK(batch.target_column("value")[i][0] == static_cast<float>(index));
      CHECK(batch.weights[i] == static_cast<float>(40 + index));
    }
  }
  const Dataset<float> ready = augmented<Cut, "image", Shape<1, 8, 8>>(plain).prepared();
  CHECK(ready.column("image").shape == std::vector<std::size_t>{1, 6, 6});
  CHECK(ready.sample_size() == 38);
  CHECK(ready.feature_column("image")[3][0] == images.sample(3)[9]);
  CHECK(ready.feature_column("table")[3][0] == 6);

  CHECK(data.select({"digit", "image"}).given_size() == 36);
  CHECK(data.select({"digit", "table"}).augmentation() == nullptr);
  CHECK_THROWS_WITH((augmented<Augment<GaussianNoise<1>>, "tables", Shape<2>>(plain)),
                    Contains("no column \"tables\""));
  CHECK_THROWS_WITH((augmented<Augment<GaussianNoise<1>>, "table", Shape<3>>(plain)),
                    Contains("expected samples of 3 for the augmentation, got 2"));
  CHECK_THROWS_WITH((augmented<Augment<Mixup<1>>, "table", Shape<2>>(plain)),
                    Contains("Mixup mixes whole samples") && Contains("image (features 1x8x8)"));
  CHECK_THROWS_WITH(
      (augmented<Augment<Mixup<1>>, "image", Shape<1, 8, 8>>(plain.select({"image", "digit", "weights"}))),
      Contains("no weights"));
  Dataset<float> unnamed = plain;
  CHECK_THROWS_WITH(unnamed.augment(&Cut::on<Shape<1, 8, 8>>(), 1),
                    Contains("expected the name of the column to be augmented"));
}
