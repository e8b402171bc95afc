#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <type_traits>

#include <tenon/layers/avg_pool1d.hpp>
#include <tenon/layers/avg_pool2d.hpp>
#include <tenon/layers/conv1d.hpp>
#include <tenon/layers/conv2d.hpp>
#include <tenon/layers/conv_transpose1d.hpp>
#include <tenon/layers/conv_transpose2d.hpp>
#include <tenon/layers/dense.hpp>
#include <tenon/layers/flatten.hpp>
#include <tenon/layers/global_avg_pool.hpp>
#include <tenon/layers/identity.hpp>
#include <tenon/layers/input.hpp>
#include <tenon/layers/map.hpp>
#include <tenon/layers/reshape.hpp>
#include <tenon/layers/subtract.hpp>
#include <tenon/net/add.hpp>
#include <tenon/net/checked.hpp>
#include <tenon/net/composition.hpp>
#include <tenon/net/execution.hpp>
#include <tenon/net/graph.hpp>

/// How a network's output moves along a direction, as a network.
namespace tenon {

/// The way in which `Tangent` runs a network.
struct along_a_direction;

namespace detail {

/// By which rule a layer takes a direction through. `none`: it is refused; `no_parameters`: the layer is linear,
/// without parameters; `affine`: W x + b; `formula`: element by element, with the formula's derivative.
enum class TangentRule { none, no_parameters, affine, formula };

template <class L>
inline constexpr TangentRule tangent_rule = [] {
  if constexpr (HasFormula<L>) {
    using E = typename L::formula;
    using Program = expr::Program<expr::Canonical<E>>;
    if constexpr (expr::parameters_of<E>::size > 0 || products_of<E>::size > 0 || (chunks_of<E>) > 1 ||
                  reduces_batch<E>)
      return TangentRule::none;
    else if constexpr (!Program::is_elementwise || Program::uses_noise) return TangentRule::none;
    else return TangentRule::formula;
  } else {
    return TangentRule::none;
  }
}();
template <auto... A>
inline constexpr TangentRule tangent_rule<Dense<A...>> = TangentRule::affine;
template <auto... A>
inline constexpr TangentRule tangent_rule<Conv1D<A...>> = TangentRule::affine;
template <auto... A>
inline constexpr TangentRule tangent_rule<Conv2D<A...>> = TangentRule::affine;
template <auto... A>
inline constexpr TangentRule tangent_rule<ConvTranspose1D<A...>> = TangentRule::affine;
template <auto... A>
inline constexpr TangentRule tangent_rule<ConvTranspose2D<A...>> = TangentRule::affine;
template <auto... A>
inline constexpr TangentRule tangent_rule<AvgPool1D<A...>> = TangentRule::no_parameters;
template <auto... A>
inline constexpr TangentRule tangent_rule<AvgPool2D<A...>> = TangentRule::no_parameters;
template <size_t... D>
inline constexpr TangentRule tangent_rule<Reshape<D...>> = TangentRule::no_parameters;
template <>
inline constexpr TangentRule tangent_rule<GlobalAvgPool> = TangentRule::no_parameters;
template <>
inline constexpr TangentRule tangent_rule<Flatten> = TangentRule::no_parameters;
template <>
inline constexpr TangentRule tangent_rule<Identity> = TangentRule::no_parameters;

/// "y7", "t7": names of nodes.
template <char Kind, size_t Number>
constexpr auto numbered_name() {
  constexpr std::string_view number = number_text<Number>;
  fixed_string<number.size() + 2> text;
  text.text[0] = Kind;
  std::copy(number.begin(), number.end(), text.text + 1);
  return text;
}

/// The derivative of formula E at what is called A, times what is called V.
template <class E, fixed_string A, fixed_string V>
using slope_times = expr::Operation<
    expr::Op::multiply, expr::Operation<expr::Op::gradient, typename plug<E, expr::Edge<A>>::type>, expr::Edge<V>>;

/// Walks down the chain and writes its nodes. `X` and `V` are the names of the nodes that give the value so far and its
/// direction.
template <fixed_string X, fixed_string V, size_t Index, class Nodes, class Layers>
struct tangent_walk;
template <fixed_string X, fixed_string V, size_t Index, class... Done>
struct tangent_walk<X, V, Index, list<Done...>, list<>> {
  template <class... In>
  using graph = Graph<In..., Done..., Out<V>>;
  using refused = void;
};
template <fixed_string X, fixed_string V, size_t Index, class... Done, size_t... D, class... Rest>
struct tangent_walk<X, V, Index, list<Done...>, list<Input<D...>, Rest...>>
    : tangent_walk<X, V, Index, list<Done...>, list<Rest...>> {};

template <TangentRule Rule, fixed_string X, fixed_string V, size_t Index, class Nodes, class Layers>
struct tangent_step {
  using refused = Layers;
};
template <fixed_string X, fixed_string V, size_t Index, class... Done, class L, class... Rest>
struct tangent_walk<X, V, Index, list<Done...>, list<L, Rest...>>
    : tangent_step<tangent_rule<L>, X, V, Index, list<Done...>, list<L, Rest...>> {};

template <fixed_string X, fixed_string V, size_t Index, class Nodes, class L, class... Rest>
struct tangent_step<TangentRule::none, X, V, Index, Nodes, list<L, Rest...>> {
  using refused = cannot_run<layer<path<Index>, L>, along_a_direction>;
};
/// What is linear takes the direction as it takes the value. Of the last layer the value is left out: nobody reads it.
template <fixed_string X, fixed_string V, size_t Index, class... Done, class L>
struct tangent_step<TangentRule::no_parameters, X, V, Index, list<Done...>, list<L>>
    : tangent_walk<X, numbered_name<'t', Index>(), Index + 1, list<Done..., Node<numbered_name<'t', Index>(), L, V>>,
                   list<>> {};
template <fixed_string X, fixed_string V, size_t Index, class... Done, class L, class... Rest>
  requires(sizeof...(Rest) > 0)
struct tangent_step<TangentRule::no_parameters, X, V, Index, list<Done...>, list<L, Rest...>>
    : tangent_walk<numbered_name<'y', Index>(), numbered_name<'t', Index>(), Index + 1,
                   list<Done..., Node<numbered_name<'y', Index>(), L, X>, Node<numbered_name<'t', Index>(), L, V>>,
                   list<Rest...>> {};
/// W v = (W (x + v) + b) - (W x + b).
template <fixed_string X, fixed_string V, size_t Index, class... Done, class L, class... Rest>
struct tangent_step<TangentRule::affine, X, V, Index, list<Done...>, list<L, Rest...>>
    : tangent_walk<
          numbered_name<'y', Index>(), numbered_name<'t', Index>(), Index + 1,
          list<Done..., Node<numbered_name<'y', Index>(), L, X>, Node<numbered_name<'s', Index>(), Add<>, X, V>,
               Node<numbered_name<'m', Index>(), Shared<numbered_name<'y', Index>()>, numbered_name<'s', Index>()>,
               Node<numbered_name<'t', Index>(), Subtract, numbered_name<'m', Index>(), numbered_name<'y', Index>()>>,
          list<Rest...>> {};
template <fixed_string X, fixed_string V, size_t Index, class... Done, class L>
struct tangent_step<TangentRule::formula, X, V, Index, list<Done...>, list<L>>
    : tangent_walk<
          X, numbered_name<'t', Index>(), Index + 1,
          list<Done..., Node<numbered_name<'t', Index>(), Map<slope_times<typename L::formula, X, V>{}>, X, V>>,
          list<>> {};
template <fixed_string X, fixed_string V, size_t Index, class... Done, class L, class... Rest>
  requires(sizeof...(Rest) > 0)
struct tangent_step<TangentRule::formula, X, V, Index, list<Done...>, list<L, Rest...>>
    : tangent_walk<numbered_name<'y', Index>(), numbered_name<'t', Index>(), Index + 1,
                   list<Done..., Node<numbered_name<'y', Index>(), L, X>,
                        Node<numbered_name<'t', Index>(), Map<slope_times<typename L::formula, X, V>{}>, X, V>>,
                   list<Rest...>> {};

template <class Net>
struct tangent_of_chain {
  using refused = cannot_run<layer<path<>, Net>, along_a_direction>;
};
template <class Net>
  requires(structure_of<Net> == Structure::chain)
struct tangent_of_chain<Net> : tangent_walk<"x", "v", 0, list<>, parts_of<Net>> {};

template <class Net>
struct refusal_of<along_a_direction, Net> {
  using type = typename tangent_of_chain<Net>::refused;
};

template <class Net, class In, bool Refused>
struct tangent_graph {
  using type = Net;
};
template <class Net, size_t... D>
struct tangent_graph<Net, Shape<D...>, false> {
  using type = typename tangent_of_chain<Net>::template graph<In<"x", D...>, In<"v", D...>>;
};
template <class Net>
struct tangent {
  static_assert(check_execution<along_a_direction, Net>());
  using type = typename tangent_graph<Net, input_shape<Net>, !runs_as<along_a_direction, Net>>::type;
};

}  // namespace detail

/// The directional derivative of a network at x along v, J(x) v, as a network of two inputs with the same parameters,
/// in the same places: what it gives can be differentiated as any network's output, and its gradients by the parameters
/// are second derivatives of the first network's. Exact: a formula's slope is its derivative by the compiler, and W v
/// is what W makes of x + v less what it makes of x. Pearlmutter 1994.
///
/// It has a rule for a Sequential of Dense, convolutions and their transposes, average pools, Flatten, Reshape,
/// Identity and element-wise formulas (all activations, with the second derivative of piecewise linear ones 0). Of
/// anything else it does not compile, and says of which layer: refusal<along_a_direction, Net>.
///
///     using D = Sequential<Dense<784, 128>, LeakyReLU<0.2>, Dense<1>>;
///     Model<Tangent<D>> slope;          // slope(in<"x">(images), in<"v">(directions))
template <class Net>
using Tangent = typename detail::tangent<Net>::type;

}  // namespace tenon
