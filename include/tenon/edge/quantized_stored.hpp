#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include <tenon/edge/quantized_plan.hpp>

/// Layers whose weights lie in four bits or have one scale: kernels/int8_stored.hpp.
namespace tenon::edge::detail {

/// A dense layer, step K of a network.
template <class Net, size_t K, class Bias>
constexpr void run_stored_dense(const kernels::DenseRowsOf<Bias>& rows, const std::int8_t* x, std::int8_t* y) {
  constexpr kernels::StoredRows stored = quantized_plan<Net>.steps[K].stored();
  if constexpr (stored.in_four_bits) kernels::dense_four_bits_int8(rows, stored.one_scale, x, y);
  else kernels::dense_int8<true>(rows, x, y);
}

/// A convolution, step K of a network, with its scratch.
template <class Net, size_t K>
constexpr void run_stored_convolution(const kernels::DenseRows& rows, const kernels::Convolution& image,
                                      std::int8_t outside, const std::int8_t* x, std::int8_t* y, std::int8_t* scratch) {
  constexpr QuantizedStep step = quantized_plan<Net>.steps[K];
  constexpr size_t count = step.rows_at_once();
  std::int8_t* const weights = scratch + kernels::convolution_int8_scratch(image);
  const auto run = [&](std::int32_t* multiplier, std::int8_t* shift) {
    const kernels::StoredSpace space{count, weights, multiplier, shift};
    kernels::convolution_stored_int8(rows, step.stored(), space, image, outside, x, y, scratch);
  };
  if constexpr (step.stored_scales() == 0) {
    run(nullptr, nullptr);
  } else if (std::is_constant_evaluated()) {  // where no bytes become other numbers
    std::int32_t multiplier[count]{};
    std::int8_t shift[count]{};
    run(multiplier, shift);
  } else {
    std::int8_t* const scales = weights + step.stored_weights();
    run(reinterpret_cast<std::int32_t*>(scales), scales + 4 * count);
  }
}

}  // namespace tenon::edge::detail
