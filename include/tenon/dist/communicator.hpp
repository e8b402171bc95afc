#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <tenon/dist/rank_seconds.hpp>
#include <tenon/error.hpp>

namespace tenon {

/// The processes ("ranks") that train one model together, as everything else in Tenon sees them: MPI (dist/mpi.hpp),
/// or threads of one process (dist/thread_ranks.hpp). Every rank makes the same calls in the same order. One thread of
/// a rank calls at a time.
class Communicator {
public:
  struct Outgoing {
    size_t to;
    const void* data;
    size_t bytes;
  };
  struct Incoming {
    size_t from;
    void* data;
    size_t bytes;
  };

  /// An exchange that has been started. The caller keeps this object, leaves what is sent unchanged and does not touch
  /// the memory that receives, until it has ended.
  class Pending {
  public:
    Pending() = default;
    Pending(const Pending&) = delete;
    Pending& operator=(const Pending&) = delete;
    virtual ~Pending() = default;
    /// Whether it has ended. It may make progress during this call only.
    virtual bool test() = 0;
    virtual void wait() = 0;
  };

  Communicator() = default;
  Communicator(const Communicator&) = delete;
  Communicator& operator=(const Communicator&) = delete;
  virtual ~Communicator() = default;

  virtual size_t rank() const noexcept = 0;
  virtual size_t size() const noexcept = 0;

  /// Messages from rank to rank: all of `out` are sent and all of `in` have arrived when it returns. Those from one
  /// rank to another arrive in the order sent. The calls below use this one unless an implementation overrides them.
  virtual void exchange(std::span<const Outgoing> out, std::span<const Incoming> in) = 0;
  /// The same without waiting. Several may be pending, each with a tag of its own below 2^14; their messages do not mix
  /// with those of other calls. The default implementation exchanges at once.
  virtual std::unique_ptr<Pending> start(std::span<const Outgoing> out, std::span<const Incoming> in, size_t tag);
  /// Gathers `bytes` bytes of every rank, in the order of the ranks, on every rank.
  virtual void all_gather(const void* mine, void* all, size_t bytes);
  virtual void broadcast(void* data, size_t bytes, size_t from);
  virtual void barrier();
  /// The sum over all ranks, in whatever order is fastest: the last bits depend on the number of ranks.
  virtual void all_reduce(std::span<float> numbers) = 0;
  virtual void all_reduce(std::span<double> numbers) = 0;
  /// The same without waiting; all ranks start theirs in the same order. The default implementation sums at once.
  virtual std::unique_ptr<Pending> start_all_reduce(std::span<float> numbers);
  virtual std::unique_ptr<Pending> start_all_reduce(std::span<double> numbers);
  /// For a failure of this rank alone: ends the processes of all ranks with this message.
  [[noreturn]] virtual void abort(const std::string& message) = 0;
  /// The same for a failure that every rank has found, each by itself: rank 0's message is the one that is shown.
  [[noreturn]] virtual void abort_alike(const std::string& message);

  /// The number of the optimizer's steps so far, which messages name. May be called by any thread.
  void at_step(std::uint64_t step);
  std::uint64_t step() const;
  /// Seconds of this rank since they were last added to a history.
  RankSeconds seconds{};
  /// The share of the last gradients, from 0 to 1, that had been sent when backward ended.
  double overlapped = 0;

private:
  mutable std::uint64_t step_ = 0;  // by atomic_ref: <atomic> is long, and every program would read it
};

/// An Error that every rank throws with the same words, so that rank 0 alone need say it.
class AgreedError : public Error {
public:
  using Error::Error;
};

/// Training by several ranks: who they are, and how a batch is cut.
struct World {
  Communicator* ranks = nullptr;
  size_t shards = 8;  // of a batch, unless a Fit says otherwise
  bool exact = true;  // the same bits for any number of ranks; else MPI's own sum of gradients
  int zero = 0;  // 1: each rank has the sums of gradients, and the optimizer's arrays, of its own parts alone (ZeRO-1)
  size_t piece_bytes = 0;  // bytes of a piece in which gradients are sent; 0: see detail::gradient_pieces
};

namespace detail {

/// The world that this thread trains in, or null.
World* current_world() noexcept;
/// While it lives, `world` is the world of this thread, or of the whole process.
class InWorld {
public:
  enum class Of { thread, process };
  InWorld(World& world, Of of) noexcept;
  ~InWorld();
  InWorld(const InWorld&) = delete;
  InWorld& operator=(const InWorld&) = delete;

private:
  Of of_;
  World* before_;
};

/// The place in the program where ranks exchange numbers. Ranks that meet at different places are a mistake in it.
enum class Phase : unsigned char { start, loss, gradients, step, callbacks, evaluate, measure, words, end };

/// Gathers the numbers of all ranks, rank after rank, in `all`; every rank has as many. Where the ranks are not at the
/// same phase, the job ends with a message.
void gather_numbers(Communicator& ranks, Phase phase, std::span<const double> mine, std::vector<double>& all);
/// Waits for all ranks. Where they are not at the same phase, the job ends with that message.
void meet(Communicator& ranks, Phase phase);
/// Whether `mine` is true on any rank.
bool any_rank(Communicator& ranks, Phase phase, bool mine);
/// The text of rank `from`, on all ranks.
std::string share_words(Communicator& ranks, std::string words, size_t from);

}  // namespace detail
}  // namespace tenon
