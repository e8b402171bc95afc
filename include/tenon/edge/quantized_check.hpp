#pragma once

#include <tenon/net/refuse.hpp>  // first: compilers print the path of includes that leads to an error

#include <cstddef>
#include <type_traits>

#include <tenon/edge/quantized_plan.hpp>
#include <tenon/net/composition.hpp>
#include <tenon/net/execution.hpp>
#include <tenon/net/part_inputs.hpp>

/// What a network has that int8 has no step for.
namespace tenon {

/// Every layer has a step in int8, but they do not go together: a Flatten of an image in a sum, a Softmax alone, more than
/// `edge::QuantizedPlan::capacity` steps.
struct steps_in_int8_that_go_together;

namespace detail {

/// Whether one layer given In is a step, or costs none.
template <class L, class In, bool Last>
constexpr bool is_int8_step() {
  using unit = typename bind<L, In>::type;
  using edge::StepKind;
  if constexpr (Passthrough<unit>) {
    return true;
  } else if constexpr (edge::detail::is_formula_unit<unit>) {
    constexpr StepKind kind = edge::detail::pattern_of<typename unit::formula>.kind;
    if constexpr (kind == StepKind::dense) return unit::plan.repeats == 1;
    else if constexpr (kind == StepKind::softmax) return unit::plan.repeats == 1 && Last;
    else return kind == StepKind::nothing || kind == StepKind::clamp;
  } else {
    constexpr const unit* type = nullptr;
    return edge::detail::ConvolutionOf<unit>::known || edge::detail::is_max_pool(type) || edge::detail::is_mean_pool(type);
  }
}

/// Of the layer L that stands at Path. Last: what it gives is the network's output.
template <class L, class In, class Path, bool Last>
struct int8_refusal;

template <class Parts, class Inputs, class Paths, bool Last>
struct int8_refusal_of_parts {
  using type = void;
};
template <class Part, class... Rest, class In, class... Later, class Path, class... Further, bool Last>
struct int8_refusal_of_parts<list<Part, Rest...>, list<In, Later...>, list<Path, Further...>, Last>
    : first_refusal<typename int8_refusal<Part, In, Path, Last && sizeof...(Rest) == 0>::type,
                    typename int8_refusal_of_parts<list<Rest...>, list<Later...>, list<Further...>, Last>::type> {};

template <class L, class In, class Path, bool Last>
struct int8_refusal {
  static constexpr Structure what = structure_of<L>;
  static constexpr auto judge() {
    if constexpr (is_input_element<L>) {
      return std::type_identity<void>{};
    } else if constexpr (what == Structure::leaf) {
      return std::type_identity<std::conditional_t<is_int8_step<L, In, Last>(), void, cannot_run<layer<Path, L>, in_int8>>>{};
    } else if constexpr (what == Structure::named || what == Structure::chain || what == Structure::residual ||
                         (what == Structure::sum && parts_of<L>::size == 2)) {
      constexpr bool hands_on = Last && (what == Structure::named || what == Structure::chain);
      return std::type_identity<typename int8_refusal_of_parts<parts_of<L>, part_inputs<L, In>, part_paths<L, Path>, hands_on>::type>{};
    } else {
      return std::type_identity<cannot_run<layer<Path, L>, in_int8>>{};
    }
  }
  using type = typename decltype(judge())::type;
};

template <class Net>
struct refusal_of<in_int8, Net> {
  static constexpr auto judge() {
    using Path = typename element<Net>::own_path;
    using Layers = typename int8_refusal<Net, input_shape<Net>, Path, true>::type;
    if constexpr (!std::is_void_v<Layers> || edge::quantized_plan<Net>.fits) return std::type_identity<Layers>{};
    else return std::type_identity<shape_mismatch<layer<Path, Net>, takes<steps_in_int8_that_go_together>, in_int8, from_input>>{};
  }
  using type = typename decltype(judge())::type;
};

}  // namespace detail
}  // namespace tenon
