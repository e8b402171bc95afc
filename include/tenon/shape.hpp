#pragma once

#include <array>
#include <cstddef>
#include <type_traits>

namespace tenon {

/// The shape of one sample, outermost axis first: `Shape<784>`, `Shape<1, 28, 28>` (channels,
/// height, width), `Shape<T, F>` (time, features). The batch is never part of it.
template <std::size_t... D>
struct Shape {
  static constexpr std::size_t rank = sizeof...(D);
  static constexpr std::size_t size = (std::size_t{1} * ... * D);
  static constexpr std::array<std::size_t, rank> dims{D...};

  /// The outermost axis: channels of an image, time steps of a sequence, features of a vector.
  static constexpr std::size_t front = [] {
    std::size_t first = 1;
    std::size_t axis = 0;
    ((axis++ == 0 ? void(first = D) : void()), ...);
    return first;
  }();
  /// How many numbers one index of the outermost axis holds.
  static constexpr std::size_t inner = front == 0 ? 0 : size / front;
};

template <class T>
inline constexpr bool is_shape = false;
template <std::size_t... D>
inline constexpr bool is_shape<Shape<D...>> = true;

/// A `Shape<...>` and nothing else.
template <class T>
concept AnyShape = is_shape<T>;

namespace detail {

template <class First, class... Rest>
struct concat_front;

template <std::size_t F, std::size_t... D, std::size_t... G>
struct concat_front<Shape<F, D...>, Shape<G, D...>...> {
  using type = Shape<(F + ... + G), D...>;
};

template <class... S>
concept ConcatenableShapes = requires { typename concat_front<S...>::type; };

}  // namespace detail

/// Shapes joined along their outermost axis; all other axes must agree.
template <AnyShape... S>
  requires detail::ConcatenableShapes<S...>
using concatenate = typename detail::concat_front<S...>::type;

/// All numbers of a shape as one vector.
template <AnyShape S>
using flatten = Shape<S::size>;

}  // namespace tenon
