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

/// What layers that look at the whole batch, such as batch normalisation, learn of the other shards. Each shard is run
/// by a thread of its own; at such a layer it leaves what it has summed up, waits until all shards of all ranks have,
/// and goes on with the sum over the tree. Only so many of the threads of a rank work at a time.
template <class T>
class BatchExchange {
public:
  explicit BatchExchange(Communicator* ranks);
  ~BatchExchange();

  /// Before a pass over the shards of this rank, `plan.computed_by`.
  void begin(const ShardPlan& plan, std::size_t working_threads);
  /// A shard's thread begins to work, and has ended; whether in good order or not.
  void enter();
  void leave();
  /// This shard will come to no exchange any more, nor will those that wait for it: they throw.
  void give_up();

  struct How {
    enum class By : unsigned char { sum, largest, moments } by = By::sum;
    std::size_t pairs = 0;  // of moments, see ShardPlace::sum_moments: in front, each of two spans of this length
    std::size_t length = 0;
    double values_of_sample = 0;  // and of so many values a sample
  };
  /// Replaces numbers of shard `local`, counted from the first of this rank, by what all shards' give together.
  void combine(std::size_t local, std::span<const std::span<T>> numbers, const How& how);

private:
  void finish(const How& how);
  void fold(ShardRange range, const How& how);

  Communicator* ranks_;
  ShardPlan plan_{};
  ShardRange computed_{};
  std::size_t length_ = 0, arrived_ = 0, free_ = 0;
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

/// What waits in vain, because another shard has failed; not what is to be told.
struct ShardFailed {};

}  // namespace tenon::detail
