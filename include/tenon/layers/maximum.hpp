#pragma once

#include <cstddef>

#include <tenon/layers/elementwise/unit.hpp>

namespace tenon {

namespace detail {

/// The largest, or (Sign -1) the smallest.
template <int Sign>
struct ExtremeOf {
  static constexpr const char* onnx = Sign > 0 ? "Max" : "Min";
  static constexpr bool reads_inputs = true, like_first = false;
  static constexpr size_t macs(size_t) { return 0; }

  template <class T, size_t N>
  static constexpr T value(const std::array<T, N>& v) {
    T best = v[0];
    for (size_t k = 1; k < N; ++k) best = better(v[k], best) || v[k] != v[k] ? v[k] : best;
    return best;
  }
  template <size_t K, class T, size_t N>
  static constexpr T slope(const std::array<T, N>& v) {
    T alike = 0;
    for (size_t k = 0; k < N; ++k) {
      if (better(v[k], v[K])) return T(0);
      alike += v[k] == v[K] ? T(1) : T(0);
    }
    return 1 / alike;
  }

private:
  template <class T>
  static constexpr bool better(T a, T b) {
    return Sign > 0 ? a > b : a < b;
  }
};

}  // namespace detail

/// y = max(a, b, ...), number by number, of two or more inputs; NaN if any of them is.
///
/// Shapes: as Multiply's. Gradient: dy to the largest, in equal shares if there are several, as in PyTorch.
/// PyTorch: torch.maximum; of several, torch.amax of their stack. Keras: Maximum. ONNX: Max.
///
///     Node<"maxout", Maximum, "a", "b">
struct Maximum : detail::ElementwiseLayer<detail::ExtremeOf<1>, 2, 32, two_or_more_inputs> {};

}  // namespace tenon
