#pragma once

#include <chrono>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include <mpi.h>

namespace tenon::mpi_ranks {

/// Waits for MPI's requests, but not for ever: who has waited for `limit` seconds asks the others whether they wait,
/// too. A rank that waits answers; one that is stopped, hangs, or is at something endless does not.
///
/// Who has been asked to stop (StopOnSignal) waits less: a scheduler sends its signal to the others, too, when a rank
/// has died on another machine, and then the step never ends. The others get time to do what has taken longest so far
/// between two waits, three times over.
class Waiting {
public:
  /// 0 waits for ever.
  explicit Waiting(double limit) : limit_(limit) {}
  void open();   // all ranks; MPI has to run
  void close();  // all ranks

  /// 0 once all have ended, or the error that MPI gives. -1 after too long a time; `missing` says then who is missing.
  int wait(std::span<MPI_Request> requests);
  std::string missing() const;
  /// After -1: whether this is the first of the ranks that are there.
  bool is_first() const;

private:
  using Clock = std::chrono::steady_clock;
  int poll(std::span<MPI_Request> requests);
  double limit() const;
  void tell(int rank, int tag);
  void answer();
  void ask(std::span<MPI_Request> requests);

  double limit_;
  double longest_work_ = 0;  // seconds between two waits
  Clock::time_point waited_until_{};
  Clock::time_point asked_to_stop_{};
  int rank_ = 0, size_ = 1;
  MPI_Comm questions_ = MPI_COMM_NULL;
  std::vector<int> silent_{};
};

}  // namespace tenon::mpi_ranks
