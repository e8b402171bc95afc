#pragma once

#include <cstddef>

#include <tenon/layers/elementwise/unit.hpp>

namespace tenon {

struct three_inputs;

namespace detail {

struct ChoiceOf {
  static constexpr bool reads_inputs = true, like_first = false;
  static constexpr size_t macs(size_t) { return 0; }

  template <class T>
  static constexpr T value(const std::array<T, 3>& v) {
    return v[0] != 0 ? v[1] : v[2];
  }
  template <size_t K, class T>
  static constexpr T slope(const std::array<T, 3>& v) {
    return K == 0 || (v[0] != 0) != (K == 1) ? T(0) : T(1);
  }
};

}  // namespace detail

/// y = a where the condition is not 0, b where it is, number by number: what is not chosen has no part in it, be it
/// infinite or NaN. The condition is the first input, as of `Map<(x > 0)>`.
///
/// Shapes: as Multiply's. Gradient: dy to what was chosen, 0 to the condition. PyTorch: torch.where(condition, a, b).
/// ONNX: Where.
///
///     Node<"kept", Where, "mask", "scores", "nothing">
struct Where : detail::ElementwiseLayer<detail::ChoiceOf, 3, 3, three_inputs> {};

}  // namespace tenon
