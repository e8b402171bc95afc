#pragma once

#include <array>
#include <cstddef>
#include <type_traits>
#include <utility>

#include <tenon/net/check.hpp>
#include <tenon/net/composition.hpp>
#include <tenon/net/inputs.hpp>
#include <tenon/net/named.hpp>
#include <tenon/shape.hpp>
#include <tenon/type_list.hpp>

/// Walks that need to know what shapes a network's parts are given, and where they stand.
namespace tenon {

template <size_t... D>
struct Input;

namespace detail {

/// What the layer gives for a shape that it takes.
template <class L, class In>
struct shape_given {
  using type = typename bind<unnamed<L>, In>::type::output;
};
template <size_t... D, class In>
struct shape_given<Input<D...>, In> {
  using type = In;
};
template <class L, class In>
using output_of_part = typename shape_given<L, In>::type;

/// The shape of a step of a sequence.
template <class S>
struct without_front {
  using type = S;
};
template <size_t T, size_t First, size_t... D>
struct without_front<Shape<T, First, D...>> {
  using type = Shape<First, D...>;
};
/// The first N steps of a sequence, and the others.
template <size_t N, class S>
struct parted {
  using type = list<S, S>;
};
template <size_t N, size_t T, size_t... D>
  requires(T > N)
struct parted<N, Shape<T, D...>> {
  using type = list<Shape<N, D...>, Shape<T - N, D...>>;
};

template <class Done, class In, class... Part>
struct chain_inputs {
  using type = Done;
};
template <class... Done, class In, class Part>
struct chain_inputs<list<Done...>, In, Part> {
  using type = list<Done..., In>;
};
template <class... Done, class In, class Part, class Next, class... Rest>
struct chain_inputs<list<Done...>, In, Part, Next, Rest...>
    : chain_inputs<list<Done..., In>, output_of_part<Part, In>, Next, Rest...> {};

template <class Part, class In>
using same_input = In;

template <class L, class In, class... Part>
constexpr auto part_inputs_of(list<Part...>) {
  constexpr Structure what = structure_of<L>;
  if constexpr (what == Structure::graph) return typename composition<L>::template inputs<In>{};
  else if constexpr (is_chain_like(what))
    return typename chain_inputs<list<>, typename first_input_of<In>::type, Part...>::type{};  // without a mask
  else if constexpr (what == Structure::split) return typename parted<composition<L>::place, In>::type{};
  else if constexpr (what == Structure::steps) return list<typename without_front<In>::type>{};
  else return list<same_input<Part, In>...>{};
}
/// The shapes that the parts of L are given where L is given In.
template <class L, class In>
using part_inputs = decltype(part_inputs_of<L, In>(parts_of<L>{}));

template <class L>
inline constexpr bool is_input_element = false;
template <size_t... D>
inline constexpr bool is_input_element<Input<D...>> = true;

template <class Path, class... Part, size_t... I>
constexpr auto part_paths_of(list<Part...>, std::index_sequence<I...>) {
  [[maybe_unused]] constexpr std::array<size_t, sizeof...(Part) + 1> place = [] {
    std::array<size_t, sizeof...(Part) + 1> all{};
    [[maybe_unused]] size_t i = 0, next = 0;
    ((all[i++] = next, next += is_input_element<Part> ? 0 : 1), ...);
    return all;
  }();
  return list<typename relocate_word<Path, void, typename element<Part>::template path_at<place[I]>>::type...>{};
}
/// Where the parts of L stand, which stands at Path. The part of a Repeat stands for its copies, at 0.
template <class L, class Path>
constexpr auto list_part_paths() {
  constexpr Structure what = structure_of<L>;
  if constexpr (what == Structure::named || is_wrapper(what)) return list<Path>{};
  else return part_paths_of<Path>(parts_of<L>{}, std::make_index_sequence<parts_of<L>::size>{});
}
template <class L, class Path>
using part_paths = decltype(list_part_paths<L, Path>());

/// The first of them that is not void, or void.
template <class... Refusal>
struct first_refusal {
  using type = void;
};
template <class A, class... Refusal>
struct first_refusal<A, Refusal...> {
  using type = A;
};
template <class... Refusal>
struct first_refusal<void, Refusal...> : first_refusal<Refusal...> {};

}  // namespace detail
}  // namespace tenon
