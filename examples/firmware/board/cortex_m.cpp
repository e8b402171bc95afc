// From power-on to main on a Cortex-M, and the few services of the debugger (semihosting) that a
// test needs: printing, ending with a status. The stack is painted, so that its depth can be read.
#include "platform.hpp"

extern "C" {
extern std::uint32_t data_begin, data_end, data_source, bss_begin, bss_end, stack_top;
int main();
[[noreturn]] void reset();
[[noreturn]] void fault();
}

namespace {

constexpr std::uint32_t paint = 0xc0ffee11;
constexpr std::uint32_t painted_bytes = 16 * 1024;

std::uint32_t* stack_limit() { return &stack_top - painted_bytes / 4; }

int semihosting(int operation, const void* argument) {
  register int r0 asm("r0") = operation;
  register const void* r1 asm("r1") = argument;
  asm volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
  return r0;
}

}  // namespace

using Handler = void (*)();

// The first word is the stack pointer; a Cortex-M begins in the second. Every fault ends the test.
struct VectorTable {
  std::uint32_t* stack;
  Handler handlers[15];
};
[[gnu::section(".vectors"), gnu::used]] extern const VectorTable vectors = {
    &stack_top,
    {reset, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault}};

// Its loops would become calls of memcpy and memset, half a kilobyte of library.
#if defined(__clang__)
[[clang::no_builtin("memcpy", "memset")]]
#else
[[gnu::optimize("no-tree-loop-distribute-patterns")]]
#endif
void reset() {
#if defined(__ARM_FP) || defined(__ARM_FEATURE_MVE)
  auto* const coprocessor_access = reinterpret_cast<volatile std::uint32_t*>(0xe000ed88);
  *coprocessor_access = *coprocessor_access | 0xfU << 20;
  asm volatile("dsb\n isb" ::: "memory");
#endif
  const std::uint32_t* from = &data_source;
  for (std::uint32_t* to = &data_begin; to != &data_end;) *to++ = *from++;
  for (std::uint32_t* to = &bss_begin; to != &bss_end;) *to++ = 0;
  std::uint32_t* here;
  asm volatile("mov %0, sp" : "=r"(here));
  for (std::uint32_t* to = stack_limit(); to < here;) *to++ = paint;
  platform::finish(main());
}

void fault() { platform::finish(99); }

namespace platform {

void print(const char* text) { semihosting(0x04, text); }

void finish(int status) {
  const std::uint32_t report[2] = {0x20026, static_cast<std::uint32_t>(status)};
  semihosting(0x20, report);
  for (;;) {
  }
}

std::uint32_t stack_used() {
  const std::uint32_t* deepest = stack_limit();
  while (deepest < &stack_top && *deepest == paint) ++deepest;
  return static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(&stack_top) -
                                    reinterpret_cast<std::uintptr_t>(deepest));
}

#if defined(__ARM_FEATURE_MVE)

// The MPS3 board has a counter of 64 bits at 32 MHz. Under `-icount shift=10` an instruction takes 1,024 ns, which is
// 32.768 ticks. It interrupts nothing, so that the stack is that of the program alone.
volatile std::uint32_t* const counter = reinterpret_cast<volatile std::uint32_t*>(0x58100000);
void start_count() {
  counter[0] = 0;
  counter[2] = 0;
  counter[3] = 0;
  counter[0] = 1;
}
std::uint32_t instructions() {
  counter[0] = 0;
  const std::uint64_t ticks = (std::uint64_t{counter[3]} << 32) + counter[2];
  return static_cast<std::uint32_t>(ticks * 125 / 4096);
}

#else

// TIMER0 of the MPS2 boards counts down at 25 MHz. Under `-icount shift=10` an instruction takes
// 1,024 ns, which is 25.6 ticks, so it begins anew every 168 million of them. The dual timer counts every 256th tick
// and tells how often it did.
volatile std::uint32_t* const timer = reinterpret_cast<volatile std::uint32_t*>(0x40000000);
volatile std::uint32_t* const slow_timer = reinterpret_cast<volatile std::uint32_t*>(0x40002000);
void start_count() {
  timer[0] = 0;
  slow_timer[2] = 0;
  timer[2] = 0xffffffff;
  timer[1] = 0xffffffff;
  slow_timer[0] = 0xffffffff;
  slow_timer[2] = 0x8a;  // runs, 32 bits, every 256th tick
  timer[0] = 1;
}
std::uint32_t instructions() {
  const std::uint64_t ticks = 0xffffffffU - timer[1], slow_ticks = std::uint64_t{0xffffffffU - slow_timer[1]} << 8;
  const std::uint64_t rounds = (slow_ticks - ticks + (std::uint64_t{1} << 31)) >> 32;
  return static_cast<std::uint32_t>(((rounds << 32) + ticks) * 5 / 128);
}

#endif

}  // namespace platform
