#include "unit/dist/trained_alike.hpp"

#include <array>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <functional>
#include <limits>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <tenon/dist/batch_exchange.hpp>
#include <tenon/dist/gradient_sum.hpp>
#include <tenon/dist/thread_ranks.hpp>
#include <tenon/dist/tree.hpp>
#include <tenon/report/report.hpp>

#include <catch2/catch.hpp>

using namespace tenon;

namespace {

std::mutex checking;  // Catch's assertions are for one thread at a time

struct Threads {
  explicit Threads(std::size_t count) { set_num_threads(count); }
  ~Threads() { set_num_threads(1); }
};

/// What each rank's call gives. Gradients of these small networks travel in pieces, too.
template <class F>
std::vector<std::uint64_t> on_ranks(std::size_t count, F f, int zero = 0) {
  std::vector<std::uint64_t> results(count);
  run_ranks(count, [&](Communicator& ranks) { results[ranks.rank()] = f(); }, {.zero = zero, .piece_bytes = 256});
  return results;
}

std::string message_of(std::size_t count, const std::function<void(Communicator&)>& f, const World& how = {}) {
  try {
    run_ranks(count, f, how);
  } catch (const Error& error) {
    return error.what();
  }
  return "none";
}

}  // namespace

TEST_CASE("a run in shards has the same bits for any number of ranks and threads") {
  for (const alike::Run& run : alike::runs()) {
    INFO(run.name);
    const std::uint64_t alone = run.bits();
    {
      const Threads scope(3);
      CHECK(run.bits() == alone);
    }
    for (const std::size_t ranks : {1U, 2U, 3U, 4U, 8U, 11U}) {
      INFO(ranks << " ranks");
      const Threads scope(ranks == 2 ? 2 : 1);
      CHECK(on_ranks(ranks, run.bits) == std::vector<std::uint64_t>(ranks, alone));
      if (ranks > 1) CHECK(on_ranks(ranks, run.bits, 1) == std::vector<std::uint64_t>(ranks, alone));
    }
  }
}

TEST_CASE("shards train as the whole batch does") {
  using Net = alike::Normed;
  const auto train = [](std::size_t shards) {
    Model<Net, double> model{1};
    const Dataset<double> data = digits().as<double>().take(70);
    const History history = fit(model, data,
                                Fit{.optimizer = SGD{.lr = 0.1},
                                    .epochs = 2,
                                    .batch_size = 64,
                                    .seed = 2,
                                    .progress = Progress::Mode::quiet,
                                    .shards = shards});
    std::vector<double> numbers(model.parameters().span().begin(), model.parameters().span().end());
    numbers.insert(numbers.end(), model.buffers().span().begin(), model.buffers().span().end());
    numbers.push_back(history.last().training.loss);
    numbers.push_back(history.last().training.accuracy);
    return numbers;
  };
  const std::vector<double> whole = train(0), cut = train(8);
  REQUIRE(whole.size() == cut.size());
  for (std::size_t i = 0; i < whole.size(); ++i) REQUIRE(std::abs(whole[i] - cut[i]) < 1e-9);
}

TEST_CASE("means over labels that count, and several losses, are those of the whole batch") {
  using Net = Sequential<Input<64>, Dense<10>>;
  Dataset<double> data = digits().as<double>().take(64);
  std::vector<std::int32_t> labels(data.labels().begin(), data.labels().end());
  for (std::size_t i = 0; i < 40; ++i) labels[i] = ignore_index;  // whole shards of them
  const Dataset<double> some({64}, std::vector<double>(data.features().begin(), data.features().end()),
                             Labels{labels, 10});
  DataLoader<double> loader(some, 64, 0, false);
  Batch<double> batch;
  loader.next(batch);
  const auto gradients = [&](std::size_t shards) {
    Model<Net, double> model{1};
    Trainer trainer(model,
                    CrossEntropy<from_logits>{.class_weight = std::vector<double>{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}},
                    SGD{}, 64, 1, shards);
    trainer.forward(batch);
    const double loss = trainer.loss();
    const double weight = trainer.batch_weight();
    trainer.backward();
    std::vector<double> all(trainer.gradients().begin(), trainer.gradients().end());
    all.push_back(loss);
    all.push_back(weight);
    return all;
  };
  const std::vector<double> whole = gradients(0), cut = gradients(8);
  for (std::size_t i = 0; i < whole.size(); ++i) REQUIRE(std::abs(whole[i] - cut[i]) < 1e-12);
}

TEST_CASE("gradients that several layers share are not sent before all of these have gone") {
  using Words = Embedding<16, 8>;
  using Net = Sequential<Input<4>, Words, Dense<8>, ReLU, Dense<8>, Tied<Words>, Softmax>;
  using Twice = Graph<In<"x", 64>, Node<"first", Sequential<Dense<64>, ReLU, Dense<64>>>, Node<"more", Dense<64>>,
                      Node<"again", Shared<"first">, "more">, Node<"digit", Sequential<Dense<10>, Softmax>, "again">,
                      Out<"digit">>;
  std::vector<float> tokens(96 * 4);
  std::vector<std::int32_t> labels(tokens.size());
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    tokens[i] = static_cast<float>(i * 7 % 16);
    labels[i] = static_cast<std::int32_t>(i * 7 % 16 / 2);
  }
  const Dataset<float> text({4}, tokens, Labels{labels, 16, 4});
  const auto how = Fit{
      .optimizer = SGD{.lr = 0.1}, .epochs = 2, .batch_size = 96, .progress = Progress::Mode::quiet, .shards = 4};
  const auto tied = [&] { return alike::bits_of<Net>(how, text); };
  const auto shared = [&] { return alike::bits_of<Twice>(how); };
  const std::uint64_t tied_alone = tied(), shared_alone = shared();
  for (const std::size_t ranks : {2U, 4U}) {
    CHECK(on_ranks(ranks, tied) == std::vector<std::uint64_t>(ranks, tied_alone));
    CHECK(on_ranks(ranks, shared) == std::vector<std::uint64_t>(ranks, shared_alone));
  }
}

TEST_CASE("the sum of a tree is that of its halves, wherever they are, and whenever their pieces are complete") {
  using namespace tenon::detail;
  constexpr std::size_t count = 1008, piece = 64 * sizeof(float);
  const GradientSum<float>::Pieces alone{[](void*, std::size_t numbers, auto work, void* o) { work(o, 0, numbers); },
                                         nullptr};
  for (const std::size_t shards : {1U, 2U, 3U, 5U, 8U, 13U}) {
    std::vector<std::vector<float>> values(shards, std::vector<float>(count));
    for (std::size_t s = 0; s < shards; ++s)
      for (std::size_t i = 0; i < count; ++i)
        values[s][i] = std::sin(static_cast<float>(s * count + i)) * std::pow(10.0F, static_cast<float>(s % 5));
    const std::function<float(std::size_t, std::size_t, std::size_t)> sum = [&](std::size_t a, std::size_t b,
                                                                                std::size_t i) {
      return b - a == 1 ? values[a][i] : sum(a, a + (b - a) / 2, i) + sum(a + (b - a) / 2, b, i);
    };
    std::vector<float> expected(count);
    for (std::size_t i = 0; i < count; ++i) expected[i] = sum(0, shards, i);
    for (const std::size_t ranks : {1U, 2U, 3U, 4U, 8U, 16U}) {
      run_ranks(ranks, [&](Communicator& comm) {
        const ShardPlan plan{shards * 16, shards};
        const ShardRange own = plan.of_rank(comm.rank(), ranks);
        auto mine = values;
        std::vector<float*> pointers;
        for (std::size_t s = own.first; s < own.end; ++s) pointers.push_back(mine[s].data());
        const bool counts = !pointers.empty();
        if (!counts) pointers.push_back(mine[0].data());
        std::vector<float> to(count, 1.0F);
        GradientSum<float> gradients(&comm, count, true, piece);
        gradients.begin(plan, pointers, counts, to.data(), false);
        // what is not complete yet is wrong, for each shard up to another place; the second half becomes complete
        const std::size_t half = count / 2;
        std::vector<std::vector<float>> later;
        for (float* p : pointers) {
          later.emplace_back(p, p + half);
          std::fill_n(p, half, -1e9F);
        }
        for (std::size_t k = 0; k < pointers.size(); ++k)
          for (const std::size_t from : {count - 100 * (k + 1) % 400, half + 7, half})
            gradients.done_from(k, pointers[k] + from);
        for (std::size_t k = 0; k < pointers.size(); ++k) std::copy(later[k].begin(), later[k].end(), pointers[k]);
        gradients.progress();
        gradients.finish(alone);
        const double overlapped = comm.overlapped;
        // in any order: two orders of as many sums differ by what each may round
        mine = values;
        std::vector<float> fast(count, 1.0F);
        GradientSum<float>(&comm, count, false, piece)
            .run(plan, counts ? std::span<float* const>(pointers) : std::span<float* const>{}, fast.data(), false,
                 alone);
        // where sums are split, each rank has those of its own numbers, until they are shared
        mine = values;
        std::vector<float> split(count, 1.0F);
        GradientSum<float> apart(&comm, count, true, piece, true);
        apart.run(plan, counts ? std::span<float* const>(pointers) : std::span<float* const>{}, split.data(), false,
                  alone);
        std::size_t right = 0, own_numbers = 0;
        for (const OwnNumbers& part : apart.own_numbers()) {
          own_numbers += part.count;
          for (std::size_t i = part.first; i < part.first + part.count; ++i) right += split[i] == expected[i];
        }
        if (ranks > 1) apart.share(split.data());
        const std::lock_guard assertion(checking);
        REQUIRE(right == own_numbers);
        REQUIRE(own_numbers == (ranks == 1 ? count : split_cut(count, ranks, 4, piece).numbers_of(comm.rank())));
        REQUIRE(split == expected);
        REQUIRE(to == expected);
        if (ranks > 1) REQUIRE(overlapped > 0.4);
        for (std::size_t i = 0; i < count; ++i) {
          float size = 0;
          for (const std::vector<float>& v : values) size += std::abs(v[i]);
          REQUIRE(std::abs(fast[i] - expected[i]) <= size * static_cast<float>(shards - 1) / (1 << 23));
        }
      });
    }
  }
}

namespace {

/// Another communicator, whose exchanges under way are counted, and what is sent.
class Counting : public Communicator {
public:
  explicit Counting(Communicator& ranks) : ranks_(ranks) {}
  std::size_t rank() const noexcept override { return ranks_.rank(); }
  std::size_t size() const noexcept override { return ranks_.size(); }
  void exchange(std::span<const Outgoing> out, std::span<const Incoming> in) override {
    count(out);
    ranks_.exchange(out, in);
  }
  std::unique_ptr<Pending> start(std::span<const Outgoing> out, std::span<const Incoming> in,
                                 std::size_t tag) override {
    ++started;
    count(out);
    return ranks_.start(out, in, tag);
  }
  void all_reduce(std::span<float> numbers) override { ranks_.all_reduce(numbers); }
  void all_reduce(std::span<double> numbers) override {
    sent += 2 * numbers.size_bytes();  // at most, by the best that MPI does
    ranks_.all_reduce(numbers);
  }
  void abort(const std::string& message) override { ranks_.abort(message); }
  std::size_t started = 0, sent = 0;

private:
  void count(std::span<const Outgoing> out) {
    for (const Outgoing& o : out) sent += o.bytes;
  }
  Communicator& ranks_;
};

}  // namespace

TEST_CASE("what has not set out when backward ends goes in one piece, however much that is in each batch") {
  using namespace tenon::detail;
  constexpr std::size_t count = 800'000;
  const GradientSum<float>::Pieces alone{[](void*, std::size_t numbers, auto work, void* o) { work(o, 0, numbers); },
                                         nullptr};
  const auto value = [](std::size_t shard, std::size_t i) {
    return 1.0F / static_cast<float>(3 * shard + i % 1000 + 1);
  };
  for (const std::size_t ranks : {2U, 3U}) {
    run_ranks(ranks, [&](Communicator& threads) {
      Counting comm(threads);
      const ShardPlan plan{3 * 16, 3};
      const ShardRange own = plan.of_rank(comm.rank(), ranks);
      GradientSum<float> gradients(&comm, count, true);
      for (const std::size_t left : {count, count / 8 * 5, count / 8 * 3, std::size_t{0}, count}) {
        std::vector<std::vector<float>> mine;
        std::vector<float*> pointers;
        for (std::size_t s = own.first; s < own.end; ++s) {
          mine.emplace_back(count);
          for (std::size_t i = 0; i < count; ++i) mine.back()[i] = value(s, i);
        }
        for (std::vector<float>& m : mine) pointers.push_back(m.data());
        std::vector<float> to(count);
        comm.started = 0;
        gradients.begin(plan, pointers, true, to.data(), false);
        for (std::size_t k = 0; k < pointers.size(); ++k) gradients.done_from(k, pointers[k] + left);
        gradients.finish(alone);
        const std::size_t gone = 4 * (count - left) / count;  // of four pieces
        std::size_t wrong = 0;
        for (std::size_t i = 0; i < count; ++i) wrong += to[i] != value(0, i) + (value(1, i) + value(2, i));
        const std::lock_guard assertion(checking);
        REQUIRE(wrong == 0);
        REQUIRE(comm.started == 2 * (gone + (left > 0 ? 1 : 0)));
      }
    });
  }
  STATIC_REQUIRE(joined_pieces(40'000'000, 32) == 5);
  STATIC_REQUIRE(joined_pieces(40'000'000, 2) == 2);
}

TEST_CASE("gradients travel in pieces that are small, but of which no rank's part is") {
  STATIC_REQUIRE(detail::gradient_pieces(3'240'000, 2, 0) == 4);
  STATIC_REQUIRE(detail::gradient_pieces(3'240'000, 8, 0) == 3);
  STATIC_REQUIRE(detail::gradient_pieces(40'000, 2, 0) == 1);
  STATIC_REQUIRE(detail::gradient_pieces(std::size_t{1} << 30, 2, 0) == 32);
  STATIC_REQUIRE(detail::gradient_pieces(3'240'000, 8, 324'000) == 10);
}

TEST_CASE("batch normalisation sends the other shards its moments at once") {
  using Program = expr::BatchProgram<expr::Canonical<BatchNorm2D<>::formula>>;
  STATIC_REQUIRE(Program::Forward::plan.passes == 2);
  STATIC_REQUIRE(Program::Forward::plan.joins_next(0));
  STATIC_REQUIRE(Program::Backward::plan.passes == 1);
  // numbers far from 0: a sum of squares would lose all that deviates
  const std::vector<double> numbers{1e6, 1e6 + 1, 1e6 + 3, 1e6 - 2, 1e6 + 5, 1e6 + 7, 1e6 - 4};
  const detail::ShardPlan plan{numbers.size(), 3};  // of 2, 2 and 3
  detail::BatchExchange<double> exchange(nullptr);
  exchange.begin(plan, 3);
  std::vector<std::thread> threads;
  std::array<std::array<double, 3>, 3> moments{};
  for (std::size_t s = 0; s < 3; ++s)
    threads.emplace_back([&, s] {
      const std::span own = std::span(numbers).subspan(plan.start_of(s), plan.start_of(s + 1) - plan.start_of(s));
      auto& [sum, deviations, more] = moments[s];
      for (const double v : own) sum += v;
      for (const double v : own) deviations += std::pow(v - sum / static_cast<double>(own.size()), 2);
      more = static_cast<double>(s + 1);
      const std::span<double> parts[]{{&sum, 1}, {&deviations, 1}, {&more, 1}};
      exchange.enter();
      detail::ShardPlace<double>{&exchange, s, own.size(), numbers.size()}.sum_moments(parts, 1, own.size());
      exchange.leave();
    });
  for (std::thread& thread : threads) thread.join();
  for (const auto& [sum, deviations, more] : moments) {
    CHECK(sum == 7e6 + 10);
    CHECK(deviations == Approx(104 - 100.0 / 7).epsilon(1e-9));
    CHECK(more == 6);
  }
}

TEST_CASE("evaluation and metrics see every sample once, on any number of ranks") {
  using Net = alike::Plain;
  const Model<Net> model{3};
  const auto numbers = [&] {
    alike::Bits bits;
    const Scores scores = evaluate(model, alike::some_digits(), CrossEntropy{}, 24);
    ConfusionMatrix confusion;
    measure(model, digits(), confusion);
    const double all[]{scores.loss, scores.accuracy, confusion.value(), static_cast<double>(confusion.support(3))};
    bits.add(std::span<const double>(all));
    return bits.hash();
  };
  const std::uint64_t alone = numbers();
  for (const std::size_t ranks : {2U, 3U, 8U})
    CHECK(on_ranks(ranks, numbers) == std::vector<std::uint64_t>(ranks, alone));
}

TEST_CASE("a run goes on with another number of ranks") {
  const std::string path = (std::filesystem::temp_directory_path() / "tenon_ranks.safetensors").string();
  std::filesystem::remove(path);
  const auto train = [&](std::size_t epochs, bool checkpoint) {
    Model<alike::Normed> model{1};
    const auto how = Fit{.optimizer = Adam{.lr = 1e-3},
                         .epochs = epochs,
                         .batch_size = 96,
                         .seed = 3,
                         .progress = Progress::Mode::quiet,
                         .shards = 8};
    alike::Bits bits;
    if (checkpoint) {
      auto with = Fit{.optimizer = how.optimizer,
                      .epochs = epochs,
                      .batch_size = 96,
                      .seed = 3,
                      .progress = Progress::Mode::quiet,
                      .callbacks = callbacks(ModelCheckpoint{.path = path, .resume = true}),
                      .shards = 8};
      bits.add(fit(model, alike::some_digits(), with));
    } else {
      bits.add(fit(model, alike::some_digits(), how));
    }
    bits.add_model(model);
    return bits.hash();
  };
  const std::uint64_t unbroken = train(3, false);
  on_ranks(2, [&] { return train(1, true); });
  on_ranks(3, [&] { return train(2, true); });
  CHECK(on_ranks(4, [&] { return train(3, true); }) == std::vector<std::uint64_t>(4, unbroken));
  // in plain mode it is another run
  Model<alike::Normed> model{1};
  CHECK_THROWS_WITH(fit(model, alike::some_digits(),
                        Fit{.optimizer = Adam{.lr = 1e-3},
                            .epochs = 4,
                            .batch_size = 96,
                            .seed = 3,
                            .progress = Progress::Mode::quiet,
                            .callbacks = callbacks(ModelCheckpoint{.path = path, .resume = true})}),
                    Catch::Contains("expected a run with shards 0, got a checkpoint of one with 8"));
  std::filesystem::remove(path);
}

TEST_CASE("optimizer state that is split over ranks changes no bit, and a run goes on with or without") {
  const auto train = [](std::size_t epochs, const std::string& path) {
    Model<alike::Normed> model{1};
    alike::Bits bits;
    bits.add(fit(model, alike::some_digits(),
                 Fit{.optimizer = Adam{.lr = 1e-3},
                     .epochs = epochs,
                     .batch_size = 96,
                     .seed = 3,
                     .clip_grad_norm = 0.7,
                     .progress = Progress::Mode::quiet,
                     .callbacks = callbacks(ModelCheckpoint{.path = path, .resume = true}),
                     .shards = 8}));
    bits.add_model(model);
    return bits.hash();
  };
  const std::string folder = std::filesystem::temp_directory_path().string();
  const auto fresh = [&](const char* name) {
    std::filesystem::remove(folder + name);
    return folder + name;
  };
  const std::uint64_t alone = train(3, fresh("/tenon_zero_alone"));
  const std::string path = fresh("/tenon_zero");
  const World split{.zero = 1};
  run_ranks(
      3, [&](Communicator&) { train(1, path); }, split);
  run_ranks(2, [&](Communicator&) { train(2, path); });
  run_ranks(
      4,
      [&](Communicator&) {
        const auto bits = train(3, path);
        const std::lock_guard lock(checking);
        CHECK(bits == alone);
      },
      split);
  std::filesystem::remove(path);
  std::filesystem::remove(folder + "/tenon_zero_alone");
  // of 4 bytes each of Adam's two arrays, three quarters are elsewhere
  using Big = Sequential<Dense<1024, 1024>, Dense<10>, Softmax>;
  using Adams = Trainer<Model<Big>, CrossEntropy<>, Adam>;
  STATIC_REQUIRE(Adams::bytes_on_ranks(64, 4, 8, 0) - Adams::bytes_on_ranks(64, 4) + 1024 >
                 4 * 2 * parameter_count<Big> / 4 * 3);
  STATIC_REQUIRE(training_bytes<Big, Adam>(64, 4) > Adams::bytes_on_ranks(64, 4));
}

TEST_CASE("with state that is split, gradients are sent half as often, and then the weights") {
  using Net = Sequential<Dense<64, 512>, ReLU, Dense<256>, ReLU, Dense<10>, Softmax>;
  constexpr std::size_t all = 4 * parameter_count<Net>;
  struct Sent {
    std::size_t backward = 0, clipping = 0, step = 0;
  };
  const auto sent = [&](std::size_t count, int zero) {
    std::vector<Sent> of_ranks(count);
    run_ranks(count, [&](Communicator& threads) {
      Counting ranks(threads);
      World world{.ranks = &ranks, .zero = zero};
      const detail::InWorld scope(world, detail::InWorld::Of::thread);
      Model<Net> model{1};
      Trainer trainer{model, CrossEntropy{}, Adam{}, 128, 5, 8};
      DataLoader loader{alike::some_digits(), 128, 5};
      Batch batch;
      loader.next(batch);
      trainer.forward(batch);
      trainer.loss();
      Sent& mine = of_ranks[ranks.rank()];
      std::size_t before = ranks.sent;
      const auto count_sent = [&] { return ranks.sent - std::exchange(before, ranks.sent); };
      trainer.backward();
      mine.backward = count_sent();
      trainer.clip_grad_norm(1);
      mine.clipping = count_sent();
      trainer.step();
      mine.step = count_sent();
    });
    return of_ranks;
  };
  for (const std::size_t ranks : {2U, 4U, 8U}) {
    INFO(ranks << " ranks");
    const std::vector<Sent> whole = sent(ranks, 0), split = sent(ranks, 1);
    const std::size_t once = all * (ranks - 1) / ranks;
    std::size_t of_all_whole = 0, of_all_backward = 0, of_all_step = 0;
    for (std::size_t r = 0; r < ranks; ++r) {
      CHECK(whole[r].step == 0);
      CHECK(whole[r].clipping == 0);
      CHECK(split[r].backward < once + all / 50);
      CHECK(split[r].step < once + all / 50);
      CHECK(split[r].clipping < all / 50);
      of_all_whole += whole[r].backward;
      of_all_backward += split[r].backward;
      of_all_step += split[r].step;
    }
    CHECK(2 * of_all_backward <= of_all_whole + all / 50);
    CHECK(of_all_step <= ranks * once + ranks * all / 100);
  }
}

TEST_CASE("every optimizer updates parts of parameters as it does all of them") {
  using Net = Sequential<Dense<64, 24>, ReLU, Dense<10>, Softmax>;
  const auto check = [](auto optimizer) {
    INFO(type_name<decltype(optimizer)>());
    const auto train = [&] {
      Model<Net> model{1};
      Trainer trainer{model, CrossEntropy{}, optimizer, 64, 5, 8};
      DataLoader loader{alike::some_digits(), 64, 5};
      Batch batch;
      while (loader.next(batch)) {
        trainer.zero_grad();
        trainer.forward(batch);
        trainer.backward();
        trainer.clip_grad_norm(0.4, loader.state().position == 64 ? std::numeric_limits<double>::infinity() : 3);
        trainer.clip_grad_value(0.1);
        trainer.scale_gradients(0.7);
        trainer.step();
      }
      alike::Bits bits;
      bits.add_model(model);
      return bits.hash();
    };
    const std::uint64_t alone = train();
    for (const std::size_t ranks : {2U, 3U, 8U})
      CHECK(on_ranks(ranks, train, 1) == std::vector<std::uint64_t>(ranks, alone));
  };
  check(SGD{.lr = 0.1, .momentum = 0.9, .nesterov = true});
  check(Adadelta{});
  check(Adagrad{});
  check(Adam{});
  check(AdamW{});
  check(ASGD{});
  check(Lamb{});
  check(Lion{});
  check(NAdam{});
  check(RAdam{});
  check(RMSprop{.momentum = 0.9, .centered = true});
  check(Groups{Adam{}, group<by_name<"0.*">>(RMSprop{})});
}

TEST_CASE("gradients that are split come together where somebody asks for them, and all ranks have to") {
  using Net = alike::Plain;
  const auto loop = [](bool ask) {
    Model<Net> model{1};
    Trainer trainer{model, CrossEntropy{}, SGD{.lr = 0.1}, 64, 5, 8};
    DataLoader loader{alike::some_digits(), 64, 5};
    Batch batch;
    alike::Bits bits;
    for (int i = 0; i < 2; ++i) {
      trainer.zero_grad();
      for (int k = 0; k < 2 && loader.next(batch); ++k) {
        trainer.forward(batch);
        trainer.backward(0.5);
        if (ask) bits.add(std::span<const float>(trainer.gradients()));
      }
      trainer.regularize(L2{0.01});
      const double norm = trainer.clip_grad_norm(0.5);
      if (ask) bits.add(std::span<const float>(trainer.gradients()));
      bits.add(std::span<const double>(&norm, 1));
      trainer.step();
      trainer.for_each_parameter([&](std::string_view, auto, auto gradient) {
        if (ask) bits.add(std::span<const float>(gradient));
      });
    }
    bits.add_model(model);
    return bits.hash();
  };
  for (const bool ask : {false, true}) {
    const auto run = [&] { return loop(ask); };
    const std::uint64_t alone = on_ranks(1, run)[0];
    for (const std::size_t ranks : {2U, 3U}) CHECK(on_ranks(ranks, run, 1) == std::vector<std::uint64_t>(ranks, alone));
  }
  // a rank that asks alone is not waited for
  const auto alone = [](Communicator& ranks) {
    Model<Net> model{1};
    Trainer trainer{model, CrossEntropy{}, Adam{}, 64, 5, 8};
    DataLoader loader{alike::some_digits(), 64, 5};
    Batch batch;
    loader.next(batch);
    trainer.forward(batch);
    trainer.backward();
    if (ranks.rank() == 0) static_cast<void>(trainer.gradients());
    trainer.step();
  };
  CHECK_THAT(message_of(2, alone, {.zero = 1}), Catch::Contains("every rank has to make the same calls") &&
                                                    Catch::Contains("makes a step") &&
                                                    Catch::Contains("reads or changes the gradients"));
  CHECK(message_of(2, alone) == "none");
}

TEST_CASE("a gradient that is not finite is found on the rank that has it") {
  using Net = Sequential<Dense<64, 24>, Tanh, Dense<10>, Softmax>;  // a finite loss of an infinity
  const Dataset<float> some = digits().take(64);
  std::vector<float> pixels(some.features().begin(), some.features().end());
  pixels[64 * 50 + 40] = std::numeric_limits<float>::infinity();
  const Dataset<float> holed({64}, pixels, Labels{{some.labels().begin(), some.labels().end()}, 10});
  const auto train = [&](Communicator&) {
    Model<Net> model{1};
    fit(model, holed, Fit{.batch_size = 64, .shuffle = false, .progress = Progress::Mode::quiet});
  };
  for (const std::size_t ranks : {1U, 2U, 3U, 8U})
    CHECK_THAT(message_of(ranks, train, {.zero = 1}),
               Catch::Contains("expected finite gradients") && Catch::Contains("in that of 0.weight"));
}

TEST_CASE("ranks of different runs get an Error") {
  using Net = alike::Plain;
  const auto fit_with = [](std::uint64_t weights, std::uint64_t seed, std::size_t samples, std::size_t batch) {
    Model<Net> model{weights};
    fit(model, digits().take(samples), Fit{.batch_size = batch, .seed = seed, .progress = Progress::Mode::quiet});
  };
  CHECK(message_of(3, [&](Communicator& r) { fit_with(1, r.rank() == 2 ? 5 : 4, 100, 32); }) ==
        "fit: expected the same seed on all ranks, got 4 on rank 0 and 5 on rank 2");
  CHECK(message_of(2, [&](Communicator& r) { fit_with(1 + r.rank(), 4, 100, 32); }) ==
        "fit: expected the same weights at the start (the seed of the Model) on all ranks, got another on rank 1 than "
        "on rank 0");
  CHECK(message_of(2, [&](Communicator& r) { fit_with(1, 4, 100 + r.rank(), 32); }) ==
        "fit: expected the same number of samples on all ranks, got 100 on rank 0 and 101 on rank 1");
  CHECK(message_of(2, [&](Communicator& r) { fit_with(1, 4, 100, 32 + r.rank()); }) ==
        "fit: expected the same batch_size on all ranks, got 32 on rank 0 and 33 on rank 1");
  const auto fit_on = [](const Dataset<float>& data, auto optimizer) {
    Model<Net> model{1};
    fit(model, data, Fit{.optimizer = optimizer, .batch_size = 32, .progress = Progress::Mode::quiet});
  };
  const auto subset = [](std::size_t first) {
    std::vector<std::size_t> numbers(100);
    for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = first + i;
    return digits().subset(numbers);
  };
  CHECK(message_of(2, [&](Communicator& r) { fit_on(subset(r.rank()), Adam{}); }) ==
        "fit: expected the same data on all ranks, got another on rank 1 than on rank 0");
  // one label of a sample whose features are not looked at, and a weight of it
  const auto third = [&](std::int32_t label, float weight) {
    const Dataset<float> data = subset(0);
    std::vector<std::int32_t> labels(data.labels().begin(), data.labels().end());
    std::vector<float> weights(labels.size(), 1.0F);
    labels[2] = label;
    weights[2] = weight;
    return Dataset<float>{Features<float>{"digit", {64}, {data.features().begin(), data.features().end()}},
                          Labels{labels, 10}, SampleWeights<float>{weights}};
  };
  CHECK(message_of(2, [&](Communicator& r) { fit_on(third(static_cast<std::int32_t>(r.rank()), 1), Adam{}); }) ==
        "fit: expected the same data on all ranks, got another on rank 1 than on rank 0");
  CHECK(message_of(2, [&](Communicator& r) { fit_on(third(2, r.rank() == 0 ? 1 : 2), Adam{}); }) ==
        "fit: expected the same data on all ranks, got another on rank 1 than on rank 0");
  CHECK(message_of(2, [&](Communicator& r) { fit_on(subset(0), Adam{.lr = r.rank() == 0 ? 1e-3 : 2e-3}); }) ==
        "fit: expected the same learning rate on all ranks, got 0.001 on rank 0 and 0.002 on rank 1");
  CHECK(message_of(2,
                   [&](Communicator& r) {
                     if (r.rank() == 0) fit_on(subset(0), Adam{});
                     else fit_on(subset(0), SGD{.lr = 1e-3});
                   }) ==
        "fit: expected the same program (network, loss, optimizer, callbacks) on all ranks, got another on rank 1 than "
        "on rank 0");
  const auto loop_with = [](std::uint64_t weights, double lr, std::size_t batch_size) {
    Model<alike::Normed> model{weights};
    Trainer trainer{model, CrossEntropy{}, Adam{.lr = lr}, batch_size, 5, 8};
    DataLoader loader{alike::some_digits(), batch_size, 5};
    Batch batch;
    loader.next(batch);
    trainer.forward(batch);
  };
  CHECK(message_of(3, [&](Communicator& r) { loop_with(r.rank() == 2 ? 1 : 0, 1e-3, 64); }) ==
        "training: expected the same weights at the start (the seed of the Model) on all ranks, got another on rank 2 "
        "than on rank 0");
  CHECK(message_of(2, [&](Communicator& r) { loop_with(1, 1e-3, 64 + r.rank()); }) ==
        "training: expected the same batch_size on all ranks, got 64 on rank 0 and 65 on rank 1");
  CHECK(message_of(2, [&](Communicator& r) { loop_with(1, r.rank() == 0 ? 0.5 : 0.25, 64); }) ==
        "training: expected the same learning rate on all ranks, got 0.5 on rank 0 and 0.25 on rank 1");
  CHECK_THAT(message_of(2,
                        [&](Communicator& r) {
                          if (r.rank() == 0) fit_with(1, 4, 100, 32);
                          else evaluate(Model<Net>{1}, digits());
                        }),
             Catch::Contains("every rank has to make the same calls") && Catch::Contains("evaluates"));
}

TEST_CASE("what goes wrong on one rank ends all of them, and says where") {
  using Net = Sequential<Input<4>, Embedding<10, 8>, Flatten, Dense<3>, Softmax>;
  std::vector<float> tokens(64 * 4, 1.0F);
  std::vector<std::int32_t> labels(64, 1);
  tokens[4 * 50] = 77;
  const Dataset<float> data({4}, tokens, Labels{labels, 3});
  CHECK_THAT(message_of(4,
                        [&](Communicator&) {
                          Model<Net> model{1};
                          fit(model, data, Fit{.batch_size = 64, .shuffle = false, .progress = Progress::Mode::quiet});
                        }),
             Catch::Contains("rank 3 at step 0: Embedding: expected tokens from 0 to 9, got 77"));
  std::vector<float> numbers(64 * 64, 1.0F);
  numbers[64 * 50 + 3] = std::numeric_limits<float>::quiet_NaN();
  const Dataset<float> holed({64}, numbers, Labels{labels, 10});
  const auto train = [&] {
    Model<alike::Normed> model{1};
    fit(model, holed,
        Fit{.batch_size = 64, .seed = 1, .shuffle = false, .progress = Progress::Mode::quiet, .shards = 8});
  };
  std::string alone;
  try {
    train();
  } catch (const Error& error) {
    alone = error.what();
  }
  CHECK_THAT(alone, Catch::Contains("expected a finite loss"));
  CHECK(message_of(4, [&](Communicator&) { train(); }) == alone);
}

TEST_CASE("a hand-written loop is shared as fit is, and reads only its own samples") {
  using Net = alike::Normed;
  const Dataset<float>& data = alike::some_digits();
  const auto loop = [&] {
    Model<Net> model{1};
    Trainer trainer{model, CrossEntropy{}, Adam{.lr = 1e-3}, 64, 5, 8};
    DataLoader loader{data, 64, 5};
    loader.only(trainer.rows_of_rank());  // the others are not read
    Batch batch;
    alike::Bits bits;
    for (std::uint64_t epoch = 0; epoch < 2; ++epoch) {
      loader.start_epoch(epoch);
      while (loader.next(batch)) {
        if (trainer.ranks() && trainer.ranks()->size() == 4 && batch.count == 64) {
          // what is not this rank's may be anything
          const RowRange rows = trainer.rows_of_rank()(64);
          const std::lock_guard lock(checking);
          CHECK(rows.end - rows.first == 16);
          for (std::size_t i = 0; i < batch.features.size(); ++i)
            if (i / 64 < rows.first || i / 64 >= rows.end) batch.features[i] = std::numeric_limits<float>::quiet_NaN();
        }
        trainer.zero_grad();
        trainer.forward(batch);
        const double loss = trainer.loss();
        bits.add(std::span<const double>(&loss, 1));
        trainer.backward();
        if (trainer.ranks() && trainer.ranks()->size() > 1) {
          const double overlapped = trainer.ranks()->overlapped;  // all but the first layers
          const std::lock_guard lock(checking);
          CHECK(overlapped > 0.5);
        }
        trainer.clip_grad_norm(1);
        trainer.step();
      }
    }
    bits.add_model(model);
    return bits.hash();
  };
  const std::uint64_t alone = loop();
  for (const std::size_t ranks : {2U, 4U, 5U}) CHECK(on_ranks(ranks, loop) == std::vector<std::uint64_t>(ranks, alone));
}

TEST_CASE("an epoch's record says what each rank's time went to") {
  run_ranks(3, [&](Communicator& ranks) {
    Model<alike::Normed> model{1};
    const History history = fit(model, alike::some_digits(),
                                Fit{.epochs = 2,
                                    .batch_size = 64,
                                    .progress = Progress::Mode::quiet,
                                    .callbacks = callbacks(OnEpochEnd{[&](auto&) {  // the others wait meanwhile
                                      if (ranks.rank() == 0) std::this_thread::sleep_for(std::chrono::seconds(1));
                                    }})});
    std::vector<double> mine, all(3 * 9);
    for (const RankSeconds& r : history.last().ranks()) mine.insert(mine.end(), {r.compute, r.wait, r.exchange});
    mine.resize(9);
    ranks.all_gather(mine.data(), all.data(), 9 * sizeof(double));
    const std::string words = detail::describe_seconds(history.last());
    const std::lock_guard assertion(checking);
    CHECK(history.last().ranks().size() == 3);
    for (std::size_t i = 0; i < 9; ++i) CHECK(mine[i] > 0);
    const RankSeconds own = history.last().ranks()[ranks.rank()];
    CHECK(own.compute + own.wait + own.exchange <= history.last().seconds);
    CHECK(std::equal(mine.begin(), mine.end(), all.begin()));  // everybody's
    CHECK_THAT(words, Catch::Matches("compute [0-9]+ %, wait [0-9]+ %, exchange [0-9]+ %"));
    CHECK_THAT(report_html({.history = history}), Catch::Contains("<th>wait, s</th>"));
  });
  CHECK(detail::describe_seconds(EpochRecord{}).empty());
}

TEST_CASE("the first rank alone writes files, of the history that all have") {
  const std::filesystem::path folder = std::filesystem::temp_directory_path() / "tenon_ranks_files";
  std::filesystem::remove_all(folder);
  std::array<std::uint64_t, 3> histories{};
  run_ranks(3, [&](Communicator& ranks) {
    // each has a folder of its own
    const std::filesystem::path own = folder / std::to_string(ranks.rank());
    std::filesystem::create_directories(own);
    Model<alike::Plain> model{1};
    alike::Bits bits;
    bits.add(
        fit(model, alike::some_digits(),
            Fit{.batch_size = 64,
                .progress = Progress::Mode::quiet,
                .callbacks = callbacks(CSVLogger{(own / "run.csv").string()}, TensorBoard{(own / "events").string()},
                                       ModelCheckpoint{.path = (own / "run.safetensors").string()},
                                       Report{(own / "report.html").string()})}));
    histories[ranks.rank()] = bits.hash();
  });
  const auto files_of = [&](int rank) {
    const auto all = std::filesystem::recursive_directory_iterator(folder / std::to_string(rank));
    return std::count_if(begin(all), end(all), [](const auto& entry) { return entry.is_regular_file(); });
  };
  CHECK(files_of(0) == 4);
  CHECK(files_of(1) == 0);
  CHECK(files_of(2) == 0);
  CHECK(histories[1] == histories[0]);
  CHECK(histories[2] == histories[0]);
  std::filesystem::remove_all(folder);
}

TEST_CASE("what has to be agreed upon is") {
  using Net = alike::Plain;
  std::array<std::uint64_t, 3> steps{};
  run_ranks(3, [&](Communicator& ranks) {
    Model<Net> model{1};
    fit(model, alike::some_digits(),
        Fit{.epochs = 5,
            .batch_size = 32,
            .progress = Progress::Mode::quiet,
            .callbacks = callbacks(OnStepEnd{[&](auto& run) {
              const bool leads = run.leads();
              const std::lock_guard lock(checking);
              CHECK(leads == (ranks.rank() == 0));
              if (ranks.rank() == 1 && run.step() == 3) run.stop();  // as a clock might on one of them
              steps[ranks.rank()] = run.step();
            }})});
  });
  CHECK(steps == std::array<std::uint64_t, 3>{3, 3, 3});
}
