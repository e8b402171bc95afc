#pragma once

// One timed repeat, and what is needed to tell whether the machine was quiet while it ran.

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <vector>

namespace bench {

using Run = std::function<void(long)>;  // performs that many steps

struct Repeat {
  double seconds_per_step = 0;
  double probe = 0;    // GFLOP/s of the slower of the two probes around it
  long preempted = 0;  // involuntary context switches
};

inline constexpr double repeat_seconds = 0.020;
inline constexpr double probe_tolerance = 0.93;

inline bool is_clean(const Repeat& repeat, double best_probe) {
  return repeat.preempted == 0 && repeat.probe >= probe_tolerance * best_probe;
}

inline double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const auto half = values.size() / 2;
  return values.size() % 2 != 0 ? values[half] : (values[half - 1] + values[half]) / 2;
}

inline double seconds_now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// Keeps the compiler from dropping or hoisting the work that produced what `address` points to.
inline void keep(const void* address) { asm volatile("" : : "r"(address) : "memory"); }

namespace detail {

// 12 independent chains: latency 4 times 2 units needs 8, and AVX2 has 16 registers.
template <int Bytes>
[[gnu::always_inline]] inline double probe_with_vectors_of() {
  typedef float Lanes __attribute__((vector_size(Bytes)));
  constexpr int rounds = 40'000, chain_count = 12;
  Lanes chains[chain_count] = {}, scale = Lanes{} + 0.999f, shift = Lanes{} + 0.001f;
  keep(&scale), keep(&shift);
  const double start = seconds_now();
  for (int round = 0; round < rounds; ++round)
#pragma GCC unroll 12  // so that the chains live in registers at -O2 as well
    for (Lanes& chain : chains) chain = chain * scale + shift;
  keep(chains);
  constexpr double flops = 2.0 * rounds * chain_count * Bytes / sizeof(float);
  return flops / (seconds_now() - start) * 1e-9;
}

#if defined(__x86_64__)
[[gnu::target("avx512f")]] inline double probe_avx512() { return probe_with_vectors_of<64>(); }
[[gnu::target("avx2,fma")]] inline double probe_avx2() { return probe_with_vectors_of<32>(); }
#endif

inline long involuntary_switches() {
  rusage usage{};
  getrusage(RUSAGE_THREAD, &usage);
  return usage.ru_nivcsw;
}

inline double time_steps(const Run& run, long steps) {
  const double start = seconds_now();
  run(steps);
  return seconds_now() - start;
}

}  // namespace detail

// About 0.1 ms of multiply-adds in registers: how fast the core is running right now. The vectors
// are chosen at run time, so that programs built with different flags agree.
inline double fma_probe() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f")) return detail::probe_avx512();
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return detail::probe_avx2();
#endif
  return detail::probe_with_vectors_of<16>();
}

// How many steps fill one repeat.
inline long steps_per_repeat(const Run& run) {
  long steps = 1;
  double seconds = detail::time_steps(run, steps);
  while (seconds < repeat_seconds / 2) seconds = detail::time_steps(run, steps *= 2);
  return std::max(1L, static_cast<long>(static_cast<double>(steps) * repeat_seconds / seconds));
}

// Another process ran on this core since the last repeat: caches are filled again before the clock
// starts.
inline Repeat time_repeat(const Run& run, long steps) {
  run(steps / 8 + 1);
  Repeat repeat;
  repeat.preempted = -detail::involuntary_switches();
  const double before = fma_probe();
  repeat.seconds_per_step = detail::time_steps(run, steps) / static_cast<double>(steps);
  repeat.probe = std::min(before, fma_probe());
  repeat.preempted += detail::involuntary_switches();
  return repeat;
}

}  // namespace bench
