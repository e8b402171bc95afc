#pragma once

#include <type_traits>

#include <tenon/expr/derivative.hpp>
#include <tenon/expr/functions.hpp>
#include <tenon/shape.hpp>
#include <tenon/type_list.hpp>

/// From a formula's type to its graph. `Lift` moves the numbers of a formula value into its type,
/// `Canonical` forgets the names and shapes of parameters (so that the loops of `Dense<784,128>`
/// and `Dense<64,10>` are one instantiation), `Lower` builds the graph.
namespace tenon::expr {

using tenon::detail::list;

/// Parameter number K of a formula; what `Canonical` leaves of `param<"name", ...>`.
template <int K, Rank R>
struct Slot {};

/// The type of the formula that a value F of type T stands for.
template <class T, T F>
struct LiftValue {
  using type = T;
};
template <Literal F>
struct LiftValue<Literal, F> {
  using type = Number<F.value>;
};
template <Op O, class A, Operation<O, A> F>
struct LiftValue<Operation<O, A>, F> {
  using type = Operation<O, typename LiftValue<A, F.a>::type>;
};
template <Op O, class A, class B, Operation<O, A, B> F>
struct LiftValue<Operation<O, A, B>, F> {
  using type = Operation<O, typename LiftValue<A, F.a>::type, typename LiftValue<B, F.b>::type>;
};
template <Op O, class A, class B, class C, Operation<O, A, B, C> F>
struct LiftValue<Operation<O, A, B, C>, F> {
  using type = Operation<O, typename LiftValue<A, F.a>::type, typename LiftValue<B, F.b>::type,
                         typename LiftValue<C, F.c>::type>;
};
/// The type of a formula that is a constant expression, numbers included.
template <auto F>
using lift = typename LiftValue<std::remove_const_t<decltype(F)>, F>::type;

namespace detail {

template <class T, class List>
inline constexpr bool contains = false;
template <class T, class... U>
inline constexpr bool contains<T, list<U...>> = (std::is_same_v<T, U> || ...);

template <class T, class... U>
consteval int position(list<U...>) {
  int at = -1, i = 0;
  ((std::is_same_v<T, U> && at < 0 ? void(at = i) : void(), ++i), ...);
  return at;
}

/// Asked before a list of them is made: most formulas have none, and this makes no types.
template <class E>
inline constexpr bool has_parameters = false;
template <fixed_string N, class... O>
inline constexpr bool has_parameters<Parameter<N, O...>> = true;
template <Op O, class... A>
inline constexpr bool has_parameters<Operation<O, A...>> = (has_parameters<A> || ...);

template <class E, class Found>
struct find_parameters {
  using type = Found;
};
template <fixed_string N, class... O, class... P>
struct find_parameters<Parameter<N, O...>, list<P...>> {
  using type = std::conditional_t<contains<Parameter<N, O...>, list<P...>>, list<P...>, list<P..., Parameter<N, O...>>>;
};
template <Op O, class A, class F>
struct find_parameters<Operation<O, A>, F> : find_parameters<A, F> {};
template <Op O, class A, class B, class F>
struct find_parameters<Operation<O, A, B>, F> : find_parameters<B, typename find_parameters<A, F>::type> {};
template <Op O, class A, class B, class C, class F>
struct find_parameters<Operation<O, A, B, C>, F>
    : find_parameters<C, typename find_parameters<B, typename find_parameters<A, F>::type>::type> {};
template <class E, bool Any = has_parameters<E>>
struct parameters_in {
  using type = list<>;
};
template <class E>
struct parameters_in<E, true> : find_parameters<E, list<>> {};

template <class... O>
inline constexpr bool is_scalar_parameter = true;
template <class First, class... O>
inline constexpr bool is_scalar_parameter<First, O...> = !(
    is_shape<First> || std::is_same_v<First, PerFeature>)&&is_scalar_parameter<O...>;

template <class E, class P>
struct canonical {
  using type = E;
};
template <fixed_string N, class... O, class P>
struct canonical<Parameter<N, O...>, P> {
  using type = Slot<position<Parameter<N, O...>>(P{}), is_scalar_parameter<O...> ? Rank::scalar : Rank::feature>;
};
template <Op O, class... A, class P>
struct canonical<Operation<O, A...>, P> {
  using type = Operation<O, typename canonical<A, P>::type...>;
};
template <Op O, class... A>
struct canonical<Operation<O, A...>, list<>> {
  using type = Operation<O, A...>;
};

}  // namespace detail

/// The parameters a formula names, each once, in the order of first mention.
template <class E>
using parameters_of = typename detail::parameters_in<E>::type;
/// A formula with numbered instead of named parameters.
template <class E>
using Canonical = typename detail::canonical<E, parameters_of<E>>::type;

/// Not constexpr: a constant evaluation that gets here stops with an error that says its name.
[[noreturn]] inline void a_running_statistic_may_follow_one_thing_only() { __builtin_trap(); }

/// The running statistics after a training step: the value of vertex[i] is written to parameter slot[i].
struct Updates {
  static constexpr int capacity = 8;
  int slot[capacity]{};
  int vertex[capacity]{};
  int count = 0;

  constexpr void add(int parameter, int id) {
    for (int i = 0; i < count; ++i)
      if (slot[i] == parameter) {
        if (vertex[i] != id) a_running_statistic_may_follow_one_thing_only();
        return;
      }
    slot[count] = parameter;
    vertex[count++] = id;
  }
};

namespace detail {

/// Folds numbers and drops neutral elements, and otherwise keeps what the user wrote as written.
constexpr int plain(FormulaGraph& g, Op op, int a, int b) {
  if (g.is_number(a) && g.is_number(b) && op <= Op::divide) {
    const double p = g[a].value, q = g[b].value;
    return g.number(op == Op::add ? p + q : op == Op::subtract ? p - q : op == Op::multiply ? p * q : p / q);
  }
  if (op == Op::add && g.is(a, 0)) return b;
  if ((op == Op::add || op == Op::subtract) && g.is(b, 0)) return a;
  if (op == Op::multiply && g.is(a, 1)) return b;
  if ((op == Op::multiply || op == Op::divide) && g.is(b, 1)) return a;
  if (op == Op::multiply && (g.is(a, 0) || g.is(b, 0))) return g.number(0);
  return g.raw(op, a, b);
}

constexpr int whole_power(FormulaGraph& g, int base, int exponent) {
  if (exponent == 0) return g.number(1);
  if (exponent < 0) return g.raw(Op::reciprocal, whole_power(g, base, -exponent));
  int result = base;
  for (int i = 1; i < exponent; ++i) result = g.raw(Op::multiply, result, base);
  return result;
}

struct Lowering {
  FormulaGraph& g;
  bool training = true;
  Updates* updates = nullptr;
  int literals = 0;

  constexpr int operator()(Label) { return g.leaf(Op::label, Rank::row); }
  constexpr int operator()(Index) { return g.leaf(Op::index, Rank::feature); }
  constexpr int operator()(Features) { return g.leaf(Op::features, Rank::scalar); }
  constexpr int operator()(BatchCount) { return g.leaf(Op::rows, Rank::scalar); }
  constexpr int operator()(Result) { return g.leaf(Op::output, Rank::element); }
  constexpr int operator()(Literal) { return g.leaf(Op::literal, Rank::scalar, literals++); }
  template <auto V>
  constexpr int operator()(Number<V>) {
    return g.number(static_cast<double>(V));
  }
  template <int K>
  constexpr int operator()(Input<K>) {
    return g.leaf(Op::input, Rank::element, K);
  }
  template <int K, Rank R>
  constexpr int operator()(Slot<K, R>) {
    return g.leaf(Op::parameter, R, K);
  }
  template <auto Rate>
  constexpr int operator()(Noise<Rate>) {
    if (!training || Rate == 0) return g.number(1);
    return g.leaf(Op::noise, Rank::element, 0, static_cast<double>(Rate));
  }

  template <Op O, class A>
  constexpr int operator()(Operation<O, A>) {
    const int a = (*this)(A{});
    if constexpr (O == Op::negate) return g.is_number(a) ? g.number(-g[a].value) : g.raw(O, a);
    else if constexpr (O == Op::gradient) return derivative(g, a);
    else if constexpr (O == Op::row_variance || O == Op::batch_variance) {
      // the mean's own derivative vanishes here (deviations sum to 0), so it need not be followed
      const bool row = O == Op::row_variance;
      const Op reduce = row ? Op::row_sum : Op::batch_sum;
      const int n = row ? g.leaf(Op::features, Rank::scalar) : g.leaf(Op::rows, Rank::scalar);
      const int average = g.raw(Op::divide, g.raw(reduce, a), n);
      const int deviation = g.raw(Op::subtract, a, g.raw(Op::stop, average));
      return g.raw(Op::divide, g.raw(reduce, g.raw(Op::multiply, deviation, deviation)), n);
    } else return g.raw(O, a);
  }
  template <Op O, class A, class B>
  constexpr int operator()(Operation<O, A, B>) {
    const int a = (*this)(A{});
    const int b = (*this)(B{});
    if (O == Op::power && g.is_number(b)) {
      const double e = g[b].value;
      if (e == 0.5) return g.raw(Op::square_root, a);
      if (e == static_cast<int>(e) && e >= -8 && e <= 8) return whole_power(g, a, static_cast<int>(e));
    }
    return plain(g, O, a, b);
  }
  template <Op O, class A, class B, class C>
  constexpr int operator()(Operation<O, A, B, C>) {
    if constexpr (O == Op::tracked) {
      if (!training) return (*this)(C{});
      const int value = (*this)(A{});
      if (updates) updates->add(g[(*this)(C{})].slot, (*this)(B{}));
      return value;
    } else {
      const int a = (*this)(A{});
      const int b = (*this)(B{});
      return g.raw(O, a, b, (*this)(C{}));
    }
  }
};

}  // namespace detail

/// The graph of a canonical formula; returns its root.
template <class E>
constexpr int lower(FormulaGraph& g, bool training = true, Updates* updates = nullptr) {
  return detail::Lowering{g, training, updates}(E{});
}

}  // namespace tenon::expr
