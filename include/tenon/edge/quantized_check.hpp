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

/// Every layer has a step in int8, but they do not go together: more than 4096 of them, a part of several outputs.
struct steps_in_int8_that_go_together;

namespace detail {

/// Whether one layer given In is a step, or costs none. EachStep: it stands on every step of a sequence.
template <class L, class In, bool EachStep>
constexpr bool is_int8_step() {
  return edge::detail::is_known_layer<typename bind<L, In>::type, EachStep>();
}

/// Of the layer L that stands at Path.
template <class L, class In, class Path, bool EachStep>
struct int8_refusal;

template <class Parts, class Inputs, class Paths, bool EachStep>
struct int8_refusal_of_parts {
  using type = void;
};
template <class Part, class... Rest, class In, class... Later, class Path, class... Further, bool EachStep>
struct int8_refusal_of_parts<list<Part, Rest...>, list<In, Later...>, list<Path, Further...>, EachStep>
    : first_refusal<typename int8_refusal<Part, In, Path, EachStep>::type,
                    typename int8_refusal_of_parts<list<Rest...>, list<Later...>, list<Further...>, EachStep>::type> {};

/// What joins or cuts has to know how the numbers of all steps lie.
template <Structure What>
inline constexpr bool is_int8_structure = What == Structure::named || What == Structure::chain ||
                                          What == Structure::residual || What == Structure::sum ||
                                          What == Structure::copies || What == Structure::steps ||
                                          What == Structure::frozen;
template <Structure What>
inline constexpr bool is_int8_branching = What == Structure::gate || What == Structure::joined ||
                                          What == Structure::split || What == Structure::graph;

template <class L, class In, class Path, bool EachStep>
struct int8_refusal {
  static constexpr Structure what = structure_of<L>;
  static constexpr auto judge() {
    if constexpr (is_input_element<L>) {
      return std::type_identity<void>{};
    } else if constexpr (what == Structure::leaf) {
      return std::type_identity<
          std::conditional_t<is_int8_step<L, In, EachStep>(), void, cannot_run<layer<Path, L>, in_int8>>>{};
    } else if constexpr (is_int8_structure<what> || (is_int8_branching<what> && !EachStep)) {
      constexpr bool each = EachStep || what == Structure::steps;
      return std::type_identity<
          typename int8_refusal_of_parts<parts_of<L>, part_inputs<L, In>, part_paths<L, Path>, each>::type>{};
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
    using Layers = typename int8_refusal<Net, input_shape<Net>, Path, false>::type;
    if constexpr (!std::is_void_v<Layers>) return std::type_identity<Layers>{};
    else if constexpr (edge::quantized_plan<Net>.fits) return std::type_identity<Layers>{};
    else
      return std::type_identity<
          shape_mismatch<layer<Path, Net>, takes<steps_in_int8_that_go_together>, in_int8, from_input>>{};
  }
  using type = typename decltype(judge())::type;
};

}  // namespace detail
}  // namespace tenon
