// Whether instructions are counted well: of so many that every timer of the boards begins anew meanwhile, two halves
// make the whole, and the whole is what was executed.
#include "platform.hpp"

namespace {

[[gnu::noinline]] std::uint32_t count(std::uint32_t instructions) {
  platform::start_count();
  std::uint32_t turns = instructions / 2;
  asm volatile(".syntax unified\n"
               "1: subs %0, #1\n"
               "bne 1b"
               : "+l"(turns)
               :
               : "cc");
  return platform::instructions();
}

}  // namespace

int main() {
  constexpr std::uint32_t half = 110'000'000;
  const std::uint32_t first = count(half), second = count(half), whole = count(2 * half);
  platform::print("first ", first);
  platform::print("second ", second);
  platform::print("whole ", whole);
  const auto near = [](std::uint32_t a, std::uint32_t b) { return a - b + b / 10'000 <= b / 5'000; };
  return near(first + second, whole) && near(whole, 2 * half) ? 0 : 1;
}
