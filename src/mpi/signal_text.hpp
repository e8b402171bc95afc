#pragma once

#include <cstddef>

#include <unistd.h>

namespace tenon::mpi_ranks {

/// A line on stderr, by what a signal handler may do.
class SignalText {
public:
  void put(const char* text) {
    while (*text && length_ < sizeof text_) text_[length_++] = *text++;
  }
  void put(unsigned long long number) {
    char digits[24];
    int n = 0;
    do digits[n++] = static_cast<char>('0' + number % 10);
    while ((number /= 10) > 0);
    while (n > 0 && length_ < sizeof text_) text_[length_++] = digits[--n];
  }
  void write_out() const { [[maybe_unused]] const auto written = ::write(STDERR_FILENO, text_, length_); }

private:
  char text_[256];
  std::size_t length_ = 0;
};

inline void say_died(unsigned long long rank, unsigned long long step) {
  SignalText text;
  text.put("rank ");
  text.put(rank);
  text.put(" has died at step ");
  text.put(step);
  text.put(": the job ends; a run with ModelCheckpoint{.resume = true} goes on from its last checkpoint\n");
  text.write_out();
}

}  // namespace tenon::mpi_ranks
