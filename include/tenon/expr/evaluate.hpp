#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <type_traits>
#include <utility>

#include <tenon/expr/apply.hpp>
#include <tenon/expr/lower.hpp>
#include <tenon/expr/plan.hpp>

/// A formula as a function of numbers: `(x * sigmoid(x))(0.5)`, at run time and in constant
/// expressions. The numbers written in the formula live in its value, so this also serves formulas
/// that are made at run time: `(scale * x)(0.5)`.
namespace tenon::expr {

namespace detail {

/// How many numbers are written in a formula, and how many arrays it is a function of.
template <class E>
inline constexpr size_t literals_of = 0;
template <>
inline constexpr size_t literals_of<Literal> = 1;
template <Op O, class... A>
inline constexpr size_t literals_of<Operation<O, A...>> = (size_t{0} + ... + literals_of<A>);

template <class E>
inline constexpr size_t arguments_of = 0;
template <int K>
inline constexpr size_t arguments_of<Input<K>> = K + 1;
template <Op O, class... A>
inline constexpr size_t arguments_of<Operation<O, A...>> = std::max({size_t{0}, arguments_of<A>...});

/// The numbers written in a formula, in the order in which lowering meets them.
template <size_t N>
struct LiteralValues {
  double value[N + 1]{};
  size_t count = 0;

  constexpr void collect(Literal number) { value[count++] = number.value; }
  template <Op O, class A>
  constexpr void collect(const Operation<O, A>& node) {
    collect(node.a);
  }
  template <Op O, class A, class B>
  constexpr void collect(const Operation<O, A, B>& node) {
    collect(node.a), collect(node.b);
  }
  template <Op O, class A, class B, class C>
  constexpr void collect(const Operation<O, A, B, C>& node) {
    collect(node.a), collect(node.b), collect(node.c);
  }
  template <class Leaf>
  constexpr void collect(const Leaf&) {}
};

/// What cannot be computed from one value of x: products with matrices, chunks, and below, in `looks_around`, sums over
/// a sample or a batch, labels and positions. Each is refused with a message of its own.
template <class E>
inline constexpr bool has_products = false;
template <Op O, class... A>
inline constexpr bool has_products<Operation<O, A...>> = O == Op::matmul || O == Op::chunk || (has_products<A> || ...);

template <class E>
consteval bool looks_around() {
  FormulaGraph g;
  lower<E>(g, false);
  for (int i = 0; i < g.count; ++i) {
    const Op op = g[i].op;
    if (is_reduction(op) || op == Op::label || op == Op::index || op == Op::features || op == Op::rows) return true;
  }
  return false;
}

/// The vertices that the value of a formula needs, and no others; the result is the last one.
template <class E>
consteval FormulaGraph scalar_graph() {
  FormulaGraph g;
  const int root = lower<E>(g, false);
  const Cuts none{};
  Rebuilder needed(g, none);
  needed.copy(root);
  return needed.to;
}

/// One operation, chosen at run time.
template <class T, int... O>
constexpr T apply_any(Op op, T a, T b, std::integer_sequence<int, O...>) {
  T result{};
  ((static_cast<int>(op) == O ? void(result = apply<static_cast<Op>(O)>(a, b)) : void()), ...);
  return result;
}

/// The value of one vertex, by walking the graph: only the branch that a `select` takes is computed,
/// as constant expressions ask, where a division by zero is an error even if nobody reads it.
template <class T>
struct Walk {
  const FormulaGraph& g;
  const double* literal;
  const T* input;
  bool known[FormulaGraph::capacity]{};
  T value[FormulaGraph::capacity]{};

  constexpr T operator()(int id) {
    if (known[id]) return value[id];
    known[id] = true;
    return value[id] = compute(g[id]);
  }
  constexpr T compute(const Vertex& v) {
    if (v.op == Op::number) return static_cast<T>(v.value);
    if (v.op == Op::literal) return static_cast<T>(literal[v.slot]);
    if (v.op == Op::input) return input[v.slot];
    if (v.op == Op::select) return (*this)(v.a) != T(0) ? (*this)(v.b) : (*this)(v.c);
    constexpr auto operations = std::make_integer_sequence<int, static_cast<int>(Op::not_equal) + 1>{};
    return apply_any(v.op, (*this)(v.a), v.b < 0 ? T(0) : (*this)(v.b), operations);
  }
};

/// A formula as an object: its numbers, and a call operator that inlines into the caller's loop.
template <class E>
class Function {
  static constexpr FormulaGraph g = scalar_graph<E>();

public:
  constexpr explicit Function(const E& formula) { literals_.collect(formula); }

  template <class... T>
  TENON_INLINE constexpr auto operator()(T... argument) const {
    using Common = std::common_type_t<T...>;
    using Number = std::conditional_t<std::is_floating_point_v<Common>, Common, double>;
    const Number input[] = {static_cast<Number>(argument)...};
    if (std::is_constant_evaluated()) return Walk<Number>{g, literals_.value, input}(g.count - 1);
    return unrolled(input, std::make_integer_sequence<int, g.count>{});
  }

private:
  template <class T, int... Id>
  TENON_INLINE constexpr T unrolled(const T* input, std::integer_sequence<int, Id...>) const {
    T value[g.count]{};
    ((value[Id] = vertex<Id>(input, value)), ...);
    return value[g.count - 1];
  }
  template <int Id, class T>
  TENON_INLINE constexpr T vertex(const T* input, const T* value) const {
    constexpr Vertex v = g.vertex[Id];
    if constexpr (v.op == Op::number) return static_cast<T>(v.value);
    else if constexpr (v.op == Op::literal) return static_cast<T>(literals_.value[v.slot]);
    else if constexpr (v.op == Op::input) return input[v.slot];
    else if constexpr (v.op == Op::select) return value[v.a] != T(0) ? value[v.b] : value[v.c];
    else return apply<v.op>(value[v.a], v.b < 0 ? T(0) : value[v.b < 0 ? 0 : v.b]);
  }

  LiteralValues<literals_of<E>> literals_{};
};

/// Whether a formula can be applied to single values, with the reason in words where it cannot.
template <class E, size_t Given>
consteval bool check_call() {
  constexpr size_t wanted = std::max<size_t>(1, arguments_of<E>);
  static_assert(Given == wanted, "a formula takes one argument for each of its inputs: x, or prediction and target");
  static_assert(
      !has_parameters<E>,
      "a formula with param<...> has no numbers for it: write one in its place, or train it as a layer, Map<...>");
  if constexpr (!has_parameters<E>) {
    static_assert(!has_products<E>, "matmul and chunk need a whole sample: use this formula as a layer, Map<...>");
    if constexpr (!has_products<E>) {
      static_assert(!looks_around<E>(),
                    "a formula with sum, mean, max(x) or an index needs a whole sample: use it as a layer, Map<...>");
      return Given == wanted && !looks_around<E>();
    }
  }
  return false;
}

}  // namespace detail

template <class F, class... A>
  requires(sizeof...(A) > 0 && (std::is_arithmetic_v<A> && ...))
struct Apply<F, A...> {
  static constexpr auto apply(const F& formula, A... numbers) {
    if constexpr (detail::check_call<F, sizeof...(A)>()) return detail::Function<F>(formula)(numbers...);
    else return double{};  // so that nobody who uses the result adds an error
  }
};

}  // namespace tenon::expr
