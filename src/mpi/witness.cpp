#include "witness.hpp"

#include <cerrno>
#include <csignal>
#include <new>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "signal_text.hpp"

namespace tenon::mpi_ranks {

/// Where there are no more processes, pipes or pages to be had, there is no witness.
Witness::Witness() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return;
  void* shared = ::mmap(nullptr, sizeof(Notes), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared != MAP_FAILED) {
    notes_ = new (shared) Notes;
    child_ = ::fork();
    if (child_ == 0) {
      ::close(ends[1]);
      watch(*notes_, ends[0]);
    }
  }
  ::close(ends[0]);
  pipe_ = ends[1];
  if (child_ < 0) dismiss();
}

/// Only what a process that was forked from one with threads may do. SIGTERM, which mpirun sends to all that a rank has
/// started, ends it without a word.
void Witness::watch(const Notes& notes, int end_of_rank) {
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) ::signal(signal, SIG_DFL);
  // what is open for the rank would otherwise stay open when it dies
  const long most = ::sysconf(_SC_OPEN_MAX);
  for (int file = 0; file < (most > 0 && most < 65536 ? most : 65536); ++file)
    if (file != end_of_rank && file != STDERR_FILENO) ::close(file);
  char none;
  while (::read(end_of_rank, &none, 1) < 0 && errno == EINTR) {
  }
  if (!notes.dismissed.load()) say_died(notes.rank.load(), notes.step.load());
  ::_exit(0);
}

void Witness::name(std::size_t rank) {
  if (notes_) notes_->rank.store(rank);
}

void Witness::dismiss() {
  if (notes_) notes_->dismissed.store(true);
  if (pipe_ >= 0) ::close(pipe_);
  if (child_ > 0)
    while (::waitpid(child_, nullptr, 0) < 0 && errno == EINTR) {
    }
  if (notes_) ::munmap(notes_, sizeof(Notes));
  notes_ = nullptr;
  pipe_ = child_ = -1;
}

}  // namespace tenon::mpi_ranks
