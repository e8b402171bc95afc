#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <exception>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <tenon/dist/batch_exchange.hpp>
#include <tenon/dist/communicator.hpp>
#include <tenon/dist/gradient_sum.hpp>
#include <tenon/dist/tree.hpp>
#include <tenon/error.hpp>
#include <tenon/net/layout.hpp>
#include <tenon/net/type_name.hpp>
#include <tenon/train/objective.hpp>
#include <tenon/train/workers.hpp>

/// How a Trainer runs a batch in shards, on one or more ranks.
namespace tenon::detail {

/// Whether any layer looks at all samples of a batch.
template <class Bound>
constexpr bool any_looks_at_batch() {
  if constexpr (Leaf<Bound>) {
    if constexpr (requires { Bound::looks_at_batch; }) return Bound::looks_at_batch;
    else return false;
  } else {
    bool any = false;
    Bound::visit_units([&any]<class Unit> { any = any || any_looks_at_batch<Unit>(); });
    return any;
  }
}
/// The first layer with running statistics of a batch that it does not share with other shards, or nothing.
template <class Bound>
std::string_view find_keeping_apart() {
  if constexpr (Leaf<Bound>) {
    constexpr bool keeps = std::any_of(Bound::parameters.begin(), Bound::parameters.end(), [](const auto& spec) { return !spec.trainable; });
    if constexpr (keeps && !requires { Bound::looks_at_batch; }) return type_name<Bound>();
    return {};
  } else {
    std::string_view found;
    Bound::visit_units([&found]<class Unit> {
      if (found.empty()) found = find_keeping_apart<Unit>();
    });
    return found;
  }
}

/// What a Trainer has beside its own where batches are run in shards.
template <class T>
class Sharding {
public:
  /// Null where batches are not: nobody asked for it, and there is no world.
  static std::unique_ptr<Sharding> make(std::size_t batch_size, std::size_t shards, bool exchanges,
                                        std::size_t gradients) {
    World* const world = current_world();
    if (!world && shards == 0) return nullptr;
    return std::unique_ptr<Sharding>(
        new Sharding(world, batch_size, shards == 0 ? world->shards : shards, exchanges, gradients));
  }

  Communicator* ranks() const { return ranks_; }
  std::size_t size() const { return ranks_ ? ranks_->size() : 1; }
  std::size_t rank() const { return ranks_ ? ranks_->rank() : 0; }
  std::size_t most_shards() const { return most_; }
  /// How many workspaces this rank needs, and for how many samples each; how many threads work at a time, and how many there
  /// are.
  std::size_t places() const { return places_; }
  std::size_t largest_shard() const { return largest_; }
  std::size_t threads() const { return exchanges_ ? places_ : working_; }

  /// How a batch is cut, for all that follows.
  void cut(std::size_t samples) {
    plan_ = ShardPlan::of(samples, most_);
    computed_ = plan_.computed_by(rank(), size());
    counts_ = plan_.of_rank(rank(), size()).size() > 0;
    for (std::size_t k = 0; k < computed_.size(); ++k) {
      ShardPlace<T>& place = shard_places_[k];
      place.local = k;
      place.samples = count_of(k);
      place.whole = samples;
      place.first = counts_ && computed_.first + k == 0;
    }
  }
  const ShardPlan& plan() const { return plan_; }
  /// The shards of this rank, as they are counted here, and their samples.
  std::size_t own() const { return computed_.size(); }
  std::size_t first_of(std::size_t k) const { return plan_.start_of(computed_.first + k); }
  std::size_t count_of(std::size_t k) const { return plan_.start_of(computed_.first + k + 1) - first_of(k); }
  /// Whether they are anybody else's.
  bool counts() const { return counts_; }
  ShardPlace<T>* place_of(std::size_t k) { return exchanges_ ? &shard_places_[k] : nullptr; }

  /// Calls work(k) for every shard of this rank. What it throws on this rank alone ends all ranks.
  template <class F>
  void for_each(Workers& workers, F&& work) {
    failure_ = nullptr;
    failed_ = false;
    if (exchanges_) {
      exchange_.begin(plan_, working_);
      workers.run(own(), [&](std::size_t k) {
        exchange_.enter();
        guarded([&] { work(k); });
        exchange_.leave();
      });
    } else {
      const std::size_t threads = std::min(own(), working_);
      workers.run(threads, [&](std::size_t t) {
        for (std::size_t k = t * own() / threads; k < (t + 1) * own() / threads; ++k) guarded([&] { work(k); });
      });
    }
    if (failure_) fail(failure_);
  }
  /// Ends all ranks by what one has thrown, or throws it on.
  [[noreturn]] void fail(std::exception_ptr failure) const {
    try {
      std::rethrow_exception(failure);
    } catch (const AgreedError&) {
      throw;
    } catch (const std::exception& error) {
      if (size() > 1) ranks_->abort(error.what());
      throw;
    }
  }

  /// Whether each rank keeps the optimizer's arrays for a piece of the parameters: where that begins, of so many numbers.
  bool splits_states() const { return zero_ == 1 && size() > 1; }
  std::size_t start_of_piece(std::size_t rank, std::size_t count) const {
    return rank * (count / alignment) / size() * alignment;
  }
  /// Piece r of these is right on rank r, and then everywhere.
  void share_pieces(std::span<T> numbers) {
    bounds_.clear();
    for (std::size_t r = 0; r <= size(); ++r) bounds_.push_back(start_of_piece(r, numbers.size()) * sizeof(T));
    ranks_->all_gather_pieces(numbers.data(), bounds_);
  }

  GradientSum<T>& gradients() { return gradients_; }
  /// The numbers of all shards, `each` of them a shard, from those of this rank's.
  std::span<const double> gather(std::span<const double> own_numbers, std::size_t each) {
    of_shards_.resize(plan_.shards * each);
    if (size() == 1) {
      std::copy(own_numbers.begin(), own_numbers.end(), of_shards_.begin());
      return of_shards_;
    }
    const std::size_t most = (plan_.shards + size() - 1) / size();
    padded_.assign(most * each, 0);
    std::copy(own_numbers.begin(), own_numbers.end(), padded_.begin());
    gather_numbers(*ranks_, Phase::loss, padded_, of_ranks_);
    for (std::size_t r = 0; r < size(); ++r) {
      const ShardRange range = plan_.of_rank(r, size());
      std::copy_n(of_ranks_.begin() + static_cast<std::ptrdiff_t>(r * most * each), range.size() * each,
                  of_shards_.begin() + static_cast<std::ptrdiff_t>(range.first * each));
    }
    return of_shards_;
  }
  /// Column `k` of those, added up over the tree.
  double sum_of(std::span<const double> numbers, std::size_t each, std::size_t k) {
    column_.resize(plan_.shards);
    for (std::size_t s = 0; s < plan_.shards; ++s) column_[s] = numbers[s * each + k];
    return tree_sum(column_);
  }

  std::vector<double> own_numbers{};  // of this rank's shards, to be gathered
  ClassCount classes{};               // of the whole batch

private:
  Sharding(World* world, std::size_t batch_size, std::size_t shards, bool exchanges, std::size_t gradients)
      : ranks_(world ? world->ranks : nullptr),
        most_(checked(shards)),
        exchanges_(exchanges),
        zero_(world ? world->zero : 0),
        exchange_(ranks_),
        gradients_(ranks_, gradients, !world || world->exact) {
    const std::size_t whole = ShardPlan::of(batch_size, most_).shards;
    places_ = std::max<std::size_t>((whole + size() - 1) / size(), 1);
    largest_ = std::max((batch_size + most_ - 1) / most_, std::min(batch_size, 2 * smallest_shard - 1));
    working_ = std::min(num_threads(), places_);
    shard_places_.resize(places_);
    for (ShardPlace<T>& place : shard_places_) place.exchange = &exchange_;
  }
  static std::size_t checked(std::size_t shards) {
    constexpr std::size_t most = std::size_t{1} << 20;
    if (shards >= 1 && shards <= most) return shards;
    throw Error("training: expected 1 to " + std::to_string(most) + " shards, got " + std::to_string(shards));
  }
  template <class F>
  void guarded(F&& f) {
    try {
      f();
    } catch (const ShardFailed&) {
    } catch (...) {
      if (!failed_.exchange(true)) failure_ = std::current_exception();
      exchange_.give_up();
    }
  }

  Communicator* ranks_;
  std::size_t most_, places_ = 1, largest_ = 1, working_ = 1;
  bool exchanges_, counts_ = true;
  int zero_;
  std::vector<std::size_t> bounds_{};
  ShardPlan plan_{};
  ShardRange computed_{};
  std::vector<ShardPlace<T>> shard_places_{};
  BatchExchange<T> exchange_;
  GradientSum<T> gradients_;
  std::vector<double> of_shards_{}, of_ranks_{}, padded_{}, column_{};
  std::atomic<bool> failed_{false};
  std::exception_ptr failure_{};
  OneBlasThread blas_{};
};

extern template class Sharding<float>;
extern template class Sharding<double>;

}  // namespace tenon::detail
