#pragma once

#include <cstdint>

/// What a test program asks of the machine it runs on.
namespace platform {

void print(const char* text);
[[noreturn]] void finish(int status);
std::uint32_t stack_used();  // bytes at the deepest so far; 0 where unknown
void start_count();
std::uint32_t instructions();  // since start_count; means something under qemu's -icount only

inline void print(std::uint32_t number) {
  char text[11];
  char* begin = text + 10;
  *begin = 0;
  do {
    *--begin = static_cast<char>('0' + number % 10);
    number /= 10;
  } while (number != 0);
  print(begin);
}
inline void print(const char* label, std::uint32_t number) {
  print(label);
  print(number);
  print("\n");
}

}  // namespace platform
