#pragma once

#include <tenon/inline.hpp>

// One plain x86-64 binary, every vector unit: a loop body is compiled for the baseline, for AVX2
// and for AVX-512, and the processor at hand decides at run time.
//
//     kernels::dispatch([=]() TENON_INLINE_LAMBDA {
//       #pragma omp simd
//       for (size_t i = 0; i < n; ++i) y[i] = math::tanh(x[i]);
//     });
//
// The body and all it calls must be TENON_INLINE: what is not inlined keeps the instruction set it
// was compiled for. Capture by value; behind a reference the compiler must assume that a store to
// y[i] changes the captured number.
//
// The loops of formulas, of which a program has many, are compiled for AVX2 and AVX-512 alone (expr/loop_program.hpp).
//
// The targets name features instead of arch=x86-64-v3 and -v4: features are added to those of the
// file, so the wrappers also work where a file is built for more than v3 (arch= would then drop
// features that the inlined body has, which GCC refuses). Full 512-bit vectors have to be asked
// for: GCC by a width, clang by a tuning that wants them.
//
// Sanitizers get the baseline: their instrumentation and per-function targets do not mix (thread
// sanitizer crashes).
#if !defined(TENON_DISPATCH)
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define TENON_DISPATCH 1
#else
#define TENON_DISPATCH 0
#endif
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer) ||          \
    __has_feature(undefined_behavior_sanitizer)
#undef TENON_DISPATCH
#define TENON_DISPATCH 0
#endif
#endif
#endif

#if TENON_DISPATCH
#define TENON_X86_V3 "avx2,fma,bmi,bmi2,f16c,lzcnt,movbe"
#define TENON_X86_V4 TENON_X86_V3 ",avx512f,avx512bw,avx512cd,avx512dq,avx512vl"
#define TENON_TARGET_AVX2 __attribute__((target(TENON_X86_V3)))
#if defined(__clang__)
#define TENON_TARGET_AVX512 __attribute__((target(TENON_X86_V4 ",tune=znver4")))
#else
#define TENON_TARGET_AVX512 __attribute__((target(TENON_X86_V4 ",prefer-vector-width=512")))
#endif
#else
#define TENON_TARGET_AVX2
#define TENON_TARGET_AVX512
#endif

namespace tenon::kernels {

namespace detail {

// What the file itself is compiled for: up to there the body needs no wrapper, and the user's own
// tuning is respected. Without dispatch nothing is above it.
#if !TENON_DISPATCH || (defined(__AVX512F__) && defined(__AVX512DQ__) && defined(__AVX512BW__) && defined(__AVX512VL__))
inline constexpr int compiled_level = 2;
#elif defined(__AVX2__) && defined(__FMA__)
inline constexpr int compiled_level = 1;
#else
inline constexpr int compiled_level = 0;
#endif

#if TENON_DISPATCH
inline int level = -1;  // read and written as a std::atomic would be, whose header is long

TENON_INLINE int probe() noexcept {
  __builtin_cpu_init();
#if defined(__clang__) || __GNUC__ >= 12
  return __builtin_cpu_supports("x86-64-v4") ? 2 : __builtin_cpu_supports("x86-64-v3") ? 1 : 0;
#else  // g++ 11 has no names for the levels
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma") || !__builtin_cpu_supports("bmi2")) return 0;
  const bool all = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                   __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
                   __builtin_cpu_supports("avx512vl");
  return all ? 2 : 1;
#endif
}
#endif

template <class F, class... Args>
TENON_TARGET_AVX2 auto run_avx2(F body, Args... args) {
  return body(args...);
}

template <class F, class... Args>
TENON_TARGET_AVX512 auto run_avx512(F body, Args... args) {
  return body(args...);
}

}  // namespace detail

// The level that is used. 0: baseline, also on other processors and under sanitizers; 1: AVX2 and FMA (x86-64-v3); 2:
// AVX-512 (x86-64-v4). Constant-initialised and without a guard: usable from any static
// constructor, and two threads that ask first at the same moment store the same answer.
TENON_INLINE int cpu_level() noexcept {
#if TENON_DISPATCH
  int known = __atomic_load_n(&detail::level, __ATOMIC_RELAXED);
  if (known < 0) {
    known = detail::probe();
    __atomic_store_n(&detail::level, known, __ATOMIC_RELAXED);
  }
  return known;
#else
  return 0;
#endif
}

// For tests and benches: run with less than the processor has. Returns the level now in force.
TENON_INLINE int limit_cpu_level([[maybe_unused]] int at_most) noexcept {
#if TENON_DISPATCH
  const int available = detail::probe();
  __atomic_store_n(&detail::level, at_most < available ? at_most : available, __ATOMIC_RELAXED);
#endif
  return cpu_level();
}

// Calls body(args...) in the widest version that is compiled in and that this processor runs.
template <class F, class... Args>
TENON_INLINE auto dispatch(F body, Args... args) {
  if constexpr (detail::compiled_level < 2) {
    const int level = cpu_level();
    if (level == 2) return detail::run_avx512(body, args...);
    if constexpr (detail::compiled_level < 1) {
      if (level == 1) return detail::run_avx2(body, args...);
    }
  }
  return body(args...);
}

}  // namespace tenon::kernels
