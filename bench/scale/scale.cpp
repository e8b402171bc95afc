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

#include <mpi.h>

#include <tenon/dist/gradient_sum.hpp>
#include <tenon/dist/mpi.hpp>

using namespace tenon;

namespace {

using Perceptron = Sequential<Dense<784, 512>, ReLU, Dense<512>, ReLU, Dense<10>, Softmax>;
using Lenet = Sequential<Input<1, 28, 28>, Conv2D<6, 5, padding<2>>, ReLU, MaxPool2D<2>, Conv2D<16, 5>, ReLU,
                         MaxPool2D<2>, Flatten, Dense<120>, ReLU, Dense<84>, ReLU, Dense<10>, Softmax>;
using Normed = Sequential<Input<1, 28, 28>, Conv2D<16, 3, stride<2>, bias<false>>, BatchNorm2D<>, ReLU,
                          Conv2D<32, 3, stride<2>, bias<false>>, BatchNorm2D<>, ReLU, Flatten, Dense<10>, Softmax>;

using Language = GPT<65, 64, 4, 4, 128>;  // that of examples/language_model.cpp

double now() {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

double middle(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2), values.end());
  return values[values.size() / 2];
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
  return middle(took);
}

/// The exchange of a step is what the rank has of it that comes last: the others also wait for that one.
template <class Net>
void time_steps(Communicator& ranks, const char* name, const Dataset<float>& data, std::size_t batch_size, int times) {
  Model<Net> model{1};
  Trainer trainer(model, CrossEntropy{}, Adam{}, batch_size, 1, 8);
  DataLoader loader(data, batch_size, 1);
  loader.only(trainer.rows_of_rank());
  Batch<float> batch;
  std::vector<double> compute, wait, exchange, update, all(ranks.size());
  const double took = median_ms(ranks, times, [&] {
    loader.start_epoch(compute.size());
    loader.next(batch);
    ranks.seconds = {};
    trainer.zero_grad();
    trainer.forward(batch);
    trainer.loss();
    trainer.backward();
    const auto elsewhere = [&ranks] { return (ranks.seconds.wait + ranks.seconds.exchange) * 1000; };
    const double before = now() - elsewhere();
    trainer.step();
    update.push_back(now() - elsewhere() - before);
    compute.push_back(ranks.seconds.compute * 1000);
    wait.push_back(ranks.seconds.wait * 1000);
    ranks.all_gather(&ranks.seconds.exchange, all.data(), sizeof(double));
    exchange.push_back(*std::min_element(all.begin(), all.end()) * 1000);
  });
  if (ranks.rank() == 0)
    std::printf("%-16s batch %4zu %8.2f MB %9.3f ms a step; rank 0: compute %8.3f, wait %7.3f, exchange %7.3f, "
                "update %6.3f\n",
                name, batch_size, static_cast<double>(trainer.model_numbers().size_bytes()) * 1e-6, took,
                middle(compute), middle(wait), middle(exchange), middle(update));
}

template <class Net>
void steps(Communicator& ranks, const char* name, std::size_t batch_size, int times) {
  std::vector<float> pixels(batch_size * 784);
  std::vector<std::int32_t> labels(batch_size);
  for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<float>(i * 2654435761U % 1000) / 1000;
  for (std::size_t i = 0; i < labels.size(); ++i) labels[i] = static_cast<std::int32_t>(i % 10);
  time_steps<Net>(ranks, name, Dataset<float>({784}, pixels, Labels{labels, 10}), batch_size, times);
}
void language_steps(Communicator& ranks, std::size_t batch_size, int times) {
  std::vector<float> tokens(batch_size * 64);
  std::vector<std::int32_t> next(tokens.size());
  for (std::size_t i = 0; i < tokens.size(); ++i) tokens[i] = static_cast<float>(i * 2654435761U % 65);
  for (std::size_t i = 0; i < tokens.size(); ++i) next[i] = static_cast<std::int32_t>((i + 1) * 2654435761U % 65);
  time_steps<Language>(ranks, "GPT", Dataset<float>({64}, tokens, Labels{next, 65, 64}), batch_size, times);
}

/// What a message takes while all ranks send one to each other: alpha + beta * bytes, by two sizes. Where they share
/// processors, that is mostly waiting for the turn of the other rank.
void messages(Communicator& ranks) {
  const auto time = [&ranks](std::size_t bytes) {
    const std::size_t others = ranks.size() - 1;
    std::vector<char> out(bytes), in(bytes * ranks.size());
    std::vector<Communicator::Outgoing> to;
    std::vector<Communicator::Incoming> from;
    for (std::size_t r = 0; r < ranks.size(); ++r) {
      if (r == ranks.rank()) continue;
      to.push_back({r, out.data(), bytes});
      from.push_back({r, in.data() + r * bytes, bytes});
    }
    constexpr int together = 10;
    return median_ms(ranks, 21,
                     [&] {
                       for (int i = 0; i < together; ++i) ranks.exchange(to, from);
                     }) /
           (together * static_cast<double>(others));
  };
  const std::size_t large = (std::size_t{1} << 23) / ranks.size();
  const double little = time(8), much = time(large);
  if (ranks.rank() == 0)
    std::printf("messages on %zu ranks: alpha %.6f ms, beta %.9f ms a kB\n", ranks.size(), little,
                (much - little) / (static_cast<double>(large) * 1e-3));
}

struct MessageTime {
  double alpha, beta;  // ms, and ms a kB
};

/// A step of N ranks of a batch of S shards, where one rank takes W ms, U of them for the update of all weights: each
/// rank computes its shards (one of them where there are none left for it), sends N - 1 parts of its gradients, in p
/// pieces, gets N - 1, twice, and updates:
///     (W - U) / min(N, S) + U + 2 (p (N - 1) alpha + (N - 1) / N beta bytes)
/// Where they share C processors, the first two terms are N / C times longer, and messages take what they do with as
/// many ranks there. Overlap is left out: what it hides is better than this.
struct StepModel {
  double update, kilobytes, shards;

  double exchange(double n, MessageTime message) const {
    const auto pieces = static_cast<double>(
        detail::gradient_pieces(static_cast<std::size_t>(1000 * kilobytes), static_cast<std::size_t>(n), 0));
    return 2 * (pieces * (n - 1) * message.alpha + (n - 1) / n * message.beta * kilobytes);
  }
  /// `sharing` ranks on each processor.
  double step(double alone, double n, MessageTime message, double sharing = 1) const {
    return ((alone - update) / std::min(n, shards) + update) * sharing + exchange(n, message);
  }
};

/// model NAME FILE.svg CORES KILOBYTES SHARDS UPDATE ALONE BESIDE, then of 2, 4 and 8 ranks: ALPHA BETA MEASURED.
/// ALONE is W where nothing else runs, BESIDE where each processor computes as much.
constexpr int model_words = 17;
int draw_model(char** words) {
  double v[model_words - 2];
  for (int i = 0; i < model_words - 2; ++i) v[i] = std::strtod(words[i + 2], nullptr);
  const double cores = v[0], alone = v[4], beside = v[5];
  const StepModel model{.update = v[3], .kilobytes = v[1], .shards = v[2]};
  const MessageTime of_two{v[6], v[7]};
  std::vector<double> few{1}, here{alone}, measured{alone};
  std::printf("%s: model on %g processors against what is measured\n", words[0], cores);
  for (int i = 0; i < 3; ++i) {
    const double n = 2 << i, *const at = v + 6 + 3 * i;
    few.push_back(n);
    here.push_back(model.step(beside, n, {at[0], at[1]}, std::max(n / cores, 1.0)));
    measured.push_back(at[2]);
    std::printf("  %g ranks: model %9.3f ms, measured %9.3f ms, error %+.0f %%\n", n, here.back(), measured.back(),
                100 * (here.back() / measured.back() - 1));
  }
  const double of_a_shard = (alone - model.update) / model.shards + model.update;
  std::vector<double> ranks{1}, apart{alone}, grown{of_a_shard};
  std::printf("  with a processor for each rank, this batch in %g shards | a batch of one shard a rank:\n",
              model.shards);
  for (double n = 2; n <= 1024; n *= 2) {
    const double sent = model.exchange(n, of_two);
    ranks.push_back(n);
    apart.push_back(model.step(alone, n, of_two));
    grown.push_back(of_a_shard + sent);
    std::printf("  %5g ranks %9.3f | %9.3f ms, %.0f %% of it exchange\n", n, apart.back(), grown.back(),
                100 * sent / grown.back());
  }
  Plot plot{.title = words[0], .x_label = "ranks", .y_label = "ms a step", .log_x = true, .log_y = true};
  plot.line("this batch, a processor each", ranks, apart).line("one shard a rank", ranks, grown);
  plot.line("this batch, on these processors", few, here).points("measured", few, measured).save(words[1]);
  std::printf("  drawn: %s\n", words[1]);
  return 0;
}

/// Trains with checkpoints, until the end or until it is killed, and says what the weights are.
void train_on(Communicator& ranks, const char* path) {
  std::vector<float> pixels(2048 * 784);
  std::vector<std::int32_t> labels(2048);
  for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<float>(i * 2654435761U % 1000) / 1000;
  for (std::size_t i = 0; i < labels.size(); ++i) labels[i] = static_cast<std::int32_t>(i * 7 % 10);
  Model<Lenet> model{1};
  fit(model, Dataset<float>({784}, pixels, Labels{labels, 10}),
      Fit{.epochs = 12,
          .batch_size = 128,
          .seed = 3,
          .progress = Progress::Mode::quiet,
          .callbacks = callbacks(ModelCheckpoint{.path = path, .every_steps = 4, .resume = true})});
  std::uint64_t hash = 14695981039346656037U;
  for (const float p : model.parameters().span()) {
    std::uint32_t bits;
    std::memcpy(&bits, &p, sizeof bits);
    hash = (hash ^ bits) * 1099511628211U;
  }
  if (ranks.rank() == 0) std::printf("weights %016llx\n", static_cast<unsigned long long>(hash));
}

/// Ours, the sum of a rank's own shards (which is no exchange), and MPI_Allreduce of as many bytes, in turn: what else
/// the machine does slows all of them.
void exchange(Communicator& ranks, std::size_t count, int times, std::size_t piece_bytes) {
  std::vector<float> gradients(count, 1.0F), sum(count);
  const detail::ShardPlan plan{16 * 8, 8};
  const detail::ShardRange own = plan.of_rank(ranks.rank(), ranks.size());
  std::vector<std::vector<float>> shards(own.size(), gradients);
  std::vector<float*> pointers;
  for (auto& s : shards) pointers.push_back(s.data());
  detail::GradientSum<float> exact(&ranks, count, true, piece_bytes), local(nullptr, count, true);
  const detail::GradientSum<float>::Pieces pieces{
      [](void*, std::size_t numbers, auto work, void* object) { work(object, 0, numbers); }, nullptr};
  const auto time = [&ranks](std::vector<double>& took, auto f) {
    ranks.barrier();
    const double start = now();
    f();
    ranks.barrier();
    took.push_back(now() - start);
  };
  std::vector<double> ours, alone, theirs;
  for (int i = 0; i < times; ++i) {
    time(ours, [&] { exact.run(plan, pointers, sum.data(), false, pieces); });
    time(alone, [&] {
      if (own.size() > 1) local.run({16 * own.size(), own.size()}, pointers, pointers[0], false, pieces);
    });
    time(theirs, [&] {
      MPI_Allreduce(MPI_IN_PLACE, gradients.data(), static_cast<int>(count), MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD);
    });
  }
  const auto fastest = [](const std::vector<double>& took) { return *std::min_element(took.begin(), took.end()); };
  const double o = middle(ours), a = middle(alone), t = middle(theirs);
  if (ranks.rank() == 0)
    std::printf("%8.2f MB  tree %8.3f ms, of which adding own shards %8.3f; MPI_Allreduce %8.3f ms; exchange / "
                "Allreduce %.2f, by the fastest of each %.2f\n",
                static_cast<double>(count) * 4e-6, o, a, t, (o - a) / t,
                (fastest(ours) - fastest(alone)) / fastest(theirs));
}

}  // namespace

int main(int argc, char** argv) {
  const std::string mode = argc > 1 ? argv[1] : "exact";
  if (mode == "model" && argc == 2 + model_words) return draw_model(argv + 2);
  // "late": nothing travels before backward has ended
  Distributed world{{.exact = mode != "fast",
                     .threads = 1,
                     .zero = mode == "zero" ? 1 : 0,
                     .quiet = true,
                     .piece_bytes = mode == "late" ? std::size_t{1} << 40
                                    : argc > 3     ? std::strtoul(argv[3], nullptr, 10)
                                                   : World{}.piece_bytes}};
  Communicator& ranks = world.ranks();
  if (mode == "exchange") {
    for (const std::size_t count : {std::size_t{10'000}, std::size_t{670'000}, std::size_t{10'000'000}})
      exchange(ranks, count, count > 1'000'000 ? 11 : 51,
               argc > 2 ? std::strtoul(argv[2], nullptr, 10) : World{}.piece_bytes);
  } else if (mode == "messages" && ranks.size() > 1) {
    messages(ranks);
  } else if (mode == "train" && argc > 2) {
    train_on(ranks, argv[2]);
  } else if (argc > 2) {  // on a slow network: one of them
    language_steps(ranks, 32, 21);
  } else {
    steps<Perceptron>(ranks, "784-512-512-10", 512, 21);
    steps<Perceptron>(ranks, "784-512-512-10", 64, 21);
    steps<Lenet>(ranks, "LeNet", 256, 11);
    steps<Normed>(ranks, "with BatchNorm", 256, 11);
    language_steps(ranks, 32, 7);
  }
}
