#pragma once

#include <array>
#include <cstddef>
#include <initializer_list>
#include <limits>
#include <type_traits>

namespace tenon {

namespace detail {

/// More numbers than these no memory can hold, whatever their type.
inline constexpr size_t most_numbers = std::numeric_limits<std::ptrdiff_t>::max() / 8;

/// The product, or, where it is larger than that, `most_numbers`.
constexpr size_t product_of(std::initializer_list<size_t> extents) {
  size_t product = 1;
  bool fits = true;
  for (const size_t extent : extents) {
    if (extent == 0) return 0;
    fits = fits && product <= most_numbers / extent;
    product = fits ? product * extent : most_numbers;
  }
  return product;
}

}  // namespace detail

/// The shape of one sample, outermost axis first: `Shape<784>`, `Shape<1, 28, 28>` (channels,
/// height, width), `Shape<T, F>` (time, features). The batch is never part of it.
template <size_t... D>
struct Shape {
  static constexpr size_t rank = sizeof...(D);
  static constexpr size_t size = detail::product_of({D...});
  static_assert(size < detail::most_numbers, "a shape has more numbers than any memory can hold");
  static constexpr std::array<size_t, rank> dims{D...};

  /// The outermost axis: channels of an image, time steps of a sequence, features of a vector.
  static constexpr size_t front = [] {
    size_t first = 1;
    size_t axis = 0;
    ((axis++ == 0 ? void(first = D) : void()), ...);
    return first;
  }();
  /// How many numbers one index of the outermost axis holds.
  static constexpr size_t inner = front == 0 ? 0 : size / front;
};

template <class T>
inline constexpr bool is_shape = false;
template <size_t... D>
inline constexpr bool is_shape<Shape<D...>> = true;

/// A `Shape<...>` and nothing else.
template <class T>
concept AnyShape = is_shape<T>;

namespace detail {

template <class First, class... Rest>
struct concat_front;

template <size_t F, size_t... D, size_t... G>
struct concat_front<Shape<F, D...>, Shape<G, D...>...> {
  using type = Shape<(F + ... + G), D...>;
};

template <class... S>
concept ConcatenableShapes = requires {
  typename concat_front<S...>::type;
};

}  // namespace detail

/// Shapes joined along their outermost axis; all other axes must agree.
template <AnyShape... S>
  requires detail::ConcatenableShapes<S...>
using concatenate = typename detail::concat_front<S...>::type;

/// All numbers of a shape as one vector.
template <AnyShape S>
using flatten = Shape<S::size>;

}  // namespace tenon
