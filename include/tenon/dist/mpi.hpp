#pragma once

#include <cstddef>
#include <memory>

#include <tenon/dist/communicator.hpp>
#include <tenon/options.hpp>

namespace tenon {

struct DistributedOptions {
  /// How many shards a batch is cut into, unless a Fit says otherwise; further ranks have nothing to do.
  size_t shards = 8;
  /// Adds gradients in one tree, so that any number of ranks gives the same bits; false: in MPI's own order.
  bool exact = true;
  size_t threads = 0;  ///< of each rank; 0: its share of the machine's processors
  /// 1: each rank has the sums of gradients, and the optimizer's arrays, of its own parts alone (ZeRO-1).
  int zero = 0;
  bool quiet = false;  ///< says nothing at the start
  /// Bytes of a piece in which gradients are sent, in at most 32 pieces; 0: 768 kB, or 128 kB times the number of ranks
  /// where that is more.
  size_t piece_bytes = 0;
  /// Seconds that a rank waits for another one before it ends the job and names that one; 0: without limit.
  double timeout = 1800;

  static constexpr void each_option(auto& o, auto visit) {
    visit("shards", o.shards, at_least(1));
    visit("threads", o.threads, from_to(0, 1024));
    visit("timeout", o.timeout, from_to(0, 1e9));
  }
};

/// At the top of `main`: this program is one of several that `mpirun -n 4 ./train` has started, and trains with the
/// others.
///
///     int main() {
///       Distributed world;
///       ...
///       fit(model, train, Fit{...});                                        // as for one process; all ranks call it
///       const Scores scores = evaluate(model, test);                        // each sample once, the same on all ranks
///       if (world.leads()) std::printf("accuracy: %.4f\n", scores.accuracy);
///     }
///
/// Started alone it is the only rank. Batches, weights, history and metrics are the same on all ranks, and, bit for
/// bit, the same for any number of them; see docs/guides/many_machines.md. Files, progress and reports are rank 0's.
/// What goes wrong on one rank ends all of them with one message, and so does a rank that does not answer for
/// `timeout` seconds (torch.distributed: init_process_group's timeout). It starts MPI and ends it; there may be one.
class Distributed {
public:
  using Options = DistributedOptions;

  explicit Distributed(const Options& options = {});
  ~Distributed();
  Distributed(const Distributed&) = delete;
  Distributed& operator=(const Distributed&) = delete;

  size_t rank() const;
  size_t size() const;
  /// Whether this is rank 0, which shows and writes.
  bool leads() const { return rank() == 0; }
  Communicator& ranks();

private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tenon
