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
class Waiting {
public:
  /// 0 waits for ever.
  explicit Waiting(double limit) : limit_(limit) {}
  void open();   // all ranks; MPI has to run
  void close();  // all ranks

  /// 0 once all have ended, or the error that MPI gives. -1 after `limit` seconds; `missing` says then who is missing.
  int wait(std::span<MPI_Request> requests);
  std::string missing() const;

private:
  using Clock = std::chrono::steady_clock;
  void answer();
  void ask(std::span<MPI_Request> requests);

  double limit_;
  int rank_ = 0, size_ = 1;
  MPI_Comm questions_ = MPI_COMM_NULL;
  std::vector<int> silent_{};
};

}  // namespace tenon::mpi_ranks
