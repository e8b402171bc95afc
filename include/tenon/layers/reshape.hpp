#pragma once

#include <cstddef>
#include <type_traits>

#include <tenon/layers/input.hpp>
#include <tenon/net/mistakes.hpp>
#include <tenon/net/reshaping.hpp>

namespace tenon {

/// The same numbers as another shape of the same size: `Reshape<1, 28, 28>` makes an image of 784
/// features. No number moves: numbered as they lie,
///     y_k = x_k.
/// PyTorch: nn.Unflatten. ONNX: Reshape.
/// Shapes: any to the one given, of the same size. Gradient: dy in x's shape. Error: a size that differs.
///
///     using Net = Sequential<Dense<16, 784>, Sigmoid, Reshape<1, 28, 28>, Conv2D<4, 3, padding<same>>>;
template <size_t... D>
struct Reshape {
  using shape = typename detail::usable_shape<D...>::type;
  using invalid = std::conditional_t<detail::usable_shape<D...>::whole, void, takes<one_or_more_sizes_of_at_least_1>>;
  template <class In>
  using problem = std::conditional_t<In::size == shape::size, void, takes<as_many_numbers_as<shape>>>;

  template <class In>
  struct at : detail::Reshaping<In, shape> {};
};

}  // namespace tenon
