#pragma once

#include <array>
#include <cstddef>
#include <string_view>
#include <type_traits>
#include <utility>

#include <tenon/layers/formula/batch_unit.hpp>
#include <tenon/layers/formula/unit.hpp>
#include <tenon/net/mistakes.hpp>
#include <tenon/net/named.hpp>

namespace tenon {

/// What a formula takes.
struct a_vector_or_a_sequence;
/// A layer has an input, x, and parameters; `target` and `label` belong to losses.
struct a_formula_of_x_and_parameters;
/// matmul takes a parameter that states both its sizes, or its transpose.
struct matmul_with_a_parameter_of_two_sizes;
/// A parameter is declared once, or in the same words each time.
template <fixed_string Name>
struct one_shape_and_one_initializer_of;
/// Of whole numbers C++ drops the remainder: 1/2 is 0.
template <class Write>
struct a_factor_other_than_0;
/// One number per sample, such as sum(x), is no layer's output.
struct a_formula_with_a_number_for_each_feature;
/// Nothing could be learned through a step. `straight_through(value, like)` gives it the slope of
/// another formula, and `stop_gradient` says that none is wanted.
struct a_formula_with_a_derivative_or_straight_through;
template <int N>
struct features_in_equal_chunks;
/// x, products and parameters that meet in a formula must be equally wide.
struct parts_with_as_many_features;
struct dropout_mask_after_the_last_matmul;
struct at_most_8_parameters;
struct at_most_7_products_and_chunks;
/// `sum`, `mean`, `max`, `variance` look at one sample, `batch_mean` and the like at one feature: write
/// two layers.
struct reductions_over_the_sample_or_over_the_batch_not_both;
struct matmul_and_chunk_apart_from_reductions_over_the_batch;

namespace detail {

/// What is in a formula, found in one walk.
struct FormulaMarks {
  bool noise = false;
  bool of_a_loss = false;   // target, label
  bool stops = false;       // gradients end at it, or are those of another formula
  bool steps = false;       // has no slope anywhere: to look for one costs the compiler a derivative
  bool times_zero = false;  // a literal 0 is a factor

  constexpr FormulaMarks with(FormulaMarks o) const {
    return {noise || o.noise, of_a_loss || o.of_a_loss, stops || o.stops, steps || o.steps, times_zero || o.times_zero};
  }
};
template <class E>
inline constexpr bool is_literal_zero = false;
template <auto V>
inline constexpr bool is_literal_zero<expr::Number<V>> = V == 0;

template <class E>
inline constexpr FormulaMarks marks_of{};
template <auto R>
inline constexpr FormulaMarks marks_of<expr::Noise<R>>{.noise = true};
template <int K>
inline constexpr FormulaMarks marks_of<expr::Input<K>>{.of_a_loss = K > 0};
template <>
inline constexpr FormulaMarks marks_of<expr::Label>{.of_a_loss = true};
template <Op O, class... A>
inline constexpr FormulaMarks marks_of<Operation<O, A...>> = [] {
  FormulaMarks own{.stops = O == Op::stop || O == Op::surrogate,
                   .steps = O == Op::sign || expr::is_comparison(O),
                   .times_zero = O == Op::multiply && (is_literal_zero<A> || ...)};
  ((own = own.with(marks_of<A>)), ...);
  if (O == Op::tracked) own.times_zero = false;  // a momentum may be 0
  return own;
}();

/// The first parameter's name that another one has too, with other options.
template <class... P>
constexpr std::string_view name_declared_twice(list<P...>) {
  constexpr std::array<std::string_view, sizeof...(P) + 1> names{parameter_traits<P>::name...};
  for (size_t i = 0; i < sizeof...(P); ++i)
    for (size_t j = 0; j < i; ++j)
      if (names[i] == names[j]) return names[i];
  return {};
}

template <class W>
inline constexpr bool is_matrix = false;
template <fixed_string N, class... O>
inline constexpr bool is_matrix<expr::Parameter<N, O...>> = parameter_initializer<expr::Parameter<N, O...>>::matrix;
template <class Product>
inline constexpr bool takes_matrix = is_matrix<typename operator_of<Product>::parameter>;

/// Whether a gradient reaches anything at all: an input, a product, a parameter.
template <class Program>
constexpr bool has_any_gradient() {
  for (int k = 0; k < Program::inputs; ++k)
    if (Program::uses_input(k) && Program::has_gradient(k)) return true;
  for (int k = 0; k < Program::parameters; ++k)
    if (Program::s.parameter[k] >= 0 && !Program::s.g.is(Program::s.parameter[k], 0)) return true;
  return false;
}

/// What is wrong with a formula whatever it is applied to.
template <class E, class Products = products_of<E>>
struct formula_fault;
template <class E, class... P>
struct formula_fault<E, list<P...>> {
private:
  static constexpr int most = static_cast<int>(expr::Arguments<float>::most);
  static constexpr int chunks = chunks_of<E> > 1 ? chunks_of<E> : 0;
  static constexpr int products = sizeof...(P);
  template <class Takes>
  using fault = std::type_identity<takes<Takes>>;

  template <class... S>
  static consteval auto judge_stages(list<S...>) {
    using Final = Stage<typename substitute<E, list<P...>>::type>;
    if constexpr ((marks_of<typename S::formula>.noise || ...)) {
      return fault<dropout_mask_after_the_last_matmul>{};
    } else if constexpr (((S::parameters::size > most) || ... || (Final::parameters::size > most))) {
      return fault<at_most_8_parameters>{};
    } else if constexpr (products + chunks >= most) {
      return fault<at_most_7_products_and_chunks>{};
    } else if constexpr (reduces_row<E>) {
      if constexpr (Final::program::result == expr::Rank::row) return fault<a_formula_with_a_number_for_each_feature>{};
      else return judge_slope<Final>();
    } else {
      return judge_slope<Final>();
    }
  }
  template <class Final>
  static consteval auto judge_slope() {
    if constexpr (!marks_of<E>.steps || marks_of<E>.stops) return std::type_identity<void>{};
    else if constexpr (has_any_gradient<typename Final::program>()) return std::type_identity<void>{};
    else return fault<a_formula_with_a_derivative_or_straight_through>{};
  }
  static consteval auto judge() {
    constexpr std::string_view twice = name_declared_twice(expr::parameters_of<E>{});
    if constexpr (marks_of<E>.of_a_loss) {
      return fault<a_formula_of_x_and_parameters>{};
    } else if constexpr (!twice.empty()) {
      return fault<one_shape_and_one_initializer_of<to_fixed_string<twice.size()>(twice)>>{};
    } else if constexpr (marks_of<E>.times_zero) {
      return fault<a_factor_other_than_0<write<"0.5, if you wrote 1/2">>>{};
    } else if constexpr (reduces_batch<E>) {
      if constexpr (reduces_row<E>) return fault<reductions_over_the_sample_or_over_the_batch_not_both>{};
      else if constexpr (products > 0 || chunks > 0)
        return fault<matmul_and_chunk_apart_from_reductions_over_the_batch>{};
      else return std::type_identity<void>{};
    } else if constexpr (!(takes_matrix<P> && ...)) {
      return fault<matmul_with_a_parameter_of_two_sizes>{};
    } else {
      return judge_stages(typename stages_of<list<P...>>::type{});
    }
  }

public:
  using type = typename decltype(judge())::type;
};

/// What is wrong with a formula over the batch applied to samples of shape In.
template <class E, class In, class Parameters = expr::parameters_of<E>>
struct BatchCheck;
template <class E, class In, class... P>
struct BatchCheck<E, In, list<P...>> {
private:
  template <class Traits>
  static constexpr bool fits() {
    if constexpr (Traits::scalar || Traits::per_feature) return true;
    else return Traits::shape::rank == 1 && Traits::shape::size == feature_count<In>;
  }

public:
  using type = std::conditional_t<(fits<parameter_traits<P>>() && ...), void, takes<parts_with_as_many_features>>;
};

/// What is wrong with a formula applied to samples of shape In.
template <class E, class In>
struct FormulaCheck {
private:
  using Code = typename FormulaUnit<E, In>::code;
  static constexpr const auto& plan = FormulaUnit<E, In>::plan;
  static constexpr auto declared = declare_parameters(expr::parameters_of<E>{});
  enum class Fault { none, x, parts };
  struct Finding {
    Fault fault = Fault::none;
    size_t wanted = 0;  // how many features x should have
  };

  /// What meets in a stage has `width` features; x, where it is alone, as many as the parameters.
  template <class S>
  static constexpr void judge(Finding& v, size_t width, bool only_x) {
    for (int k = Code::inputs - 1; k >= 0; --k)
      if (S::program::uses_input(k) && Code::input_width(plan, k) != width)
        v = {k == 0 ? Fault::x : Fault::parts, width};
    [&]<class... P>(list<P...>) { (judge_parameter<P>(v, width, only_x), ...); }(typename S::parameters{});
  }
  template <class P>
  static constexpr void judge_parameter(Finding& v, size_t width, bool only_x) {
    const ParameterSpec& spec = declared[number_of<P>];
    if (parameter_traits<P>::scalar) return;
    if (spec.dims[0] == per_feature) {
      if (plan.parameters[number_of<P>].dims[0] == 0) v = {Fault::parts};
    } else {
      if (spec.rank != 1) v = {Fault::parts};
      else if (spec.dims[0] != width) v = {only_x ? Fault::x : Fault::parts, spec.dims[0]};
    }
  }
  static constexpr Finding finding = [] {
    Finding v;
    judge<typename Code::final_stage>(v, plan.output_width, Code::product_count == 0 && Code::chunks == 1);
    [&]<int... K>(std::integer_sequence<int, K...>) {
      (judge<typename Code::template stage<K>>(v, plan.in[K], false), ...);
    }
    (Code::each_product);
    return v;
  }();

  static consteval auto problem() {
    if constexpr ((Code::product_count > 0 || Code::chunks > 1) && In::rank > 2) {
      return std::type_identity<takes<a_vector_or_a_sequence>>{};
    } else if constexpr (plan.width % static_cast<size_t>(Code::chunks) != 0) {
      return std::type_identity<takes<features_in_equal_chunks<Code::chunks>>>{};
    } else if constexpr (finding.fault == Fault::x) {
      return std::type_identity<takes<typename with_last<In, finding.wanted>::type>>{};
    } else if constexpr (finding.fault == Fault::parts) {
      return std::type_identity<takes<parts_with_as_many_features>>{};
    } else {
      return std::type_identity<void>{};
    }
  }

public:
  using type = typename decltype(problem())::type;
};

}  // namespace detail
}  // namespace tenon
