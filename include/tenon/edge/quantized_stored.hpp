#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include <tenon/edge/quantized_plan.hpp>

/// Layers whose weights lie in four bits or have one scale: kernels/int8_stored.hpp.
namespace tenon::edge::detail {

/// Step K of a network, with its scratch. image: of a convolution.
template <class Net, std::size_t K>
constexpr void run_stored(const kernels::DenseRows& rows, const kernels::Convolution& image, std::int8_t outside,
                          const std::int8_t* x, std::int8_t* y, std::int8_t* scratch) {
  constexpr QuantizedStep step = quantized_plan<Net>.steps[K];
  constexpr bool dense = step.pattern.kind == StepKind::dense;
  constexpr std::size_t count = step.rows_at_once();
  std::int8_t* const weights = scratch + (dense ? 0 : kernels::convolution_int8_scratch(image));
  const auto run = [&](std::int32_t* multiplier, std::int8_t* shift) {
    const kernels::StoredSpace space{count, weights, multiplier, shift};
    if constexpr (dense) kernels::dense_stored_int8(rows, step.stored(), space, x, y);
    else kernels::convolution_stored_int8(rows, step.stored(), space, image, outside, x, y, scratch);
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
