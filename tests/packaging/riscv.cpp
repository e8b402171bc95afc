// The services of platform.hpp by the two system calls that qemu's user mode needs, and the few functions of a C
// library that compilers call: bare Debian has none for this compiler.
#include "platform.hpp"

#include <cstddef>

int main();

namespace {

long call(long number, long a, long b, long c) {
  register long a7 asm("a7") = number;
  register long a0 asm("a0") = a;
  register long a1 asm("a1") = b;
  register long a2 asm("a2") = c;
  asm volatile("ecall" : "+r"(a0) : "r"(a7), "r"(a1), "r"(a2) : "memory");
  return a0;
}

}  // namespace

namespace platform {

void print(const char* text) {
  std::size_t length = 0;
  while (text[length] != 0) ++length;
  call(64, 1, reinterpret_cast<long>(text), static_cast<long>(length));
}
void finish(int status) {
  call(93, status, 0, 0);
  for (;;) {
  }
}
std::uint32_t stack_used() { return 0; }
void start_count() {}
std::uint32_t instructions() { return 0; }

}  // namespace platform

extern "C" {

void* memcpy(void* to, const void* from, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) static_cast<volatile char*>(to)[i] = static_cast<const char*>(from)[i];
  return to;
}
void* memmove(void* to, const void* from, std::size_t count) {
  volatile char* const t = static_cast<volatile char*>(to);
  const char* const f = static_cast<const char*>(from);
  if (t < f) return memcpy(to, from, count);
  for (std::size_t i = count; i > 0; --i) t[i - 1] = f[i - 1];
  return to;
}
void* memset(void* to, int value, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) static_cast<volatile char*>(to)[i] = static_cast<char>(value);
  return to;
}
// Correctly rounded square roots, digit by digit, as every C library has them.
double sqrt(double x) {
  if (!(x > 0)) return x;
  double scale = 1;
  while (x >= 4) x /= 4, scale *= 2;
  while (x < 1) x *= 4, scale /= 2;
  const auto digits = static_cast<unsigned long long>(x * 0x1p54);  // pairs of them; behind these come zeros
  unsigned long long root = 0, remainder = 0;
  for (int bit = 0; bit < 54; ++bit) {
    remainder = remainder << 2 | (bit < 28 ? digits >> (54 - 2 * bit) & 3 : 0);
    const unsigned long long trial = root << 2 | 1;
    root <<= 1;
    if (remainder >= trial) remainder -= trial, root |= 1;
  }
  return static_cast<double>((root >> 1) + (root & 1)) * 0x1p-52 * scale;  // no root lies half way between two numbers
}
float sqrtf(float x) { return static_cast<float>(sqrt(static_cast<double>(x))); }

void _start() { platform::finish(main()); }

}  // extern "C"
