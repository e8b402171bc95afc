// The small parts, each by itself, with Google Benchmark: what a change to one of them costs shows here
// before it shows in a training step.
//
//     scripts/bench micro [--benchmark_filter=REGEX ...]

#include <benchmark/benchmark.h>

#include <cstdio>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <tenon/kernels/native_gemm_policy.hpp>
#include <tenon/tenon.hpp>

namespace {

using namespace tenon;

using Net = Sequential<Dense<64, 256>, ReLU, Dropout<0.3>, Dense<10>, Softmax>;

template <class Gemm>
void training_step(benchmark::State& state) {
  const auto batch_size = static_cast<std::size_t>(state.range(0));
  const auto data = digits();
  Model<Net, float, Gemm> model{1};
  Trainer trainer{model, CrossEntropy{}, Adam{}, batch_size, 1};
  DataLoader<float> loader{data, batch_size, 1};
  Batch<float> batch;
  loader.next(batch);
  for (auto _ : state) {
    trainer.zero_grad();
    trainer.forward(batch);
    benchmark::DoNotOptimize(trainer.loss());
    trainer.backward();
    trainer.step();
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(training_step<BlasGemm>)->Name("training step, xtensor-blas")->Arg(1)->Arg(64);
BENCHMARK(training_step<NativeGemm>)->Name("training step, own kernels")->Arg(1)->Arg(64);

template <class Gemm>
void prediction(benchmark::State& state) {
  const auto count = static_cast<std::size_t>(state.range(0));
  const auto data = digits();
  const Model<Net, float, Gemm> model{1};
  std::vector<float> y(10 * count);
  for (auto _ : state) {
    model.predict(data.features().first(64 * count), y);
    benchmark::DoNotOptimize(y.data());
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(prediction<BlasGemm>)->Name("prediction, xtensor-blas")->Arg(1)->Arg(256);
BENCHMARK(prediction<NativeGemm>)->Name("prediction, own kernels")->Arg(1)->Arg(256);

template <class O>
void optimizer_step(benchmark::State& state) {
  constexpr std::size_t count = 100'000;
  Arena<float> parameters(count), gradients(count), first(count), second(count);
  OptimizerArrays<float, static_cast<std::size_t>(O::states)> arrays{parameters.data(), gradients.data(), {}, count};
  float* const states[] = {first.data(), second.data()};
  for (std::size_t k = 0; k < arrays.state.size(); ++k) arrays.state[k] = states[k];
  const O optimizer{};
  std::uint64_t step = 0;
  for (auto _ : state) {
    optimizer.update(arrays, ++step);
    benchmark::DoNotOptimize(parameters.data());
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(count));
}
BENCHMARK(optimizer_step<SGD>)->Name("SGD, 100,000 parameters");
BENCHMARK(optimizer_step<Adam>)->Name("Adam, 100,000 parameters");

void an_epoch_of_batches(benchmark::State& state) {
  const auto data = digits();
  DataLoader<float> loader{data, 64, 1};
  Batch<float> batch;
  std::uint64_t epoch = 0;
  for (auto _ : state) {
    loader.start_epoch(++epoch);
    while (loader.next(batch)) benchmark::DoNotOptimize(batch.features.data());
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(data.size()));
}
BENCHMARK(an_epoch_of_batches)->Name("loading an epoch of the digits");

void random_numbers(benchmark::State& state) {
  Stream stream{1};
  float sum = 0;
  for (auto _ : state) {
    for (int i = 0; i < 1024; ++i) sum += stream.uniform();
    benchmark::DoNotOptimize(sum);
  }
  state.SetItemsProcessed(state.iterations() * 1024);
}
BENCHMARK(random_numbers)->Name("uniform numbers");

struct File {
  std::string path = (std::filesystem::temp_directory_path() / "tenon_bench_micro.safetensors").string();
  File() = default;
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() { std::filesystem::remove(path); }
};

void saving(benchmark::State& state) {
  const File file;
  const Model<Net> model{1};
  for (auto _ : state) model.save(file.path);
}
BENCHMARK(saving)->Name("saving a model");

void loading(benchmark::State& state) {
  const File file;
  Model<Net> model{1};
  model.save(file.path);
  for (auto _ : state) model.load(file.path);
}
BENCHMARK(loading)->Name("loading a model");

}  // namespace

// `--json FILE` is what every bench of this project understands.
int main(int argc, char** argv) {
  std::vector<std::string> words(argv, argv + argc);
  for (std::size_t i = 1; i + 1 < words.size(); ++i) {
    if (words[i] != "--json") continue;
    words[i] = "--benchmark_out_format=json";
    words[i + 1] = "--benchmark_out=" + words[i + 1];
  }
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  int count = static_cast<int>(arguments.size());
  benchmark::Initialize(&count, arguments.data());
  if (benchmark::ReportUnrecognizedArguments(count, arguments.data())) return 2;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
}
