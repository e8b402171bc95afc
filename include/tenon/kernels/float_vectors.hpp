#pragma once

#include <cstddef>
#include <type_traits>

#include <tenon/inline.hpp>

/// Loops over several arrays of one length, number by number, with vectors of four floats where a Cortex-M has them
/// (Helium: Cortex-M55, M85). Compilers do not make vectors of such loops by themselves, as arrays might overlap.
namespace tenon::kernels {

namespace detail {

#if defined(__ARM_FEATURE_MVE) && (__ARM_FEATURE_MVE & 2)
inline constexpr bool has_float_vectors = true;
using FourFloats = float __attribute__((vector_size(16), aligned(4), may_alias));

TENON_INLINE FourFloats& four(float* p) { return *reinterpret_cast<FourFloats*>(p); }
TENON_INLINE const FourFloats& four(const float* p) { return *reinterpret_cast<const FourFloats*>(p); }
#else
inline constexpr bool has_float_vectors = false;
template <class T>
T& four(T* p);  // never called
#endif

template <class T>
inline constexpr bool is_float = std::is_same_v<std::remove_const_t<T>, float>;

}  // namespace detail

/// Calls step(p[i]...) for each i below n, with references to floats or to four neighbours at once, which `auto&`
/// parameters take both. Every number is computed as one by one, so results do not depend on the processor. Without
/// vectors four steps may be written out (`ByFours`), which pays where they are short.
template <bool ByFours = false, class Step, class... T>
TENON_INLINE constexpr void each_number(size_t n, Step step, T*... p) {
  if constexpr (detail::has_float_vectors && (detail::is_float<T> && ...)) {
    if (!std::is_constant_evaluated())
      for (; n >= 4; n -= 4) {
        step(detail::four(p)...);
        ((p += 4), ...);
      }
  }
  for (; ByFours && n >= 4; n -= 4) {
    step(p[0]...), step(p[1]...), step(p[2]...), step(p[3]...);
    ((p += 4), ...);
  }
  for (size_t i = 0; i < n; ++i) step(p[i]...);
}

}  // namespace tenon::kernels
