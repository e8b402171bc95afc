#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include <tenon/dist/communicator.hpp>
#include <tenon/dist/tree.hpp>
#include <tenon/model/arena.hpp>

namespace tenon::detail {

/// Adds up the gradients of all shards of a batch, whichever rank has them. Each rank adds up what ranges of the tree
/// it has alone, sends every other rank its piece of these, finishes the tree for the piece of its own, and gets the
/// others': a rank sends and receives 2 (ranks - 1) / ranks times the gradients, as a ring does, where the number of
/// ranks is a power of two; else up to the logarithm of the shards of a rank times as much in the first half.
template <class T>
class GradientSum {
public:
  /// `ranks` may be null. The gradients are `count` numbers.
  GradientSum(Communicator* ranks, std::size_t count, bool exact) : ranks_(ranks), count_(count), exact_(exact) {}

  /// The numbers in pieces side by side, each by a thread: calls work(object, first, count) for all of them.
  struct Pieces {
    using Work = void (*)(void* object, std::size_t first, std::size_t count);
    void (*call)(void* context, Work work, void* object);
    void* context;
  };

  /// to = the sum of all shards' (and of what is in `to`, where it adds). `own` are the gradients of this rank's
  /// shards, in their order; they are changed.
  void run(const ShardPlan& plan, std::span<T* const> own, T* to, bool add, const Pieces& pieces);

  std::size_t bytes() const { return received_.size() * sizeof(T); }

private:
  void prepare(const ShardPlan& plan);
  void add_own(std::span<T* const> own, const Pieces& pieces);

  Communicator* ranks_;
  std::size_t count_;
  bool exact_;
  std::size_t shards_ = 0;  // that the following are for
  struct Part {
    ShardRange range;
    std::size_t rank;
  };
  std::vector<Part> parts_{};            // of all ranks, from left to right
  std::vector<TreeProgram> own_sums_{};  // of this rank's parts
  TreeProgram last_sum_{};
  std::vector<std::size_t> bounds_{};  // of the ranks' pieces, in numbers
  Arena<T> received_{};
  std::vector<T*> own_parts_{};
  std::vector<const T*> addends_{};
  std::vector<std::size_t> byte_bounds_{};
  std::vector<Communicator::Outgoing> out_{};
  std::vector<Communicator::Incoming> in_{};
};

extern template class GradientSum<float>;
extern template class GradientSum<double>;

}  // namespace tenon::detail
