#pragma once

#include <tenon/layers/map.hpp>
#include <tenon/net/mistakes.hpp>

namespace tenon {

struct a_rate_of_at_least_0_and_below_1;

/// Sets each number to 0 with probability Rate and divides the others by 1 - Rate ("inverted"
/// dropout: evaluation passes everything as it is). Srivastava et al. 2014. The mask of a step is a
/// function of the model's seed, the layer and the step. PyTorch: nn.Dropout. ONNX: Dropout.
template <auto Rate>
struct Dropout : Map<x * dropout_mask<Rate>> {
  using invalid = std::conditional_t<(Rate >= 0 && Rate < 1), void, takes<a_rate_of_at_least_0_and_below_1>>;
};

}  // namespace tenon
