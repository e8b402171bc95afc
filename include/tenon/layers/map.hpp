#pragma once

#include <array>
#include <string_view>
#include <type_traits>

#include <tenon/expr/spelling.hpp>
#include <tenon/layers/formula/check.hpp>
#include <tenon/layers/formula/edge_unit.hpp>
#include <tenon/net/fusion.hpp>
#include <tenon/net/graph_names.hpp>
#include <tenon/net/reshaping.hpp>
#include <tenon/net/type_name.hpp>

namespace tenon {

template <auto F>
struct Map;

namespace detail {

template <class E, class In>
using formula_unit = std::conditional_t<reduces_batch<E>, BatchUnit<E, In>, FormulaUnit<E, In>>;

template <class E, class In>
struct formula_at {
  using type = std::conditional_t<std::is_void_v<typename formula_fault<E>::type>, formula_unit<E, In>,
                                  Reshaping<In, In>>;
};

template <class E, class In>
using formula_problem = typename std::conditional_t<reduces_batch<E>, BatchCheck<E, In>, FormulaCheck<E, In>>::type;

/// A number is what is left of a formula that std::exp was applied to, which has been refused in the same words:
/// then the compiler says nothing more.
template <class Layer>
struct shown_mistake<invalid_layer<Layer, expr::NoFormula>> {
  using type = expr::NoFormula;
};

}  // namespace detail

template <fixed_string Example>
struct a_formula_such_as;
struct a_number;
struct a_number_other_than_0;
struct a_lower_and_a_higher_bound;

namespace detail {

/// A number in a layer's arguments, or 1 where there is none and the layer is refused.
template <auto V>
inline constexpr bool is_number = std::is_arithmetic_v<std::remove_const_t<decltype(V)>>;
template <auto V>
constexpr auto number_or_1() {
  if constexpr (is_number<V>) return V;
  else return 1;
}

}  // namespace detail

/// A layer that is a formula (its type; `Map` takes its value).
template <class E>
struct FormulaLayer {
  using formula = E;
  using formula_check = detail::formula_fault<E>;
  template <class In>
  using problem = detail::formula_problem<E, In>;
  template <class In>
  using at = typename detail::formula_at<E, In>::type;
  template <class In, Time Axis>
  static constexpr bool steps = detail::formula_steps<E, In, Axis>();
};

namespace detail {

/// Made only where it is needed.
template <class E>
struct edge_formula_of : EdgeFormulaLayer<E> {};

template <class... E>
constexpr auto edge_names(list<E...>) {
  return std::array<std::string_view, sizeof...(E)>{expr::detail::edge_name<E>...};
}
template <expr::Expression auto F>
  requires(expr::names_its_inputs<expr::lift<F>>)
struct inputs_named_by<Map<F>> {
  static constexpr auto value = edge_names(expr::edges_of<expr::lift<F>>{});
};

}  // namespace detail

/// A layer that is a formula of its input, y = f(x), with any parameters it names:
///
///     using Swish = Map<x * sigmoid(x)>;
///     using Norm  = Map<(x - mean(x)) / sqrt(variance(x) + 1e-5) * param<"weight", PerFeature, Ones>>;
///     using Mine  = Map<sigmoid(matmul(x, param<"W", Shape<64, 10>>) + param<"b", Shape<10>>)>;
///
/// Shapes: (any) to the same; with matmul the last axis becomes the product's. Forward, backward and
/// the gradients of its parameters all come from the formula. PyTorch: an nn.Module with this forward. Keras: Lambda.
///
/// In a Graph a formula may name what it takes, and use random numbers that are 0 in evaluation:
///
///     Node<"code", Map<in<"mean"> + exp(in<"log_variance"> / 2) * normal_noise>>
///
/// Its inputs are all of one shape.
template <auto F>
struct Map {
  static constexpr bool was_formula = std::is_arithmetic_v<decltype(F)> || std::is_pointer_v<decltype(F)>;
  using invalid = std::conditional_t<was_formula, expr::NoFormula, takes<a_formula_such_as<"x * sigmoid(x)">>>;
  template <class In>
  using at = detail::Reshaping<In, In>;
};
template <expr::Expression auto F>
struct Map<F> : std::conditional_t<expr::names_its_inputs<expr::lift<F>>, detail::edge_formula_of<expr::lift<F>>,
                                   FormulaLayer<expr::lift<F>>> {};

/// In tables it reads as its formula, and so it does in compile errors.
template <expr::Expression auto F>
struct spelling<Map<F>> {
  static constexpr std::string_view value = expr::spelling_of_layer<expr::lift<F>>.view();
};

namespace detail {

template <expr::Expression auto F>
struct shown_layer<Map<F>> {
  using type = Map<expr::spelling_as_string<expr::lift<F>>()>;
};

template <class F, class E>
struct plug {
  using type = F;
};
template <class E>
struct plug<expr::Input<0>, E> {
  using type = E;
};
template <Op O, class... A, class E>
struct plug<Operation<O, A...>, E> {
  using type = Operation<O, typename plug<A, E>::type...>;
};

template <class L>
concept HasFormula = requires {
  typename L::formula;
};

template <class F, class Code>
struct join_code;
template <class F, class E, bool Channelwise>
struct join_code<F, FormulaCode<E, Channelwise>> {
  using type = FormulaCode<typename plug<F, E>::type, Channelwise>;
};

/// An element-wise formula without parameters joins the unit before it: one pass instead of two. It
/// stays apart where that would make backward recompute a random mask's neighbourhood.
template <class Code, class F>
constexpr bool fuses() {
  if constexpr (expr::parameters_of<F>::size > 0 || products_of<F>::size > 0 || (chunks_of<F>) > 1 ||
                reduces_batch<F>) {
    return false;
  } else if constexpr (expr::Program<expr::Canonical<F>>::is_elementwise && Code::final_program::is_elementwise &&
                       Code::chunks == 1 && Code::product_count <= 1) {
    constexpr bool noise = expr::Program<expr::Canonical<F>>::uses_noise;
    if constexpr (noise && Code::noisy) {
      return false;
    } else {
      using Joined = typename join_code<F, Code>::type;
      return !Joined::noisy || Joined::slope;
    }
  } else {
    return false;
  }
}

/// Backward of a formula over the batch computes the derivative of an activation that has joined it
/// in two passes. Where that costs an exponential or the like, the activation stays apart.
template <class F>
constexpr bool fuses_with_batch() {
  if constexpr (expr::parameters_of<F>::size > 0 || products_of<F>::size > 0 || (chunks_of<F>) > 1 ||
                reduces_batch<F>) {
    return false;
  } else {
    using Program = expr::Program<expr::Canonical<F>>;
    return Program::is_elementwise && !Program::uses_noise && !Program::s.g.is_heavy(Program::s.input[0]);
  }
}

}  // namespace detail

template <class E, class In, detail::HasFormula Next>
  requires(detail::fuses<typename detail::FormulaUnit<E, In>::code, typename Next::formula>())
struct fusion<detail::FormulaUnit<E, In>, Next> {
  using type = detail::FormulaUnit<typename detail::plug<typename Next::formula, E>::type, In>;
};

template <class E, class In, detail::HasFormula Next>
  requires(detail::fuses_with_batch<typename Next::formula>())
struct fusion<detail::BatchUnit<E, In>, Next> {
  using type = detail::BatchUnit<typename detail::plug<typename Next::formula, E>::type, In>;
};

}  // namespace tenon
