// One rank of `scripts/bench scale`: times training steps, and the exchange of gradients against MPI_Allreduce of the
// same bytes. Rank 0 prints a line for each: name, milliseconds (the median), and of those the exchange.
#include <tenon/tenon.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include <tenon/dist/gradient_sum.hpp>
#include <tenon/dist/mpi.hpp>

using namespace tenon;

namespace {

using Perceptron = Sequential<Dense<784, 512>, ReLU, Dense<512>, ReLU, Dense<10>, Softmax>;
using Lenet = Sequential<Input<1, 28, 28>, Conv2D<6, 5, padding<2>>, ReLU, MaxPool2D<2>, Conv2D<16, 5>, ReLU,
                         MaxPool2D<2>, Flatten, Dense<120>, ReLU, Dense<84>, ReLU, Dense<10>, Softmax>;
using Normed = Sequential<Input<1, 28, 28>, Conv2D<16, 3, stride<2>, bias<false>>, BatchNorm2D<>, ReLU,
                          Conv2D<32, 3, stride<2>, bias<false>>, BatchNorm2D<>, ReLU, Flatten, Dense<10>, Softmax>;

double now() {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

template <class F>
double median_ms(Communicator& ranks, int times, F f) {
  std::vector<double> took;
  for (int i = 0; i < times + 2; ++i) {
    ranks.barrier();
    const double start = now();
    f();
    ranks.barrier();
    if (i >= 2) took.push_back(now() - start);
  }
  std::nth_element(took.begin(), took.begin() + static_cast<std::ptrdiff_t>(took.size() / 2), took.end());
  return took[took.size() / 2];
}

template <class Net>
void steps(Communicator& ranks, const char* name, std::size_t batch_size, int times, std::size_t shards) {
  std::vector<float> pixels(batch_size * 784);
  std::vector<std::int32_t> labels(batch_size);
  for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<float>(i * 2654435761U % 1000) / 1000;
  for (std::size_t i = 0; i < labels.size(); ++i) labels[i] = static_cast<std::int32_t>(i % 10);
  const Dataset<float> data({784}, pixels, Labels{labels, 10});
  Model<Net> model{1};
  Trainer trainer(model, CrossEntropy{}, Adam{}, batch_size, 1, shards);
  DataLoader loader(data, batch_size, 1);
  loader.only(trainer.rows_of_rank());
  Batch<float> batch;
  std::uint64_t epoch = 0;
  const double took = median_ms(ranks, times, [&] {
    loader.start_epoch(epoch++);
    loader.next(batch);
    trainer.zero_grad();
    trainer.forward(batch);
    trainer.loss();
    trainer.backward();
    trainer.step();
  });
  if (ranks.rank() == 0) std::printf("%-44s batch %5zu  %9.3f ms a step\n", name, batch_size, took);
}

void exchange(Communicator& ranks, std::size_t count, int times) {
  std::vector<float> gradients(count, 1.0F), sum(count);
  const detail::ShardPlan plan{16 * 8, 8};
  const detail::ShardRange own = plan.of_rank(ranks.rank(), ranks.size());
  std::vector<std::vector<float>> shards(own.size(), gradients);
  std::vector<float*> pointers;
  for (auto& s : shards) pointers.push_back(s.data());
  detail::GradientSum<float> exact(&ranks, count, true);
  const detail::GradientSum<float>::Pieces pieces{
      [](void* all, auto work, void* object) { work(object, 0, *static_cast<std::size_t*>(all)); }, &count};
  const double ours = median_ms(ranks, times, [&] { exact.run(plan, pointers, sum.data(), false, pieces); });
  // what a rank adds up alone is no exchange
  const double alone = median_ms(ranks, times, [&] {
    detail::GradientSum<float> local(nullptr, count, true);
    if (own.size() > 1) local.run({16 * own.size(), own.size()}, pointers, pointers[0], false, pieces);
  });
  const double theirs = median_ms(ranks, times, [&] { ranks.all_reduce(std::span<float>(gradients)); });
  if (ranks.rank() == 0)
    std::printf("%8.1f MB  tree %8.3f ms, of which adding own shards %8.3f; MPI_Allreduce %8.3f ms; exchange / "
                "Allreduce %.2f\n",
                static_cast<double>(count) * 4e-6, ours, alone, theirs, (ours - alone) / theirs);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string mode = argc > 1 ? argv[1] : "exact";
  Distributed world{{.exact = mode != "fast", .threads = 1, .quiet = true}};
  Communicator& ranks = world.ranks();
  if (mode == "exchange") {
    for (const std::size_t count : {std::size_t{10'000}, std::size_t{670'000}, std::size_t{10'000'000}})
      exchange(ranks, count, 21);
    return 0;
  }
  steps<Perceptron>(ranks, "784-512-512-10", 512, 31, 8);
  steps<Perceptron>(ranks, "784-512-512-10", 64, 31, 8);
  steps<Lenet>(ranks, "LeNet", 256, 15, 8);
  steps<Normed>(ranks, "two convolutions with batch normalisation", 256, 15, 8);
}
