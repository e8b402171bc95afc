#pragma once

#include <tenon/compiler.hpp>

// A vectorised loop exists only if every call in its body disappears, and a body compiled once per
// instruction set (kernels/dispatch.hpp) only if it disappears into its wrapper: there inlining is
// a matter of meaning, not of taste.
//
//     template <class T> TENON_INLINE constexpr T half(T x) { return x / 2; }
//     auto body = [=](auto i) TENON_INLINE_LAMBDA { y[i] = half(x[i]); };
//
// A lambda takes the older spelling because [[...]] behind its parameters would belong to the type,
// not the function.
#if defined(__GNUC__)
#define TENON_INLINE [[gnu::always_inline]] inline
#define TENON_INLINE_LAMBDA __attribute__((always_inline))
#else
#define TENON_INLINE inline
#define TENON_INLINE_LAMBDA
#endif

/// A function that stays one: many of them inlined into their one caller make a body that takes a compiler long.
#if defined(__GNUC__)
#define TENON_NOINLINE [[gnu::noinline]]
#else
#define TENON_NOINLINE
#endif

/// All that a function calls becomes part of it, so that layers of a few dozen numbers are not slowed down by calls.
#if defined(__GNUC__)
#define TENON_FLATTEN [[gnu::flatten]]
#else
#define TENON_FLATTEN
#endif
