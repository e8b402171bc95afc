// One training step of 784-512-512-10 at batch 256 on one thread and split over two, in turns. Before and after
// each turn a probe runs on both cores at once: where the second core is not free, the turn does not count.

#include <algorithm>
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fstream>
#include <nlohmann/json.hpp>

#include <tenon/kernels/native_gemm_policy.hpp>
#include <tenon/tenon.hpp>

#include "support/timing.hpp"

namespace {

using namespace tenon;

using Net = Sequential<Dense<784, 512>, ReLU, Dense<512>, ReLU, Dense<10>, Softmax>;
constexpr std::size_t batch_size = 256;

/// Multiply-adds a second of two threads at once, over twice those of one: 1 where both cores are free.
double free_cores() {
  const double alone = bench::fma_probe();
  double here = 0, there = 0;
  std::thread other([&there] { there = bench::fma_probe(); });
  here = bench::fma_probe();
  other.join();
  return std::min(here, there) / alone;
}

template <class Gemm>
class Step {
public:
  explicit Step(std::size_t threads) : model_(1) {
    Stream random(2);
    for (float& v : x_) v = random.uniform(0.F, 1.F);
    for (auto& l : labels_) l = static_cast<std::int32_t>(random.below(10));
    set_num_threads(threads);
    trainer_ = std::make_unique<T>(model_, CrossEntropy{}, Adam{}, batch_size, 1);
    set_num_threads(1);
  }
  void operator()() {
    trainer_->zero_grad();
    trainer_->forward(
        {.features = x_, .labels = labels_, .targets = {}, .count = batch_size, .first = 0, .indices = {}});
    trainer_->backward();
    trainer_->step();
  }

private:
  using M = Model<Net, float, Gemm>;
  using T = Trainer<M, CrossEntropy<>, Adam>;
  M model_;
  std::unique_ptr<T> trainer_;
  std::vector<float> x_ = std::vector<float>(batch_size * 784);
  std::vector<std::int32_t> labels_ = std::vector<std::int32_t>(batch_size);
};

template <class F>
double seconds_per_step(F& step, int steps) {
  const double start = bench::seconds_now();
  for (int i = 0; i < steps; ++i) step();
  return (bench::seconds_now() - start) / steps;
}

template <class Gemm>
nlohmann::json compare(const char* name, double seconds) {
  Step<Gemm> one(1), two(2);
  seconds_per_step(one, 3), seconds_per_step(two, 3);
  std::vector<double> single, both, ratio;
  int disturbed = 0;
  constexpr int steps = 8;
  const double end = bench::seconds_now() + seconds;
  while (bench::seconds_now() < end || ratio.size() < 7) {
    if (disturbed > 2000) throw std::runtime_error("the second core is not free: two threads cannot be measured");
    if (free_cores() < 0.85) {
      ++disturbed;
      continue;
    }
    const double a = seconds_per_step(one, steps), b = seconds_per_step(two, steps);
    if (free_cores() < 0.85) {
      ++disturbed;
      continue;
    }
    single.push_back(a);
    both.push_back(b);
    ratio.push_back(a / b);
  }
  const auto rate = [](const std::vector<double>& v) { return batch_size / bench::median(v); };
  const double gain = bench::median(ratio);
  fmt::print("  {:<12} {:>12.0f} {:>12.0f} {:>8.2f}   1.60: {}   {} of {} turns counted\n", name, rate(single),
             rate(both), gain, gain >= 1.6 ? "met" : "MISSED", ratio.size(),
             ratio.size() + static_cast<std::size_t>(disturbed));
  return {{"gemm", name}, {"one_thread", rate(single)}, {"two_threads", rate(both)}, {"ratio", gain},
          {"goal", 1.6},  {"goal_met", gain >= 1.6}};
}

}  // namespace

int main(int argc, char** argv) try {
  CLI::App app{"Training on two threads against one"};
  std::string json_file;
  double seconds = 3;
  app.add_option("--json", json_file, "also write the results here");
  app.add_option("--seconds", seconds, "for each row")->check(CLI::PositiveNumber);
  CLI11_PARSE(app, argc, argv);
  fmt::print("784-512-512-10, batch {}, Adam: samples a second\n  {:<12} {:>12} {:>12} {:>8}   goal\n", batch_size, "",
             "1 thread", "2 threads", "ratio");
  nlohmann::json rows = nlohmann::json::array();
  rows.push_back(compare<BlasGemm>("xtensor-blas", seconds));
  rows.push_back(compare<NativeGemm>("native", seconds));
  if (!json_file.empty()) std::ofstream(json_file) << rows.dump(2) << '\n';
} catch (const std::exception& error) {
  std::fprintf(stderr, "bench_threads: %s\n", error.what());
  return 1;
}
