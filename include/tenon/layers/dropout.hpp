#pragma once

#include <type_traits>

#include <tenon/layers/map.hpp>
#include <tenon/net/mistakes.hpp>

namespace tenon {

struct a_rate_of_at_least_0_and_below_1;

namespace detail {

template <auto Rate>
constexpr bool is_rate() {
  if constexpr (std::is_arithmetic_v<decltype(Rate)>) return Rate >= 0 && Rate < 1;
  else return false;
}
/// The rate, or 0 where it is none and the layer is refused.
template <auto Rate>
constexpr auto usable_rate() {
  if constexpr (is_rate<Rate>()) return Rate;
  else return 0;
}

}  // namespace detail

/// Sets each number to 0 with probability Rate and divides the others by 1 - Rate: y = m x / (1 - Rate), with a random
/// mask m of 0 and 1 ("inverted" dropout: evaluation passes everything as it is). Srivastava et al. 2014. The mask of a
/// step is a function of the model's seed, the layer and the step.
///
/// Shapes: any to the same. Gradient: dy / (1 - Rate) where a number was kept, otherwise 0. PyTorch: nn.Dropout.
/// ONNX: Dropout.
///
///     using Net = Sequential<Dense<784, 128>, ReLU, Dropout<0.5>, Dense<10>>;
template <auto Rate>
struct Dropout : Map<x * dropout_mask<detail::usable_rate<Rate>()>> {
  using invalid = std::conditional_t<detail::is_rate<Rate>(), void, takes<a_rate_of_at_least_0_and_below_1>>;
};

}  // namespace tenon
