#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include <tenon/dist/communicator.hpp>
#include <tenon/dist/tree.hpp>
#include <tenon/model/shard_slot.hpp>

namespace tenon::detail {

/// How layers that look at the whole batch, such as batch normalisation, get the sums of the other shards. Each shard
/// has a thread of its own; at such a layer it gives its own sums, waits until all shards of all ranks have done so,
/// and goes on with the sum over the tree. At most `working_threads` threads of a rank work at a time.
template <class T>
class BatchExchange {
public:
  explicit BatchExchange(Communicator* ranks);
  ~BatchExchange();

  /// Called before each pass over the shards that this rank computes (`plan.computed_by`).
  void begin(const ShardPlan& plan, size_t working_threads);
  /// Called by a shard's thread before it works and after it has ended, with or without an exception.
  void enter();
  void leave();
  /// This shard has failed and takes part in no further exchange; the shards that wait for it throw ShardFailed.
  void give_up();

  struct How {
    enum class By : unsigned char { sum, largest, moments } by = By::sum;
    size_t pairs = 0;  // of moments, see ShardPlace::sum_moments: in front, each of two spans of `length`
    size_t length = 0;
    double values_of_sample = 0;  // values of a sample in each of these moments
  };
  /// Replaces the numbers of shard `local` (0 is the first of this rank) by their sum, or maximum, over all shards.
  void combine(size_t local, std::span<const std::span<T>> numbers, const How& how);

private:
  void finish(const How& how);
  void fold(ShardRange range, const How& how);

  Communicator* ranks_;
  ShardPlan plan_{};
  ShardRange computed_{};
  size_t length_ = 0, arrived_ = 0, free_ = 0;
  std::uint64_t round_ = 0;
  bool broken_ = false;
  std::vector<T> own_{}, all_{};  // of the shards of this rank, and of all in the order of ranks
  std::vector<T> result_{};
  std::vector<T*> shard_{};  // where each shard's numbers are
  struct Meeting;            // a mutex and a condition
  std::unique_ptr<Meeting> meeting_;
};

extern template class BatchExchange<float>;
extern template class BatchExchange<double>;

/// Thrown in a shard that waits for one that has failed. The exception to report is that of the failed shard.
struct ShardFailed {};

}  // namespace tenon::detail
