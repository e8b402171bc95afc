#pragma once

#include <tenon/layers/formula/batch_unit.hpp>
#include <tenon/layers/formula/unit.hpp>
#include <tenon/net/mistakes.hpp>

namespace tenon {

/// What a formula takes.
struct a_vector_or_a_sequence;
template <int N>
struct features_in_equal_chunks;
/// x, products and parameters that meet in a formula must be equally wide.
struct parts_with_as_many_features;
struct dropout_mask_after_the_last_matmul;
struct at_most_8_parameters;
struct at_most_7_products_and_chunks;
/// `sum`, `mean`, `max`, `variance` look at one sample, `batch_mean` and its kin at one feature: write
/// two layers.
struct reductions_over_the_sample_or_over_the_batch_not_both;
struct matmul_and_chunk_apart_from_reductions_over_the_batch;

namespace detail {

template <class E>
inline constexpr bool has_noise = false;
template <auto R>
inline constexpr bool has_noise<expr::Noise<R>> = true;
template <Op O, class... A>
inline constexpr bool has_noise<Node<O, A...>> = (has_noise<A> || ...);

/// What is wrong with a formula whatever it is applied to.
template <class E, class Products = products_of<E>, class Stages = typename stages_of<Products>::type>
struct formula_fault;
template <class E, class Products, class... S>
struct formula_fault<E, Products, list<S...>> {
private:
  using final_stage = Stage<typename substitute<E, Products>::type>;
  static constexpr std::size_t most = expr::Arguments<float>::most;
  static constexpr int chunks = chunks_of<E> > 1 ? chunks_of<E> : 0;

  static constexpr bool over_batch = reduces_batch<E>;
  using batch_fault = std::conditional_t<
      over_batch && reduces_row<E>, takes<reductions_over_the_sample_or_over_the_batch_not_both>,
      std::conditional_t<over_batch && (sizeof...(S) > 0 || chunks > 0),
                         takes<matmul_and_chunk_apart_from_reductions_over_the_batch>, void>>;

  using stage_fault = std::conditional_t<
      (has_noise<typename S::formula> || ...), takes<dropout_mask_after_the_last_matmul>,
      std::conditional_t<((S::parameters::size > most) || ... || (final_stage::parameters::size > most)),
                         takes<at_most_8_parameters>,
                         std::conditional_t<(sizeof...(S) + chunks >= most), takes<at_most_7_products_and_chunks>, void>>>;

public:
  using type = std::conditional_t<std::is_void_v<batch_fault>, stage_fault, batch_fault>;
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
  struct Verdict {
    Fault fault = Fault::none;
    std::size_t wanted = 0;         // how many features x should have
  };

  /// What meets in a stage has `width` features; x, where it is alone, as many as the parameters.
  template <class S>
  static constexpr void judge(Verdict& v, std::size_t width, bool only_x) {
    for (int k = Code::inputs - 1; k >= 0; --k)
      if (S::program::uses_input(k) && Code::input_width(plan, k) != width) v = {k == 0 ? Fault::x : Fault::parts, width};
    [&]<class... P>(list<P...>) {
      (judge_parameter<P>(v, width, only_x), ...);
    }(typename S::parameters{});
  }
  template <class P>
  static constexpr void judge_parameter(Verdict& v, std::size_t width, bool only_x) {
    const ParameterSpec& spec = declared[number_of<P>];
    if (parameter_traits<P>::scalar) return;
    if (spec.dims[0] == per_feature) {
      if (plan.parameters[number_of<P>].dims[0] == 0) v = {Fault::parts};
    } else {
      if (spec.rank != 1) v = {Fault::parts};
      else if (spec.dims[0] != width) v = {only_x ? Fault::x : Fault::parts, spec.dims[0]};
    }
  }
  static constexpr Verdict verdict = [] {
    Verdict v;
    judge<typename Code::final_stage>(v, plan.output_width, Code::product_count == 0 && Code::chunks == 1);
    [&]<int... K>(std::integer_sequence<int, K...>) {
      (judge<typename Code::template stage<K>>(v, plan.in[K], false), ...);
    }(Code::each_product);
    return v;
  }();

  static consteval auto problem() {
    if constexpr ((Code::product_count > 0 || Code::chunks > 1) && In::rank > 2) {
      return std::type_identity<takes<a_vector_or_a_sequence>>{};
    } else if constexpr (plan.width % static_cast<std::size_t>(Code::chunks) != 0) {
      return std::type_identity<takes<features_in_equal_chunks<Code::chunks>>>{};
    } else if constexpr (verdict.fault == Fault::x) {
      return std::type_identity<takes<typename with_last<In, verdict.wanted>::type>>{};
    } else if constexpr (verdict.fault == Fault::parts) {
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
