#include <tenon/train/sharding.hpp>

#include <atomic>
#include <exception>
#include <limits>
#include <utility>
#include <vector>

#include <tenon/dist/batch_exchange.hpp>
#include <tenon/dist/gradient_sum.hpp>
#include <tenon/dist/tree.hpp>
#include <tenon/error.hpp>
#include <tenon/train/clock.hpp>
#include <tenon/train/data_check.hpp>
#include <tenon/train/together.hpp>

#include "../dist/wall_clock.hpp"

namespace tenon::detail {

template <class T>
struct Sharding<T>::State {
  State(World* world, std::size_t batch_size, std::size_t shards, bool layers_exchange, std::size_t gradient_count)
      : ranks(world ? world->ranks : nullptr),
        most(checked(shards)),
        exchanges(layers_exchange),
        exchange(ranks),
        gradients(ranks, gradient_count, !world || world->exact, world ? world->piece_bytes : 0,
                  world && world->zero == 1) {
    const std::size_t whole = ShardPlan::of(batch_size, most).shards;
    places = std::max<std::size_t>((whole + size() - 1) / size(), 1);
    largest = std::max((batch_size + most - 1) / most, std::min(batch_size, 2 * smallest_shard - 1));
    working = std::min(num_threads(), places);
    shard_places.resize(places);
    for (ShardPlace<T>& place : shard_places) place.exchange = &exchange;
    for (std::size_t k = 0; k < places; ++k) watches.push_back({&gradients, k});
  }

  std::size_t size() const { return ranks ? ranks->size() : 1; }
  std::size_t rank() const { return ranks ? ranks->rank() : 0; }
  RankSeconds& seconds() { return ranks ? ranks->seconds : alone; }
  std::size_t first_of(std::size_t k) const { return plan.start_of(computed.first + k); }
  std::size_t count_of(std::size_t k) const { return plan.start_of(computed.first + k + 1) - first_of(k); }

  template <class F>
  void guarded(F&& f) {
    try {
      f();
    } catch (const ShardFailed&) {  // NOLINT(bugprone-empty-catch): the shard that failed first says why
    } catch (...) {
      if (!failed.exchange(true)) failure = std::current_exception();
      exchange.give_up();
    }
  }
  /// Ends all ranks by what one has thrown, or throws it on.
  [[noreturn]] void fail() const {
    try {
      std::rethrow_exception(failure);
    } catch (const AgreedError&) {
      throw;
    } catch (const std::exception& error) {
      if (size() > 1) ranks->abort(error.what());
      throw;
    }
  }
  /// The numbers of all shards, `each` of them a shard, from those of this rank's.
  void gather() {
    of_shards.resize(plan.shards * each);
    if (size() == 1) {
      std::copy(own_numbers.begin(), own_numbers.end(), of_shards.begin());
      return;
    }
    const std::size_t most_of_rank = (plan.shards + size() - 1) / size();
    padded.assign(most_of_rank * each, 0);
    std::copy(own_numbers.begin(), own_numbers.end(), padded.begin());
    gather_numbers(*ranks, Phase::loss, padded, of_ranks);
    for (std::size_t r = 0; r < size(); ++r) {
      const ShardRange range = plan.of_rank(r, size());
      std::copy_n(of_ranks.begin() + static_cast<std::ptrdiff_t>(r * most_of_rank * each), range.size() * each,
                  of_shards.begin() + static_cast<std::ptrdiff_t>(range.first * each));
    }
  }
  /// Column `k` of those, added up over the tree.
  double sum_of(std::size_t k) {
    column.resize(plan.shards);
    for (std::size_t s = 0; s < plan.shards; ++s) column[s] = of_shards[s * each + k];
    return tree_sum(column);
  }
  static std::size_t checked(std::size_t shards) {
    constexpr std::size_t most_possible = std::size_t{1} << 20;
    if (shards >= 1 && shards <= most_possible) return shards;
    throw Error("training: expected 1 to " + std::to_string(most_possible) + " shards, got " + std::to_string(shards));
  }

  Communicator* ranks;
  std::size_t most, places = 1, largest = 1, working = 1;
  bool started = false, of_threads = false;
  bool exchanges,
      counts = true;  // whether layers look at the whole batch; whether this rank's shards are nobody else's
  ShardPlan plan{};
  ShardRange computed{};
  std::vector<ShardPlace<T>> shard_places{};
  BatchExchange<T> exchange;
  GradientSum<T> gradients;
  std::vector<T*> gradient_places{};
  std::vector<GradientWatch<T>> watches{};
  RankSeconds alone{};   // where nobody asks
  std::size_t each = 0;  // numbers a shard of a loss: its terms, and classes predicted right, and answered
  std::vector<double> own_numbers{}, of_shards{}, of_ranks{}, padded{}, column{};
  ClassCount classes{};
  std::vector<NonFiniteTrace<T>> watchers{};
  std::atomic<bool> failed{false};
  std::exception_ptr failure{};
  OneBlasThread blas{};
};

template <class T>
Sharding<T>::Sharding(std::size_t batch_size, std::size_t shards, bool exchanges, std::size_t gradients) {
  World* const world = current_world();
  const bool of_threads = shards == 0 && !world;
  if (of_threads && !(exchanges && num_threads() > 1)) return;
  if (shards == 0) shards = world ? world->shards : num_threads();
  state_ = new State(world, batch_size, shards, exchanges, gradients);
  state_->of_threads = of_threads;
}
template <class T>
Sharding<T>::~Sharding() {
  delete state_;
}

template <class T>
bool Sharding<T>::of_threads() const {
  return state_->of_threads;
}
template <class T>
Communicator* Sharding<T>::ranks() const {
  return state_->ranks;
}
template <class T>
std::size_t Sharding<T>::size() const {
  return state_->size();
}
template <class T>
std::size_t Sharding<T>::rank() const {
  return state_->rank();
}
template <class T>
std::size_t Sharding<T>::most_shards() const {
  return state_->most;
}
template <class T>
std::size_t Sharding<T>::places() const {
  return state_->places;
}
template <class T>
std::size_t Sharding<T>::largest_shard() const {
  return state_->largest;
}
template <class T>
std::size_t Sharding<T>::threads() const {
  return state_->exchanges ? state_->places : state_->working;
}

template <class T>
void Sharding<T>::expect_whole(std::size_t batch_size, std::string_view loss) const {
  const std::size_t shards = ShardPlan::of(batch_size, state_->most).shards;
  if (shards > 1 && !state_->of_threads)
    throw Error("training in shards: expected a loss of each sample alone, or one shard, got " + std::string(loss) +
                ", which compares the samples of a batch, and " + std::to_string(shards) + " shards");
}

template <class T>
void Sharding<T>::expect_same_start(std::string_view trainer, std::span<const T> weights, std::uint64_t seed, double lr,
                                    std::size_t batch_size) {
  if (std::exchange(state_->started, true) || size() == 1) return;
  const RunFingerprint mine{.program = hash_text(trainer),
                            .batch_size = batch_size,
                            .shards = most_shards(),
                            .seed = seed,
                            .weights = hash_numbers(weights),
                            .lr = lr};
  expect_same_run(*state_->ranks, mine, "training");
}
template <class T>
void Sharding<T>::cut(std::size_t samples) {
  State& s = *state_;
  s.plan = ShardPlan::of(samples, s.most);
  s.computed = s.plan.computed_by(s.rank(), s.size());
  s.counts = s.plan.of_rank(s.rank(), s.size()).size() > 0;
  for (std::size_t k = 0; k < s.computed.size(); ++k) {
    ShardPlace<T>& place = s.shard_places[k];
    place.local = k;
    place.samples = s.count_of(k);
    place.whole = samples;
    place.first = s.counts && s.computed.first + k == 0;
  }
}
template <class T>
std::size_t Sharding<T>::own() const {
  return state_->computed.size();
}
template <class T>
std::size_t Sharding<T>::first_of(std::size_t k) const {
  return state_->first_of(k);
}
template <class T>
std::size_t Sharding<T>::count_of(std::size_t k) const {
  return state_->count_of(k);
}
template <class T>
ShardPlace<T>* Sharding<T>::place_of(std::size_t k) {
  return state_->exchanges ? &state_->shard_places[k] : nullptr;
}

template <class T>
void Sharding<T>::call(Workers& workers, void (*work)(void*, std::size_t), void* object) {
  State& s = *state_;
  const std::size_t shards = own();
  const double start = steady_seconds(), waited = s.seconds().wait;
  s.failure = nullptr;
  s.failed = false;
  if (s.exchanges) {
    s.exchange.begin(s.plan, s.working);
    workers.run(shards, [&](std::size_t k) {
      s.exchange.enter();
      s.guarded([&] { work(object, k); });
      s.exchange.leave();
    });
  } else {
    const std::size_t threads = std::min(shards, s.working);
    workers.run(threads, [&](std::size_t t) {
      for (std::size_t k = t * shards / threads; k < (t + 1) * shards / threads; ++k)
        s.guarded([&] { work(object, k); });
    });
  }
  s.seconds().compute += steady_seconds() - start - (s.seconds().wait - waited);
  if (s.failure) s.fail();
}

template <class T>
bool Sharding<T>::splits() const {
  return state_ && state_->gradients.splits();
}
template <class T>
OwnParts Sharding<T>::own_numbers() const {
  return state_->gradients.own_numbers();
}
template <class T>
void Sharding<T>::share(Phase phase, std::span<T> numbers) const {
  meet(*state_->ranks, phase);
  const WallClock clock(state_->seconds().exchange);
  state_->gradients.share(numbers.data());
}
template <class T>
void Sharding<T>::merge(std::span<double> numbers) const {
  meet(*state_->ranks, Phase::gradients);
  const WallClock clock(state_->seconds().exchange);
  state_->ranks->all_reduce(numbers);
}
template <class T>
std::size_t Sharding<T>::largest(std::size_t number) const {
  const double mine = static_cast<double>(number);
  gather_numbers(*state_->ranks, Phase::gradients, {&mine, 1}, state_->of_ranks);
  return static_cast<std::size_t>(*std::max_element(state_->of_ranks.begin(), state_->of_ranks.end()));
}

template <class T>
void Sharding<T>::add_place(T* gradients) {
  state_->gradient_places.push_back(gradients);
}
template <class T>
void Sharding<T>::begin_sum(std::span<T> to, bool add) {
  State& s = *state_;
  s.gradients.begin(s.plan, std::span<T* const>(s.gradient_places.data(), own()), s.counts, to.data(), add);
}
template <class T>
const GradientWatch<T>* Sharding<T>::watch_of(std::size_t k) const {
  return size() > 1 ? &state_->watches[k] : nullptr;
}
template <class T>
void Sharding<T>::finish_sum(Workers& workers) {
  struct All {
    Workers& workers;
    std::size_t pieces;
  } all{workers, threads()};
  const auto in_pieces = [](void* context, std::size_t numbers, auto work, void* object) {
    const All& a = *static_cast<All*>(context);
    const std::size_t lines = (numbers + alignment - 1) / alignment;
    a.workers.run(a.pieces, [&](std::size_t number) {
      const std::size_t first = number * lines / a.pieces * alignment,
                        end = std::min((number + 1) * lines / a.pieces * alignment, numbers);
      if (first < end) work(object, first, end - first);
    });
  };
  const WallClock clock(state_->seconds().exchange);
  state_->gradients.finish({in_pieces, &all});
}

template <class T>
void Sharding<T>::start_loss(std::size_t terms) {
  state_->each = terms + 2;
  state_->own_numbers.assign(own() * state_->each, 0);
}
template <class T>
void Sharding<T>::put_loss(std::size_t k, const double* terms, const ClassCount& classes) {
  double* const numbers = state_->own_numbers.data() + k * state_->each;
  const std::size_t count = state_->each - 2;
  std::copy_n(terms, count, numbers);
  numbers[count] = static_cast<double>(classes.correct);
  numbers[count + 1] = static_cast<double>(classes.answered);
  if (k == 0) state_->classes.counts = classes.counts;
}
template <class T>
void Sharding<T>::finish_loss(TermValues& values) {
  state_->gather();
  const std::size_t count = state_->each - 2;
  for (std::size_t i = 0; i < count; ++i) values.value[i] = state_->sum_of(i);
  state_->classes.correct = static_cast<std::uint64_t>(state_->sum_of(count));
  state_->classes.answered = static_cast<std::uint64_t>(state_->sum_of(count + 1));
}
template <class T>
const ClassCount& Sharding<T>::classes() const {
  return state_->classes;
}

template <class T>
NonFiniteTrace<T>* Sharding<T>::watchers() {
  state_->watchers.assign(own(), {});
  return state_->watchers.data();
}
template <class T>
std::uint32_t Sharding<T>::first_seen() const {
  std::uint32_t first = NonFiniteTrace<T>::none;
  for (const NonFiniteTrace<T>& trace : state_->watchers) first = std::min(first, trace.first);
  return first;
}
template <class T>
std::string Sharding<T>::describe_samples(const Batch<T>& batch) const {
  const std::size_t first = first_of(0), last = own() - 1, count = first_of(last) + count_of(last) - first;
  const std::size_t n = std::max<std::size_t>(batch.count, 1);
  const auto part = [&](auto numbers) {
    return numbers.subspan(first * (numbers.size() / n), count * (numbers.size() / n));
  };
  Batch<T> rows = batch;
  rows.count = count;
  rows.features = part(batch.features);
  rows.targets = part(batch.targets);
  rows.indices = part(batch.indices);
  return describe_non_finite_sample(rows);
}
template <class T>
std::string Sharding<T>::agree_on(std::string words, double order) const {
  if (size() == 1) return words;
  std::vector<double> all;
  gather_numbers(*state_->ranks, Phase::words, {&order, 1}, all);
  return share_words(*state_->ranks, std::move(words),
                     static_cast<std::size_t>(std::min_element(all.begin(), all.end()) - all.begin()));
}

template class Sharding<float>;
template class Sharding<double>;

}  // namespace tenon::detail
