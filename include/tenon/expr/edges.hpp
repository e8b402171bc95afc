#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include <tenon/expr/expression.hpp>
#include <tenon/expr/lower.hpp>
#include <tenon/fixed_string.hpp>
#include <tenon/type_list.hpp>

/// Formulas of several inputs, each named after the node or the graph's input that it comes from.
namespace tenon::expr {

/// How noise of a formula is distributed.
enum class Draw : unsigned char { normal, uniform };

/// An argument of a call that goes to the input of this name.
template <fixed_string Name, class A>
struct Given {
  const A& value;
};
/// What the node or input of a graph with this name gives: `in<"mean">`.
/// As a function it names an argument: `model(in<"image">(images), in<"table">(tables))`.
template <fixed_string Name>
struct Edge {
  template <class A>
  constexpr Given<Name, A> operator()(const A& value) const {
    return {value};
  }
};
/// Random numbers, new for every sample and training step: of the standard normal distribution, or uniform in [-1, 1);
/// 0 in evaluation.
template <Draw D>
struct RandomNumbers : Callable<RandomNumbers<D>> {};

template <fixed_string N>
inline constexpr bool is_expression<Edge<N>> = true;
template <Draw D>
inline constexpr bool is_expression<RandomNumbers<D>> = true;

namespace detail {

/// The leaves of a formula that fulfil a predicate, each once, in the order of first mention.
template <template <class> class Is, class E, class Found>
struct find_leaves {
  using type = std::conditional_t<Is<E>::value && !contains<E, Found>, tenon::detail::append<Found, E>, Found>;
};
template <template <class> class Is, Op O, class A, class F>
struct find_leaves<Is, Operation<O, A>, F> : find_leaves<Is, A, F> {};
template <template <class> class Is, Op O, class A, class B, class F>
struct find_leaves<Is, Operation<O, A, B>, F> : find_leaves<Is, B, typename find_leaves<Is, A, F>::type> {};
template <template <class> class Is, Op O, class A, class B, class C, class F>
struct find_leaves<Is, Operation<O, A, B, C>, F>
    : find_leaves<Is, C, typename find_leaves<Is, B, typename find_leaves<Is, A, F>::type>::type> {};

template <class E>
struct is_edge : std::false_type {};
template <fixed_string N>
struct is_edge<Edge<N>> : std::true_type {};
template <class E>
struct is_random : std::false_type {};
template <Draw D>
struct is_random<RandomNumbers<D>> : std::true_type {};

template <class E>
inline constexpr std::string_view edge_name{};
template <fixed_string N>
inline constexpr std::string_view edge_name<Edge<N>> = N.view();
template <class E>
inline constexpr Draw draw_of = Draw::normal;
template <Draw D>
inline constexpr Draw draw_of<RandomNumbers<D>> = D;

/// Whether a formula has named inputs, or random numbers. Every formula is asked, so this makes no types.
template <class E>
inline constexpr bool has_edges = false;
template <fixed_string N>
inline constexpr bool has_edges<Edge<N>> = true;
template <Draw D>
inline constexpr bool has_edges<RandomNumbers<D>> = true;
template <Op O, class... A>
inline constexpr bool has_edges<Operation<O, A...>> = (has_edges<A> || ...);

}  // namespace detail

/// The named inputs of a formula, and the random numbers in it.
template <class E>
using edges_of = typename detail::find_leaves<detail::is_edge, E, list<>>::type;
template <class E>
using randoms_of = typename detail::find_leaves<detail::is_random, E, list<>>::type;

/// The formula with its named inputs numbered 0, 1, ..., followed by its random numbers. Where `Drawn` is false, as in
/// evaluation, each random number is the constant 0 instead.
template <class E, class Edges, class Randoms, bool Drawn>
struct number_edges {
  using type = E;
};
template <fixed_string N, class Edges, class R, bool D>
struct number_edges<Edge<N>, Edges, R, D> {
  using type = Input<detail::position<Edge<N>>(Edges{})>;
};
template <Draw W, class Edges, class R>
struct number_edges<RandomNumbers<W>, Edges, R, true> {
  using type = Input<static_cast<int>(Edges::size) + detail::position<RandomNumbers<W>>(R{})>;
};
template <Draw W, class Edges, class R>
struct number_edges<RandomNumbers<W>, Edges, R, false> {
  using type = Number<0.0>;
};
template <Op O, class... A, class Edges, class R, bool D>
struct number_edges<Operation<O, A...>, Edges, R, D> {
  using type = Operation<O, typename number_edges<A, Edges, R, D>::type...>;
};
template <class E, bool Drawn>
using with_numbered_edges = typename number_edges<E, edges_of<E>, randoms_of<E>, Drawn>::type;

/// Whether a formula has named inputs.
template <class E>
inline constexpr bool names_its_inputs = detail::has_edges<E>;

}  // namespace tenon::expr

namespace tenon {

namespace placeholders {

/// In a formula: what the node or input of the graph with this name gives.
template <fixed_string Name>
inline constexpr expr::Edge<Name> in{};
/// Standard normal numbers, new for every sample and training step; 0 in evaluation.
inline constexpr expr::RandomNumbers<expr::Draw::normal> normal_noise{};
/// Numbers uniform in [-1, 1); 0 in evaluation.
inline constexpr expr::RandomNumbers<expr::Draw::uniform> uniform_noise{};

}  // namespace placeholders
}  // namespace tenon
