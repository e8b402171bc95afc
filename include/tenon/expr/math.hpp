#pragma once

// Elementary functions for loops: without branches, so that a compiler turns a `#pragma omp simd`
// loop over any of them into vector code; constexpr; and free of everything but the language, for
// bare metal. Within 4 ulp of the exact value, with libm's answers at infinities, NaN and the ends
// of the range. Right with and without contraction into fma, but not under -ffast-math, which
// breaks the rounding tricks. (A NaN may be the argument of a constant expression on every
// compiler, but clang refuses to compute one.)
#include <tenon/expr/math/basic.hpp>
#include <tenon/expr/math/erf.hpp>
#include <tenon/expr/math/exp.hpp>
#include <tenon/expr/math/log.hpp>
#include <tenon/expr/math/pow.hpp>
#include <tenon/expr/math/trigonometric.hpp>
