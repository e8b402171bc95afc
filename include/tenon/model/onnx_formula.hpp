#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <tenon/layers/map.hpp>
#include <tenon/model/onnx_layer.hpp>

/// Formulas in ONNX: a node for each operation.
namespace tenon::detail {

constexpr std::string_view onnx_operator(Op op) {
  switch (op) {
  case Op::negate:
    return "Neg";
  case Op::absolute:
    return "Abs";
  case Op::sign:
    return "Sign";
  case Op::exponential:
    return "Exp";
  case Op::logarithm:
    return "Log";
  case Op::square_root:
    return "Sqrt";
  case Op::hyperbolic_tangent:
    return "Tanh";
  case Op::logistic:
    return "Sigmoid";
  case Op::error_function:
    return "Erf";
  case Op::soft_plus:
    return "Softplus";
  case Op::sine:
    return "Sin";
  case Op::cosine:
    return "Cos";
  case Op::reciprocal:
    return "Reciprocal";
  case Op::add:
    return "Add";
  case Op::subtract:
    return "Sub";
  case Op::multiply:
    return "Mul";
  case Op::divide:
    return "Div";
  case Op::maximum:
    return "Max";
  case Op::minimum:
    return "Min";
  case Op::power:
    return "Pow";
  case Op::less:
    return "Less";
  case Op::less_equal:
    return "LessOrEqual";
  case Op::greater:
    return "Greater";
  case Op::greater_equal:
    return "GreaterOrEqual";
  case Op::equal:
    return "Equal";
  case Op::not_equal:
    return "Equal";  // and Not
  case Op::row_max:
    return "ReduceMax";
  case Op::row_min:
    return "ReduceMin";
  case Op::row_sum:
    return "ReduceSum";
  default:
    return "";
  }
}
/// Those of more than one node, or of none.
constexpr bool has_onnx_nodes(Op op) {
  return !onnx_operator(op).empty() || op == Op::exponential_minus_one || op == Op::stop || op == Op::surrogate ||
         op == Op::select || op == Op::row_variance || op == Op::matmul || op == Op::transpose;
}

template <class E>
struct OnnxWords : std::false_type {};
template <int K>
struct OnnxWords<expr::Input<K>> : std::true_type {};
template <fixed_string N, class... O>
struct OnnxWords<expr::Parameter<N, O...>> : std::true_type {};
template <auto V>
struct OnnxWords<expr::Number<V>> : std::true_type {};
template <auto Rate>
struct OnnxWords<expr::Noise<Rate>> : std::true_type {};
template <>
struct OnnxWords<expr::Features> : std::true_type {};
template <>
struct OnnxWords<expr::Index> : std::true_type {};
template <fixed_string N>
struct OnnxWords<expr::Edge<N>> : std::true_type {};
template <expr::Draw D>
struct OnnxWords<expr::RandomNumbers<D>> : std::true_type {};
template <Op O, class... A>
struct OnnxWords<Operation<O, A...>> : std::bool_constant<has_onnx_nodes(O) && (OnnxWords<A>::value && ...)> {};
template <class A, auto K, auto N>
struct OnnxWords<Operation<Op::chunk, A, expr::Number<K>, expr::Number<N>>> : OnnxWords<A> {};
/// In evaluation a statistic is what was remembered of it.
template <class A, class B, class C>
struct OnnxWords<Operation<Op::tracked, A, B, C>> : OnnxWords<C> {};

/// Whether a formula gives a number for each it is given, rather than one for all of them.
template <class E>
inline constexpr bool is_spread_out = false;
template <int K>
inline constexpr bool is_spread_out<expr::Input<K>> = true;
template <Op O, class... A>
inline constexpr bool is_spread_out<Operation<O, A...>> = O == Op::matmul || O == Op::chunk ||
                                                          (!expr::is_row_reduction(O) && O != Op::row_variance &&
                                                           (is_spread_out<A> || ...));

/// Writes the parts of one formula of inputs of one shape.
class OnnxFormula {
public:
  struct Parameter {
    std::string_view name;
    OnnxFile::Axes axes;
  };
  OnnxFormula(OnnxLayer& to, std::vector<std::string> x, size_t rank, size_t width, bool channelwise,
              std::vector<Parameter> parameters)
      : to_(to),
        x_(std::move(x)),
        rank_(rank),
        width_(width),
        channelwise_(channelwise),
        parameters_(std::move(parameters)) {}

  template <int K>
  std::string write(expr::Input<K>) {
    return x_[static_cast<size_t>(K)];
  }
  template <auto V>
  std::string write(expr::Number<V>) {
    return to_.number(static_cast<double>(V));
  }
  template <auto Rate>
  std::string write(expr::Noise<Rate>) {
    return to_.number(1);
  }
  std::string write(expr::Features) { return to_.number(static_cast<double>(width_)); }
  std::string write(expr::Index) {
    std::vector<double> places(width_);
    for (size_t i = 0; i < width_; ++i) places[i] = static_cast<double>(i);
    return to_.numbers({static_cast<std::int64_t>(width_)}, places);
  }
  template <fixed_string N, class... O>
  std::string write(expr::Parameter<N, O...>) {
    std::string name = to_.parameter(N.view());
    for (const Parameter& p : parameters_) {
      if (p.name != N.view() || !is_per_feature<O...>) continue;
      if (channelwise_ && rank_ > 1) {
        OnnxFile::Axes axes(rank_, 1);
        axes[0] = p.axes[0];
        return to_.reshape_all(name, axes);
      }
      if (p.axes.size() > rank_) return to_.reshape_all(name, {static_cast<std::int64_t>(width_)});
    }
    return name;
  }

  template <class A, auto Rate>
  std::string write(Operation<Op::multiply, A, expr::Noise<Rate>>) {
    return write(A{});
  }
  template <class A, auto V>
    requires(V == 0)
  std::string write(Operation<Op::maximum, A, expr::Number<V>>) { return to_.node("Relu", {write(A{})}); }
  template <class A, auto Low, auto High>
  std::string write(Operation<Op::minimum, Operation<Op::maximum, A, expr::Number<Low>>, expr::Number<High>>) {
    return to_.node("Clip", {write(A{}), to_.number(static_cast<double>(Low)), to_.number(static_cast<double>(High))});
  }
  template <class A>
  std::string write(Operation<Op::divide, Operation<Op::row_sum, A>, expr::Features>) {
    return mean(write(A{}));
  }

  template <Op O, class A>
  std::string write(Operation<O, A>) {
    std::string a = write(A{});
    if constexpr (O == Op::stop) return a;
    else if constexpr (O == Op::exponential_minus_one) return to_.node("Sub", {to_.node("Exp", {a}), to_.number(1)});
    else if constexpr (O == Op::row_sum) return to_.node("ReduceSum", {a, to_.integers(row())}, {{"keepdims", 1}});
    else if constexpr (expr::is_row_reduction(O))
      return to_.node(onnx_operator(O), {a}, {{"axes", row()}, {"keepdims", 1}});
    else if constexpr (O == Op::transpose) return to_.node("Transpose", {a}, {{"perm", {1, 0}}});
    else if constexpr (O == Op::row_variance) {
      const std::string deviation = to_.node("Sub", {a, mean(a)});
      return mean(to_.node("Mul", {deviation, deviation}));
    } else {
      return to_.node(onnx_operator(O), {a});
    }
  }
  template <Op O, class A, class B>
  std::string write(Operation<O, A, B>) {
    if constexpr (O == Op::surrogate) return write(A{});
    else if constexpr (O == Op::matmul) return to_.node("MatMul", {write(A{}), write(B{})});
    else if constexpr (expr::is_comparison(O)) return to_.node("Cast", {holds(Operation<O, A, B>{})}, {{"to", 1}});
    else return binary(onnx_operator(O), write(A{}), write(B{}));
  }
  template <class C, class A, class B>
  std::string write(Operation<Op::select, C, A, B>) {
    const std::string condition = holds(C{}), a = write(A{});
    return to_.node("Where", {condition, a, write(B{})});
  }
  template <class A, auto K, auto N>
  std::string write(Operation<Op::chunk, A, expr::Number<K>, expr::Number<N>>) {
    return to_.nodes("Split", {write(A{})}, {{"axis", -1}}, static_cast<size_t>(N))[static_cast<size_t>(K)];
  }
  template <class A, class B, class C>
  std::string write(Operation<Op::tracked, A, B, C>) {
    return write(C{});
  }

private:
  std::string binary(std::string_view op, const std::string& a, const std::string& b) { return to_.node(op, {a, b}); }
  std::string mean(const std::string& a) { return to_.node("ReduceMean", {a}, {{"axes", row()}, {"keepdims", 1}}); }
  /// A condition is a bool in ONNX and a number in a formula.
  template <class E>
  std::string holds(E) {
    return to_.node("Not", {to_.node("Equal", {write(E{}), to_.number(0)})});
  }
  template <Op O, class A, class B>
    requires(expr::is_comparison(O))
  std::string holds(Operation<O, A, B>) {
    const std::string a = write(A{}), result = binary(onnx_operator(O), a, write(B{}));
    return O == Op::not_equal ? to_.node("Not", {result}) : result;
  }
  /// The axes that a reduction runs over: the last one, and all of an image.
  OnnxFile::Axes row() const {
    if (rank_ <= 2) return {-1};
    OnnxFile::Axes axes(rank_);
    for (size_t k = 0; k < rank_; ++k) axes[k] = static_cast<std::int64_t>(k + 1);
    return axes;
  }

  OnnxLayer& to_;
  std::vector<std::string> x_;
  size_t rank_, width_;
  bool channelwise_;
  std::vector<Parameter> parameters_;
};

}  // namespace tenon::detail

namespace tenon {

/// Unit: FormulaUnit, BatchUnit or EdgeUnit.
template <class Unit>
std::string OnnxLayer::formula() {
  using E = typename expr::number_edges<typename Unit::formula, expr::edges_of<typename Unit::formula>,
                                        expr::randoms_of<typename Unit::formula>, false>::type;
  using S = typename detail::one_shape_of<typename Unit::input>::type;
  using Out = typename Unit::output;
  // what looks at a sample as one row sees a vector
  constexpr bool as_row = S::rank > 2 && (detail::products_of<E>::size > 0 || (detail::chunks_of<E>) > 1);
  constexpr bool channelwise = S::rank > 2 && !as_row && (detail::reduces_batch<E> || detail::is_channelwise<E, S>());
  std::vector<detail::OnnxFormula::Parameter> parameters;
  for (const ParameterSpec& spec : Unit::parameters)
    parameters.push_back({spec.name, Axes(spec.dims, spec.dims + spec.rank)});
  std::vector<std::string> values = inputs_;
  if constexpr (as_row)
    for (std::string& each : values) each = reshape(each, {static_cast<std::int64_t>(S::size)});
  detail::OnnxFormula writer(*this, values, as_row ? 1 : S::rank, detail::row_width<S>, channelwise, parameters);
  std::string y = writer.write(E{});
  if constexpr (!detail::is_spread_out<E>) return node("Expand", {y, node("Shape", {values[0]})});
  else if constexpr (as_row && Out::rank != 1) return reshape(y, Axes(Out::dims.begin(), Out::dims.end()));
  else return y;
}

}  // namespace tenon
