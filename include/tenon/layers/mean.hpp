#pragma once

#include <cstddef>

#include <tenon/layers/elementwise/unit.hpp>

namespace tenon {

namespace detail {

struct MeanOf {
  static constexpr const char* onnx = "Add";
  static constexpr bool averages = true;
  static constexpr bool reads_inputs = false, like_first = false;
  static constexpr size_t macs(size_t) { return 0; }

  template <class T, size_t N>
  static constexpr T value(const std::array<T, N>& v) {
    T sum = v[0];
    for (size_t k = 1; k < N; ++k) sum += v[k];
    return sum / static_cast<T>(N);
  }
  template <size_t K, class T, size_t N>
  static constexpr T slope(const std::array<T, N>&) {
    return 1 / static_cast<T>(N);
  }
};

}  // namespace detail

/// y = (a + b + ...) / how many, number by number, of two or more inputs: an ensemble within a network.
///
/// Shapes: as Multiply's. Gradient: dy / how many, summed over what is repeated. PyTorch: torch.stack(...).mean(0).
/// Keras: Average. ONNX: Mean.
///
///     Node<"vote", Mean, "network_a", "network_b", "network_c">
struct Mean : detail::ElementwiseLayer<detail::MeanOf, 2, 32, two_or_more_inputs> {};

}  // namespace tenon
