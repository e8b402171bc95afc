#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include <tenon/dist/communicator.hpp>
#include <tenon/dist/gradient_cut.hpp>
#include <tenon/dist/tree.hpp>
#include <tenon/model/arena.hpp>
#include <tenon/model/shard_slot.hpp>

namespace tenon::detail {

/// Adds up the gradients of all shards of a batch, whichever rank has them. Each rank is responsible for one part of
/// the gradients. It adds up the ranges of the tree that lie within its own shards, sends every other rank that rank's
/// part of these sums, finishes the tree for its own part, and receives the results of the others. A rank sends and
/// receives 2 (ranks - 1) / ranks times the gradients, as a ring does, where the number of ranks is a power of two;
/// otherwise the first half of this is up to log2(shards of a rank) times as much.
///
/// It does so in pieces, from the end of the arena to its beginning, as backward completes them: a piece is first sent
/// when all shards of this rank have gone past it, and continued whenever a layer is done. Each piece is added in the
/// same tree whenever its messages arrive, so the bits do not depend on that.
template <class T>
class GradientSum {
public:
  /// `ranks` may be null. The gradients are `count` numbers. Sums that are split are exact.
  GradientSum(Communicator* ranks, size_t count, bool exact, size_t piece_bytes = 0, bool split = false);

  /// Cuts `numbers` numbers into ranges for threads, and calls work(object, first, count) for each.
  struct Pieces {
    using Work = void (*)(void* object, size_t first, size_t count);
    void (*call)(void* context, size_t numbers, Work work, void* object);
    void* context;
  };

  /// to = the sum of all shards' gradients, with `add` also of what is in `to`, which is the same on all ranks. `own`
  /// are the gradients of this rank's shards, in their order; they are overwritten. `to` is none of them: it also
  /// receives messages; where sums are split, those of this rank's own parts are all that is right afterwards.
  void run(const ShardPlan& plan, std::span<T* const> own, T* to, bool add, const Pieces& pieces) {
    begin(plan, own, !own.empty(), to, add);
    finish(pieces);
  }
  /// The same in two calls, before and after a backward pass that calls `done_from`. A rank without a shard of its own
  /// computes one all the same (ShardPlan::computed_by), which is not added (`counts` is false).
  void begin(const ShardPlan& plan, std::span<T* const> computed, bool counts, T* to, bool add);
  void finish(const Pieces& pieces);
  /// The gradients of shard `local` are complete from `first` to the end. May be called by any thread.
  void done_from(size_t local, const T* first);
  /// Processes the messages that have arrived, without waiting. May be called by any thread.
  void progress();

  bool splits() const { return split_; }
  /// What this rank has the sums of: everything, or its own parts.
  OwnParts own_numbers() const { return {own_numbers_.data(), own_numbers_.size()}; }
  /// Where sums are split: before it, each rank has the right numbers in its own parts; afterwards all of them do.
  void share(T* numbers);

  size_t bytes() const { return received_.size() * sizeof(T); }

private:
  using Pending = Communicator::Pending;
  struct Piece {
    size_t number = 0;  // among the pieces of a batch
    size_t first = 0, end = 0;
    std::vector<size_t> bounds{};  // of the ranks' parts
    size_t received_at = 0;        // where in received_ the other ranks' sums of this rank's part begin
    enum class At : unsigned char { start, sums, results, end } at = At::start;
    std::unique_ptr<Pending> pending{};
    size_t part_of(size_t rank) const { return bounds[rank + 1] - bounds[rank]; }
  };
  void prepare(const ShardPlan& plan);
  void add_alone(const Pieces& pieces);
  void add_own(size_t first, size_t count);
  void add_own(size_t first, size_t count, const Pieces& pieces);
  struct Part {
    ShardRange range;
    size_t rank;
    bool first;  // of its rank's
  };
  std::vector<Piece> cut(const GradientCut& cut, size_t before) const;
  GradientCut joined_cut(size_t count, size_t most) const;
  size_t place(std::vector<Piece>& pieces, size_t at) const;
  bool fits(const Piece& piece, const Part& part) const;
  template <class F>
  void each_addend(const Piece& piece, F f);
  std::span<Piece> join_rest();
  void start(Piece& piece);
  void send_sums(Piece& piece);
  void add_sums(Piece& piece);
  void take_arrived();
  void take_results(Piece& piece);
  void end(Piece& piece);
  void add_shared(std::span<const size_t> bounds, T* numbers);
  void keep(size_t first, size_t end, const T* sum);
  T* fast_sum() { return own_parts_.empty() ? received_.data() : own_parts_[0]; }

  Communicator* ranks_;
  size_t count_, piece_bytes_;
  bool exact_, split_;
  GradientCut cut_{};
  std::vector<OwnNumbers> own_numbers_{};
  size_t shards_ = 0;                    // for which the following were prepared
  std::vector<Part> parts_{};            // of all ranks, from left to right
  std::vector<TreeProgram> own_sums_{};  // of this rank's parts
  TreeProgram last_sum_{};
  std::vector<Piece> pieces_{};  // from the end of the arena to its beginning
  std::vector<Piece> joined_{};  // sent after backward instead of the pieces from number joined_after_ on
  size_t joined_after_ = 0;
  Arena<T> received_{};

  // of this batch
  std::mutex mutex_{};  // MPI is called by one thread at a time
  std::span<T*const> computed_{}, own_{};
  T* to_ = nullptr;
  bool add_ = false;
  std::vector<size_t> done_{};       // of each shard here: complete from there on
  size_t next_ = 0;                  // the piece to send next
  std::vector<Piece*> under_way_{};  // that are being sent, in this order
  size_t begun_with_ = 0;            // numbers that were still to be sent when backward ended
  std::vector<T*> own_parts_{};
  std::vector<const T*> addends_{};
  std::vector<Communicator::Outgoing> out_{};
  std::vector<Communicator::Incoming> in_{};
};

extern template class GradientSum<float>;
extern template class GradientSum<double>;

}  // namespace tenon::detail
