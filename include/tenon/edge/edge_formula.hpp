#pragma once

#include <cstddef>
#include <type_traits>

#include <tenon/edge/point_formula.hpp>
#include <tenon/layers/formula/edge_unit.hpp>
#include <tenon/layers/formula/unit.hpp>
#include <tenon/type_list.hpp>

/// Formulas of several tensors as steps in int8: what becomes of one tensor is a table, where two meet is a step.
namespace tenon::edge::detail {

/// Which tensors a formula reads, a bit for each.
template <class E>
inline constexpr unsigned edges_read = 0;
template <int K>
inline constexpr unsigned edges_read<expr::Input<K>> = 1U << K;
template <Op O, class... A>
inline constexpr unsigned edges_read<Operation<O, A...>> = (0U | ... | edges_read<A>);

/// The formula as evaluation computes it: random numbers are 0, and terms that are 0 then are left out.
template <class E>
inline constexpr bool is_zero = false;
template <auto V>
inline constexpr bool is_zero<expr::Number<V>> = V == 0;
template <Op O, class... A>
struct WithoutZeros {
  using type = Operation<O, A...>;
};
template <class A, class B>
  requires(is_zero<A> || is_zero<B>)
struct WithoutZeros<Op::multiply, A, B> {
  using type = expr::Number<0.0>;
};
template <class A, class B>
  requires(is_zero<A>)
struct WithoutZeros<Op::add, A, B> {
  using type = B;
};
template <Op O, class A, class B>
  requires((O == Op::add || O == Op::subtract) && is_zero<B> && !(O == Op::add && is_zero<A>))
struct WithoutZeros<O, A, B> {
  using type = A;
};
template <class E>
struct still_formula {
  using type = E;
};
template <Op O, class... A>
struct still_formula<Operation<O, A...>> : WithoutZeros<O, typename still_formula<A>::type...> {};

constexpr StepKind pair_of_operation(Op op) {
  switch (op) {
  case Op::add:
    return StepKind::add;
  case Op::subtract:
    return StepKind::subtract;
  case Op::multiply:
    return StepKind::multiply;
  case Op::divide:
    return StepKind::divide;
  case Op::maximum:
    return StepKind::larger;
  case Op::minimum:
    return StepKind::smaller;
  default:
    return StepKind::unknown;
  }
}

/// Whether it is an operation on two different formulas that both read tensors.
template <class E>
inline constexpr bool is_meeting = false;
template <Op O, class A, class B>
inline constexpr bool is_meeting<Operation<O, A, B>> =
    pair_of_operation(O) != StepKind::unknown&& edges_read<A> != 0 && edges_read<B> != 0 && !std::is_same_v<A, B>;
/// a b in a b + c.
template <class E>
inline constexpr bool is_product = false;
template <class A, class B>
inline constexpr bool is_product<Operation<Op::multiply, A, B>> = is_meeting<Operation<Op::multiply, A, B>>;

/// The one part of an operation that reads tensors, where that is one; void otherwise.
template <class... A>
struct only_reader {
  using type = void;
};
template <class First, class... A>
struct only_reader<First, A...> {
private:
  using rest = typename only_reader<A...>::type;

public:
  static constexpr bool one = (edges_read<First> == 0 || ((edges_read<A> == 0 || std::is_same_v<A, First>)&&...));
  using type = typename std::conditional_t<edges_read<First> == 0, only_reader<A...>,
                                           std::conditional_t<one, std::type_identity<First>, only_reader<>>>::type;
};

/// How a formula of tensors is computed: `table` by a function of one of them, `pair`, `modulation` (a b + c) and
/// `choice` by a step of its two or three parts, `after` by a function of what such a step gives.
enum class EdgeStep : unsigned char { unknown, tensor, table, pair, modulation, choice, after };

template <class E>
struct EdgeFormula {  // of a constant, which reads no tensor
  static constexpr EdgeStep step = EdgeStep::unknown;
  using steps = tenon::detail::list<>;
};
template <int K>
struct EdgeFormula<expr::Input<K>> {
  static constexpr EdgeStep step = EdgeStep::tensor;
  static constexpr size_t edge = static_cast<size_t>(K);
  using steps = tenon::detail::list<>;
};

template <EdgeStep Step, class E>
struct EdgeParts;
/// A function of one tensor: which one it reads.
template <class E>
struct EdgeParts<EdgeStep::table, E> {
  static constexpr size_t edge = [] {
    size_t k = 0;
    for (unsigned bits = edges_read<E>; bits > 1; bits >>= 1) ++k;
    return k;
  }();
  using function = typename replaced<E, expr::Input<static_cast<int>(edge)>, expr::Input<0>>::type;
  static constexpr bool known = is_point_formula<function>;
  using steps = tenon::detail::list<E>;
};
template <Op O, class A, class B>
struct EdgeParts<EdgeStep::pair, Operation<O, A, B>> {
  static constexpr StepKind kind = pair_of_operation(O);
  static constexpr bool known = EdgeFormula<A>::step != EdgeStep::unknown && EdgeFormula<B>::step != EdgeStep::unknown;
  using first = A;
  using second = B;
  using steps = tenon::detail::join<typename EdgeFormula<A>::steps, typename EdgeFormula<B>::steps,
                                    tenon::detail::list<Operation<O, A, B>>>;
};
template <class Whole, class A, class B, class C>
struct ModulationParts {
  static constexpr bool known = EdgeFormula<A>::step != EdgeStep::unknown &&
                                EdgeFormula<B>::step != EdgeStep::unknown && EdgeFormula<C>::step != EdgeStep::unknown;
  using first = A;
  using second = B;
  using third = C;
  using steps = tenon::detail::join<typename EdgeFormula<A>::steps, typename EdgeFormula<B>::steps,
                                    typename EdgeFormula<C>::steps, tenon::detail::list<Whole>>;
};
template <class A, class B, class C>
struct EdgeParts<EdgeStep::modulation, Operation<Op::add, Operation<Op::multiply, A, B>, C>>
    : ModulationParts<Operation<Op::add, Operation<Op::multiply, A, B>, C>, A, B, C> {};
template <class A, class B, class C>
  requires(!is_product<C>)
struct EdgeParts<EdgeStep::modulation, Operation<Op::add, C, Operation<Op::multiply, A, B>>>
    : ModulationParts<Operation<Op::add, C, Operation<Op::multiply, A, B>>, A, B, C> {};
template <class C, class A, class B>
struct EdgeParts<EdgeStep::choice, Operation<Op::select, C, A, B>>
    : ModulationParts<Operation<Op::select, C, A, B>, C, A, B> {};
/// A function of its only part that reads tensors, where that part is a step by itself.
template <Op O, class... A>
struct EdgeParts<EdgeStep::after, Operation<O, A...>> {
private:
  using reader = typename only_reader<A...>::type;
  template <class M>
  static constexpr auto find() {
    if constexpr (EdgeFormula<M>::step == EdgeStep::after) return std::type_identity<typename EdgeFormula<M>::part>{};
    else return std::type_identity<M>{};
  }

public:
  using part = typename decltype(find<reader>())::type;
  using function = typename replaced<Operation<O, A...>, part, expr::Input<0>>::type;
  static constexpr bool known = EdgeFormula<part>::step != EdgeStep::unknown && is_point_formula<function>;
  using steps = tenon::detail::join<typename EdgeFormula<part>::steps, tenon::detail::list<Operation<O, A...>>>;
};

template <Op O, class... A>
constexpr EdgeStep edge_step() {
  using E = Operation<O, A...>;
  constexpr unsigned read = edges_read<E>;
  if constexpr (read == 0) return EdgeStep::unknown;
  else if constexpr ((read & (read - 1)) == 0) return EdgeStep::table;
  else if constexpr (is_meeting<E>)
    return O == Op::add && (is_product<A> || ...) ? EdgeStep::modulation : EdgeStep::pair;
  else if constexpr (O == Op::select && ((edges_read<A> != 0) && ...)) return EdgeStep::choice;
  else if constexpr (!std::is_void_v<typename only_reader<A...>::type>) return EdgeStep::after;
  else return EdgeStep::unknown;
}
template <EdgeStep Step, class E>
struct KnownEdgeFormula : EdgeParts<Step, E> {
  static constexpr EdgeStep step = EdgeParts<Step, E>::known ? Step : EdgeStep::unknown;
};
template <class E>
struct KnownEdgeFormula<EdgeStep::unknown, E> {
  static constexpr EdgeStep step = EdgeStep::unknown;
  using steps = tenon::detail::list<>;
};
template <Op O, class... A>
struct EdgeFormula<Operation<O, A...>> : KnownEdgeFormula<edge_step<O, A...>(), Operation<O, A...>> {};

/// What a formula gives for one number of each tensor.
template <class E>
struct EdgeValue;
template <int K>
struct EdgeValue<expr::Input<K>> {
  static constexpr double at(const double* v) { return v[K]; }
};
template <auto V>
struct EdgeValue<expr::Number<V>> {
  static constexpr double at(const double*) { return static_cast<double>(V); }
};
template <Op O, class A>
struct EdgeValue<Operation<O, A>> {
  static constexpr double at(const double* v) { return expr::apply<O>(EdgeValue<A>::at(v), 0.0); }
};
template <Op O, class A, class B>
struct EdgeValue<Operation<O, A, B>> {
  static constexpr double at(const double* v) { return expr::apply<O>(EdgeValue<A>::at(v), EdgeValue<B>::at(v)); }
};
template <class C, class A, class B>
struct EdgeValue<Operation<Op::select, C, A, B>> {
  static constexpr double at(const double* v) {
    return EdgeValue<C>::at(v) != 0 ? EdgeValue<A>::at(v) : EdgeValue<B>::at(v);
  }
};

/// A formula that reads pieces of a row, written as one of several tensors. Void where it also reads the row in another
/// way, or pieces of several sizes.
template <class E>
inline constexpr int pieces_read = 0;  // how many pieces there are; -1: of several sizes, or not only pieces
template <int K>
inline constexpr int pieces_read<expr::Input<K>> = -1;
constexpr int same_pieces(int a, int b) { return a == 0 || a == b ? b : b == 0 ? a : -1; }
template <Op O, class... A>
inline constexpr int pieces_read<Operation<O, A...>> = [] {
  int all = 0;
  ((all = same_pieces(all, pieces_read<A>)), ...);
  return all;
}();
template <auto K, auto N>
inline constexpr int
    pieces_read<Operation<Op::chunk, expr::Input<0>, expr::Number<K>, expr::Number<N>>> = static_cast<int>(N);
template <class E>
struct of_pieces {
  using type = E;
};
template <Op O, class... A>
struct of_pieces<Operation<O, A...>> {
  using type = Operation<O, typename of_pieces<A>::type...>;
};
template <auto K, auto N>
struct of_pieces<Operation<Op::chunk, expr::Input<0>, expr::Number<K>, expr::Number<N>>> {
  using type = expr::Input<static_cast<int>(K)>;
};

/// The formula of a bound layer that is one. `pieces`: it reads each row of its one input in so many pieces of `width`
/// numbers; 1 where it reads tensors as they are.
template <class Bound>
struct EdgeFormulaOf {
  static constexpr bool known = false;
};
template <class E, class S>
struct EdgeFormulaOf<tenon::detail::EdgeUnit<E, S>> {
  using unit = tenon::detail::EdgeUnit<E, S>;
  using formula = typename still_formula<typename unit::still>::type;
  static constexpr bool known = EdgeFormula<formula>::step != EdgeStep::unknown;
  static constexpr size_t tensors = unit::edges, pieces = 1, width = 1;
};
template <class E, class In>
  requires(pieces_read<E> > 1)
struct EdgeFormulaOf<tenon::detail::FormulaUnit<E, In>> {
  using formula = typename of_pieces<E>::type;
  static constexpr bool known = EdgeFormula<formula>::step != EdgeStep::unknown;
  static constexpr size_t tensors = static_cast<size_t>(pieces_read<E>), pieces = tensors,
                          width = tenon::detail::row_width<In> / pieces;
};

}  // namespace tenon::edge::detail
