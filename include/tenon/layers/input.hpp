#pragma once

#include <cstddef>
#include <type_traits>

#include <tenon/net/mistakes.hpp>
#include <tenon/net/reshaping.hpp>
#include <tenon/shape.hpp>

namespace tenon {

struct one_or_more_sizes_of_at_least_1;

namespace detail {

/// The shape, with 1 in the place of sizes of 0 (which are refused), so that checking can go on.
template <size_t... D>
struct usable_shape {
  static constexpr bool whole = ((D > 0) && ...);
  using type = Shape<(D > 0 ? D : 1)...>;
};
template <>
struct usable_shape<> {
  static constexpr bool whole = false;
  using type = Shape<1>;
};

}  // namespace detail

/// States the shape of a network's input, where its first layer does not: `Input<1, 28, 28>`. It
/// has no parameters, no index and no cost. Further down it is a check of the shape there:
///     y = x
/// PyTorch: none. Keras: Input. ONNX: the shape of the graph's input.
/// Gradient: dy. Error: any other shape there.
///
///     using Net = Sequential<Input<1, 28, 28>, Flatten, Dense<10>, Softmax>;
template <size_t... D>
struct Input {
  using invalid = std::conditional_t<detail::usable_shape<D...>::whole, void, takes<one_or_more_sizes_of_at_least_1>>;
  using expects = typename detail::usable_shape<D...>::type;
  template <class In>
  struct at : detail::Reshaping<In, In> {};
};

}  // namespace tenon
