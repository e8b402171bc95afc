#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace tenon::mpi_ranks {

/// Says that a rank has died, and at which step, where no other rank on its machine could: a child process that waits
/// for the end of a pipe, which comes with the rank's own, however that ends. It is there before MPI is, since a
/// process that forks later would share pages with the network's hardware; whoever is not alone on a machine sends it
/// away.
class Witness {
public:
  Witness();
  ~Witness() { dismiss(); }
  Witness(const Witness&) = delete;
  Witness& operator=(const Witness&) = delete;

  void name(std::size_t rank);
  void at(std::uint64_t step) noexcept {
    if (notes_) notes_->step.store(step, std::memory_order_relaxed);
  }
  /// The rank ends in order, or others watch over it.
  void dismiss();

private:
  struct Notes {
    std::atomic<std::uint64_t> rank{0}, step{0};
    std::atomic<bool> dismissed{false};
  };
  [[noreturn]] static void watch(const Notes& notes, int end_of_rank);

  Notes* notes_ = nullptr;  // shared with the child
  int pipe_ = -1;           // nothing is ever written
  int child_ = -1;
};

}  // namespace tenon::mpi_ranks
