#pragma once

#include <tenon/layers/map.hpp>
#include <tenon/layers/options.hpp>
#include <tenon/net/mistakes.hpp>

namespace tenon {

struct one_or_two_sizes_of_at_least_1;
struct sizes_whose_product_memory_can_hold;

namespace detail {

/// x W^T + b, with W stored (out, in) as PyTorch stores it.
template <size_t In, size_t Out, class WeightInit, class BiasInit, bool Bias, class... HowKept>
consteval auto dense_formula() {
  constexpr auto product = matmul(x, transpose(param<"weight", Shape<Out, In>, WeightInit, HowKept...>));
  if constexpr (Bias) return product + param<"bias", Shape<Out>, BiasInit>;
  else return product;
}

/// How weights are kept in int8 where that is not the usual way: part of the formula, since a layer behind may join it.
template <WeightStorage Storage>
struct KeptAs {};

/// `Dense<In, Out>` states its input, `Dense<Out>` takes any vector or sequence.
template <bool Stated, size_t In>
struct DenseInput {
  template <class S>
  using problem = std::conditional_t<S::rank <= 2, void, takes<a_vector_or_a_sequence>>;
};
template <size_t In>
struct DenseInput<true, In> {
  using expects = Shape<In>;
  template <class S>
  using problem = std::conditional_t<row_width<S> == In && S::rank <= 2, void, takes<Shape<In>>>;
};

}  // namespace detail

/// A fully connected layer, y = x W^T + b.
///
/// `Dense<Out>` takes its input size from the layer before, `Dense<In, Out>` states and checks it.
/// Options: `bias<false>`, `init<HeNormal>`, `bias_init<Zeros>`; for runs in int8 `weight_bits<4>` and
/// `per_tensor<true>` (docs/guides/microcontrollers.md). Shapes: (in) to (out); (time, in) to (time, out).
/// Parameters: weight (out, in), bias (out), both U(-1/sqrt(in), 1/sqrt(in)).
/// Gradients: dx = dy W, dW = dy^T x, db = sum of dy. PyTorch: nn.Linear. ONNX: Gemm.
///
///     using Net = Sequential<Dense<784, 128>, ReLU, Dense<10>>;
template <auto... Argument>
struct Dense : detail::DenseInput<detail::sizes_of<Argument...>::count == 2, detail::sizes_of<Argument...>::get(0)> {
private:
  using sizes = detail::sizes_of<Argument...>;
  static constexpr bool sensible = sizes::positive && (sizes::count == 1 || sizes::count == 2);
  static constexpr bool usable = sensible && (sizes::count == 1 || detail::product_of({sizes::get(0), sizes::get(1)}) <
                                                                       detail::most_numbers);
  static constexpr size_t out = usable ? sizes::get(sizes::count - 1) : 1;
  static constexpr detail::WeightStorage storage = detail::weight_storage<Argument...>;
  template <class In, class... HowKept>
  static consteval auto formula() {
    return detail::dense_formula<detail::row_width<In>, out, detail::weight_init<LinearDefault, Argument...>,
                                 detail::start_of_bias<LinearDefault, Argument...>, detail::with_bias<Argument...>,
                                 HowKept...>();
  }
  template <class In>
  static consteval auto formula_as_kept() {
    if constexpr (storage == detail::WeightStorage{}) return formula<In>();
    else return formula<In, detail::KeptAs<storage>>();
  }
  template <class In>
  using formula_for = decltype(formula_as_kept<In>());

public:
  using invalid = detail::first_fault<
      detail::options_fault<option::size | option::bias | option::init | option::bias_init | option::weight_bits |
                                option::per_tensor,
                            Argument...>,
      std::conditional_t<usable, void,
                         std::conditional_t<sensible, takes<sizes_whose_product_memory_can_hold>,
                                            takes<one_or_two_sizes_of_at_least_1>>>>;
  template <class In>
  using at = detail::FormulaUnit<formula_for<In>, In>;
  template <class To>
  static auto onnx(To& to) {
    if (to.rank() == 1)
      return to.node("Gemm", {to.input(), to.parameter("weight"), to.parameter_or_none("bias")}, {{"transB", 1}});
    const auto product = to.node("MatMul",
                                 {to.input(), to.node("Transpose", {to.parameter("weight")}, {{"perm", {1, 0}}})});
    return detail::with_bias<Argument...> ? to.node("Add", {product, to.parameter("bias")}) : product;
  }
  template <class In, Time Axis>
  static constexpr bool steps = (Axis == Time::first) && In::rank == 2;
};

}  // namespace tenon
