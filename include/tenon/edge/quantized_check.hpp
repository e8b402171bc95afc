#pragma once

#include <tenon/net/refuse.hpp>  // first: compilers print the path of includes that leads to an error

#include <type_traits>

#include <tenon/edge/quantized_plan.hpp>
#include <tenon/edge/quantized_wide.hpp>
#include <tenon/net/composition.hpp>
#include <tenon/net/execution.hpp>
#include <tenon/net/layer_refusal.hpp>
#include <tenon/networks/store_activations.hpp>

/// What a network has that int8 has no step for.
namespace tenon {

/// Every layer has a step in int8, but they do not go together: more than 4096 of them, a part of several outputs.
struct steps_in_int8_that_go_together;
/// Tokens are no numbers that int8 computes with.
struct numbers_and_no_tokens;

namespace detail {

/// Where a layer stands.
struct Int8Place {
  bool each_step = false;  // on every step of a sequence
  bool wide = false;       // in a network whose activations have 16 bits
};

/// Whether a layer given In has steps in int8, or needs none. With activations of 16 bits each of its steps has to be
/// one that has a 16-bit form.
template <class L, class In, Int8Place Where>
constexpr bool is_int8_step() {
  using Bound = typename bind<L, In>::type;
  if constexpr (!edge::detail::is_known_layer<Bound, Where.each_step>()) return false;
  else if constexpr (Where.wide && !Passthrough<Bound>)
    return edge::detail::all_can_be_wide(edge::detail::plan_reading<Bound>.plan);
  else return true;
}

/// Compositions whose parts can be checked by themselves; those that join or cut tensors (`is_int8_branching`) not on
/// each step of a sequence, where the numbers of one step do not lie together.
template <Structure What>
inline constexpr bool is_int8_structure = What == Structure::named || What == Structure::chain ||
                                          What == Structure::residual || What == Structure::sum ||
                                          What == Structure::copies || What == Structure::steps ||
                                          What == Structure::frozen;
template <Structure What>
inline constexpr bool is_int8_branching = What == Structure::gate || What == Structure::joined ||
                                          What == Structure::split || What == Structure::graph;

/// Whether a layer that stands at Where is a step: layer_refusal asks.
template <Int8Place Where>
struct Int8Question {
  using execution = std::conditional_t<Where.wide, in_16_bits, in_int8>;
  template <class L>
  using inside = Int8Question<Int8Place{Where.each_step || structure_of<L> == Structure::steps, Where.wide}>;

  template <class L, class In>
  static constexpr bool takes = [] {
    constexpr Structure what = structure_of<L>;
    if constexpr (stores_activations<L>) return false;  // of a part, not of the whole network
    else if constexpr (what == Structure::leaf) return is_int8_step<L, In, Where>();
    else
      return is_int8_structure<what> || (is_int8_branching<what> && !Where.each_step) ||
             (what == Structure::masked && !Where.each_step && !Where.wide);
  }();
};

/// A network without its StoreActivations.
template <class Net>
struct storage_left_out {
  using type = Net;
};
template <class L, auto... Option>
struct storage_left_out<StoreActivations<L, Option...>> {
  using type = L;
};
template <fixed_string Name, class Net>
struct storage_left_out<Named<Name, Net>> {
  using type = Named<Name, typename storage_left_out<Net>::type>;
};
template <class Net>
using without_storage = typename storage_left_out<Net>::type;

/// What int8 refuses where each layer has its steps: the node of a graph that reads tokens as numbers, or the network.
template <class Net, class Path>
constexpr auto judge_steps_together() {
  using Parts = parts_of<Net>;
  constexpr int unit = edge::quantized_plan<Net>.misfit;
  if constexpr (structure_of<Net> == Structure::graph && unit >= 0) {
    constexpr size_t place = [] {
      size_t last = 0;
      for (size_t k = 0; k < Parts::size; ++k)
        if (static_cast<int>(bound_network<Net>::plan.slots[k].unit) <= unit) last = k;
      return last;
    }();
    using Where = typename element_of<place, part_paths<Net, Path>>::type;
    using Part = typename element_of<place, Parts>::type;
    return std::type_identity<cannot_run<layer<Where, unnamed<Part>>, in_int8, takes<numbers_and_no_tokens>>>{};
  } else {
    return std::type_identity<
        shape_mismatch<layer<Path, Net>, takes<steps_in_int8_that_go_together>, in_int8, from_input>>{};
  }
}

template <class Net>
struct refusal_of<in_int8, Net> {
  static constexpr auto judge() {
    using Path = typename element<Net>::own_path;
    constexpr bool wide = edge::quantized_plan<Net>.wide;
    using Question = Int8Question<Int8Place{.wide = wide}>;
    using Layers = typename layer_refusal<Question, without_storage<Net>, input_shape<Net>, Path>::type;
    if constexpr (!std::is_void_v<Layers>) return std::type_identity<Layers>{};
    else if constexpr (edge::quantized_plan<Net>.fits) return std::type_identity<Layers>{};
    else return judge_steps_together<Net, Path>();
  }
  using type = typename decltype(judge())::type;
};

}  // namespace detail
}  // namespace tenon
