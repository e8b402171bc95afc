#pragma once

#include <cstddef>
#include <type_traits>

#include <tenon/net/inputs.hpp>
#include <tenon/net/layer.hpp>
#include <tenon/net/mistakes.hpp>
#include <tenon/net/reshaping.hpp>

/// Whether what a layer is bound to has all that the contract asks for (net/layer.hpp), and what is missing.
namespace tenon {

/// A layer of the user's own lacks members of the contract: `lacks<"initializers", "backward">`.
template <class Layer, class Lacks>
struct incomplete_layer;
template <fixed_string... Name>
struct lacks;

namespace detail {

/// What any layer may ask of its context.
struct AnyContext {
  bool overwrite_gradients = false;
};

template <class B>
concept GivesInput = requires {
  typename B::input;
};
template <class B>
concept GivesOutput = requires {
  typename B::output;
};
template <class B>
concept GivesInitializers = requires {
  typename B::initializers;
};
template <class B>
concept GivesParameters = requires {
  B::parameters.size();
};
template <class B>
concept GivesNeeds = requires {
  B::needs.saved.sample;
};

/// Of layers of several inputs, rows come in arrays.
template <class B>
inline constexpr size_t bound_inputs = 1;
template <GivesInput B>
inline constexpr size_t bound_inputs<B> = input_count<typename B::input>;
template <class B, class T>
using RowsInto = std::conditional_t<bound_inputs<B> == 1, Rows<T>, RowsOf<T, bound_inputs<B>>>;

template <class B>
concept GivesForward = requires(AnyContext& ctx, const Memory<float>& m, RowsInto<B, const float> x, Rows<float> y) {
  B::forward(ctx, m, x, y, Evaluation{});
};
template <class B>
concept GivesBackward = requires(AnyContext& ctx, const Memory<float>& m, RowsInto<B, const float> x,
                                 Rows<const float> y, RowsInto<B, float> dx) {
  B::backward(ctx, m, x, y, y, dx);
};

/// A formula, whose code is the library's, and what only moves numbers.
template <class B>
concept MadeByLibrary = requires {
  typename B::code;
}
|| requires { B::passthrough; }
|| requires { B::moves_numbers; }
|| requires { typename B::moves; };

}  // namespace detail

/// A layer bound to its input: it has all that the contract asks for, or it is a composition with a layout.
template <class B>
concept BoundLayer = detail::MadeByLibrary<B> || requires {
  B::layout;
} ||(detail::GivesInput<B>&& detail::GivesOutput<B>&& detail::GivesParameters<B>&& detail::GivesInitializers<B>&&
         detail::GivesNeeds<B>&& detail::GivesForward<B>&& detail::GivesBackward<B>);

namespace detail {

template <fixed_string Name>
struct lacking_one;
/// The names of what is missing.
template <class Missing, class... Next>
struct lacking_names {
  using type = Missing;
};
template <fixed_string... Name, fixed_string Next, class... Rest>
struct lacking_names<lacks<Name...>, lacking_one<Next>, Rest...> : lacking_names<lacks<Name..., Next>, Rest...> {};
template <fixed_string... Name, class... Rest>
struct lacking_names<lacks<Name...>, void, Rest...> : lacking_names<lacks<Name...>, Rest...> {};

template <bool Given, fixed_string Name>
using if_missing = std::conditional_t<Given, void, lacking_one<Name>>;
template <class B>
using what_is_missing = typename lacking_names<
    lacks<>, if_missing<GivesInput<B>, "input">, if_missing<GivesOutput<B>, "output">,
    if_missing<GivesParameters<B>, "parameters">, if_missing<GivesInitializers<B>, "initializers">,
    if_missing<GivesNeeds<B>, "needs">, if_missing<GivesForward<B>, "forward">,
    if_missing<GivesBackward<B>, "backward">>::type;

template <class B, class In>
struct output_or {
  using type = In;
};
template <GivesOutput B, class In>
struct output_or<B, In> {
  using type = typename B::output;
};

/// Stands for such a layer, so that checking can go on with the shape it gives, if it says one.
template <class L, class In, class Bound>
struct IncompleteLayer : Reshaping<In, typename output_or<Bound, In>::type> {
  using mistakes = list<incomplete_layer<layer<path<>, L>, what_is_missing<Bound>>>;
};

}  // namespace detail
}  // namespace tenon
