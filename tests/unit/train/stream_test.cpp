// Training on streams: as on the same data in memory, over restarts, on ranks, and in bounded memory.
#include <tenon/tenon.hpp>

#include <tenon/data/npy.hpp>
#include <tenon/data/stream.hpp>
#include <tenon/dist/thread_ranks.hpp>

#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include <catch2/catch.hpp>

#include "support/sanitized.hpp"

using Catch::Matchers::Contains;
using namespace tenon;

namespace {

using Net = Sequential<Input<64>, Dense<12>, ReLU, Dropout<0.2>, Dense<10>>;

const Dataset<float>& digit_data() {
  static const Dataset<float> data = digits().take(300);
  return data;
}
struct Digits {
  std::size_t size() const { return digit_data().size(); }
  void read(std::size_t i, Sample<float>& to) const {
    if (!to.features.empty()) std::ranges::copy(digit_data().sample(i), to.features.begin());
    to.labels[0] = digit_data().label(i);
  }
};
struct Walked {
  auto open(std::uint64_t) const {
    return [i = std::size_t{0}](Sample<float>& to) mutable {
      if (i < digit_data().size()) Digits{}.read(i++, to);
      return true;
    };
  }
};
Dataset<float> like(std::size_t classes = 10) {
  return Dataset<float>{Features<float>{"features", {64}, {}}, Labels{{}, classes}};
}
Dataset<float> indexed(std::size_t buffer) { return make_stream(Digits{}, like(), {.buffer = buffer}); }
Dataset<float> walked(std::size_t buffer) { return make_stream(Walked{}, like(), {.buffer = buffer, .length = 300}); }

struct StopAt {
  std::uint64_t step = 0;
  std::string path{};
  bool resume = false;
  void on_train_begin(auto& run) {
    if (resume) run.resume(path);
  }
  void on_step_end(auto& run) {
    if (run.step() != step) return;
    run.save_checkpoint(path);
    run.stop();
  }
};
using How = Fit<CrossEntropy<from_logits>, Adam, Callbacks<StopAt>>;

std::vector<float> trained(const Dataset<float>& data, StopAt stop = {}, std::size_t shards = 0) {
  Model<Net> model{1};
  How how{.epochs = 2,
          .batch_size = 32,
          .validation = data,
          .seed = 3,
          .progress = Progress::Mode::quiet,
          .callbacks = Callbacks<StopAt>{stop},
          .shards = shards};
  const History history = fit(model, data, how);
  std::vector<float> numbers(model.parameters().span().begin(), model.parameters().span().end());
  if (stop.step > 0) return numbers;
  numbers.push_back(static_cast<float>(history.last().training.loss));
  numbers.push_back(static_cast<float>(history.last().validation.loss));
  numbers.push_back(static_cast<float>(history.last().validation.accuracy));
  return numbers;
}

[[maybe_unused]] std::size_t peak_kilobytes() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;)
    if (word == "VmHWM:") return status >> word, std::stoul(word);
  return 0;
}

}  // namespace

TEST_CASE("a stream that is shuffled as a whole trains as the data in memory do, bit for bit") {
  const std::vector<float> expected = trained(digit_data());
  CHECK(trained(indexed(300)) == expected);
  CHECK(trained(walked(300)) == expected);
  CHECK(trained(indexed(64)) != expected);  // which is another order
  set_num_threads(2);
  CHECK(trained(indexed(300)) == trained(digit_data()));
  set_num_threads(1);
}

TEST_CASE("a stream is augmented as the data in memory are") {
  using Noise = Augment<GaussianNoise<0.1>>;
  const auto noisy = [](const Dataset<float>& data) {
    return augmented<Noise>(typed<Shape<64>, Classes<10>>(data), 2);
  };
  const std::vector<float> expected = trained(noisy(digit_data()));
  CHECK(expected != trained(digit_data()));
  CHECK(trained(noisy(indexed(300))) == expected);
  CHECK(trained(noisy(walked(300))) == expected);
  const auto mixed = augmented<Augment<Mixup<0.2>>>(typed<Shape<64>, Classes<10>>(indexed(300)), 0);
  CHECK_THROWS_WITH((DataLoader<float>{mixed, 8, 1}), "stream: expected data in memory for Mixup, which mixes any two "
                                                      "samples, got a stream");
}

TEST_CASE("a run on a stream that goes on amid an epoch has the bits of one that never stopped") {
  const std::string path = "stream_test_" + std::to_string(::getpid()) + ".checkpoint";
  for (const bool by_index : {true, false}) {
    const Dataset<float> data = by_index ? indexed(64) : walked(64);
    const std::vector<float> expected = trained(data);
    trained(data, {.step = 14, .path = path});
    CHECK(trained(data, {.path = path, .resume = true}) == expected);
    CHECK_THROWS_WITH(trained(indexed(32), {.path = path, .resume = true}), Contains("shuffle_buffer"));
    CHECK_THROWS_WITH(trained(digit_data(), {.path = path, .resume = true}), Contains("shuffle_buffer"));
  }
  std::remove(path.c_str());
}

TEST_CASE("ranks read their own samples of a stream") {
  const std::vector<float> expected = trained(indexed(64), {}, 4);
  std::vector<std::vector<float>> results(2);
  run_ranks(2, [&](Communicator& ranks) { results[ranks.rank()] = trained(indexed(64), {}, 4); });
  CHECK(results[0] == expected);
  CHECK(results[1] == expected);
  CHECK_THROWS_WITH(run_ranks(2, [](Communicator&) { trained(walked(64)); }),
                    Contains("several ranks each read their own, got a stream of one sample after the other"));
}

TEST_CASE("a stream is evaluated and measured as the data in memory are") {
  const Model<Net> model{4};
  const CrossEntropy<from_logits> loss;
  const Scores expected = evaluate(model, digit_data(), loss, 70);
  for (const Dataset<float>& stream : {indexed(64), walked(64)}) {
    const Scores scores = evaluate(model, stream, loss, 70);
    CHECK(scores.loss == expected.loss);
    CHECK(scores.accuracy == expected.accuracy);
    Accuracy memory, streamed;
    measure(model, digit_data(), memory);
    measure(model, stream, streamed);
    CHECK(streamed.value() == memory.value());
  }
  CHECK_THROWS_WITH(evaluate(model, make_stream(Digits{}, like(11)), loss),
                    Contains("tells 10 classes apart, got label 10"));
  Model<Net> other{1};
  CHECK_THROWS_WITH(fit(other, indexed(64), Fit{.loss = loss, .validation_split = 0.2}),
                    Contains("Fit: validation_split: Dataset: expected samples to be dealt in memory, got a stream"));
}

#ifndef TENON_SANITIZED  // it remembers every byte that was ever read
TEST_CASE("the memory that training takes does not grow with the data") {
  constexpr std::size_t width = 4096;
  using Wide = Sequential<Input<width>, Dense<2>>;
  const std::string begin = "stream_test_" + std::to_string(::getpid());
  const std::string x = begin + "_x.npy", y = begin + "_y.npy";
  // row by row, as the test has no more memory than the training
  const auto write = [](const std::string& path, std::size_t rows, std::size_t columns) {
    std::ofstream file(path, std::ios::binary);
    std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (" + std::to_string(rows) + ", " +
                         std::to_string(columns) + "), }";
    header.resize(117, ' ');
    header += '\n';
    file.write("\x93NUMPY\1\0\x76\0", 10).write(header.data(), 118);
    const std::vector<float> row(columns, 0.5F);
    for (std::size_t i = 0; i < rows; ++i)
      file.write(reinterpret_cast<const char*>(row.data()), static_cast<std::streamsize>(columns * sizeof(float)));
  };
  const auto train = [&](std::size_t rows) {
    write(x, rows, width);
    write(y, rows, 2);
    const Dataset<float> data = stream_files({{.files = {x}}, {.kind = ColumnKind::targets, .files = {y}}},
                                             {.buffer = 64});
    CHECK(data.size() == rows);
    Model<Wide> model{1};
    const Fit how{.loss = MeanSquaredError{}, .optimizer = SGD{.lr = 1e-6}, .progress = Progress::Mode::quiet};
    fit(model, data, how);
    evaluate(model, data, how.loss);
    return peak_kilobytes();
  };
  const std::size_t small = train(256), large = train(6144);  // 4 MB and 96 MB
  std::remove(x.c_str());
  std::remove(y.c_str());
  INFO(small << " kB, then " << large << " kB");
  CHECK(large < small + 10 * 1024);  // a tenth of the data
}
#endif
