#pragma once

#include <cstddef>
#include <type_traits>

#include <tenon/layers/input.hpp>
#include <tenon/layers/streamed_conv1d.hpp>
#include <tenon/net/composition.hpp>
#include <tenon/net/execution.hpp>
#include <tenon/net/graph.hpp>
#include <tenon/net/inputs.hpp>
#include <tenon/net/named.hpp>
#include <tenon/net/parameters.hpp>
#include <tenon/net/part_inputs.hpp>
#include <tenon/net/sequential.hpp>

/// A network of sequences as the network of one step: it is given a token and remembers what it needs of those before
/// (the states of recurrent layers, the last inputs of convolutions, the keys and values of attentions, the place).
/// Parameters are the same, and lie in the same order.
///
/// A layer says itself that it can be run so (`steps` and `stepping`, net/layer.hpp), a composition by the rules below;
/// what says nothing is refused. Its input says which axis is time: tokens (time), sequences (time, ...), or, where a
/// Conv1D is in it, signals (channels, time).
namespace tenon {

namespace detail {

/// One step of a sequence.
template <class S, Time Axis>
struct one_step;
template <size_t T, size_t... D>
struct one_step<Shape<T, D...>, Time::first> {
  using input = Input<1, D...>;
};
template <size_t C, size_t T>
struct one_step<Shape<C, T>, Time::last> {
  using input = Input<C, 1>;
};

/// What became of a layer: another layer, or a refusal.
template <class L, class Refusal = void>
struct Stepped {
  using type = L;
  using refusal = Refusal;
};

template <class L, class In, Time Axis, size_t Context, class Path>
constexpr auto step_through();

/// A layer that says that each step of its output follows from the steps up to there (`steps`).
template <class L, class In, Time Axis>
constexpr bool says_it_steps() {
  if constexpr (requires { L::template steps<In, Axis>; }) return L::template steps<In, Axis>;
  else return false;
}
template <class L, size_t Context>
constexpr auto stepping_layer() {
  if constexpr (requires { typename L::template stepping<Context>; })
    return std::type_identity<typename L::template stepping<Context>>{};
  else return std::type_identity<L>{};
}

/// Whether only an option, which lets it look at later steps, keeps a layer from being run step by step.
template <class L>
constexpr bool looks_ahead() {
  if constexpr (requires { L::looks_ahead; }) return L::looks_ahead;
  else return false;
}

template <class L, class... Part>
constexpr auto gather_steps(list<Part...>) {
  return Stepped<typename remade<L, list<typename Part::type...>>::type,
                 typename first_refusal<typename Part::refusal...>::type>{};
}
template <class L, Time Axis, size_t Context, class... Part, class... Given, class... Path>
constexpr auto step_parts(list<Part...>, list<Given...>, list<Path...>) {
  return gather_steps<L>(list<decltype(step_through<Part, Given, Axis, Context, Path>())...>{});
}

/// Whether inputs are sequences that run side by side: as many axes each, and as many steps.
template <Time Axis, class First, class... S>
constexpr bool run_side_by_side(list<First, S...>) {
  if constexpr (!((First::rank == S::rank) && ...)) return false;
  else if constexpr (Axis == Time::first) return ((First::front == S::front) && ...);
  else return First::rank == 2 && ((First::inner == S::inner) && ...);
}
template <class In>
struct listed_inputs {
  using type = list<In>;
};
template <class... S>
struct listed_inputs<Inputs<S...>> {
  using type = list<S...>;
};

/// An input of a graph that states its shape states that of one step.
template <class E, Time Axis>
struct element_step {
  using type = E;
};
template <fixed_string Name, size_t T, size_t... D>
struct element_step<In<Name, T, D...>, Time::first> {
  using type = In<Name, 1, D...>;
};
template <fixed_string Name, size_t C, size_t T>
struct element_step<In<Name, C, T>, Time::last> {
  using type = In<Name, C, 1>;
};
template <Time Axis, class Refusal, class... E>
constexpr auto step_inputs(Stepped<Graph<E...>, Refusal>) {
  return Stepped<Graph<typename element_step<E, Axis>::type...>, Refusal>{};
}

/// Path is that of L, its name or place included.
template <class L, class In, Time Axis, size_t Context, class Path>
constexpr auto step_through() {
  constexpr Structure what = structure_of<L>;
  using Refused = Stepped<L, cannot_run<layer<Path, L>, step_by_step>>;
  if constexpr (is_input_element<L>) {
    return Stepped<typename one_step<In, Axis>::input>{};
  } else if constexpr (what == Structure::leaf) {
    if constexpr (says_it_steps<L, In, Axis>()) return Stepped<typename decltype(stepping_layer<L, Context>())::type>{};
    else if constexpr (looks_ahead<L>())
      return Stepped<L, cannot_run<layer<Path, L>, step_by_step, takes<a_causal_layer>>>{};
    else return Refused{};
  } else if constexpr (what == Structure::steps) {
    // its part remembers nothing from one step to the next
    if constexpr (Axis == Time::first) return Stepped<L>{};
    else return Refused{};
  } else if constexpr (what == Structure::named || what == Structure::frozen || what == Structure::chain ||
                       what == Structure::residual || what == Structure::sum || what == Structure::copies ||
                       (what == Structure::joined && Axis == Time::last)) {  // sequences would be joined along time
    return step_parts<L, Axis, Context>(parts_of<L>{}, part_inputs<L, In>{}, part_paths<L, Path>{});
  } else if constexpr (what == Structure::graph) {
    // every node runs by itself and remembers what it has to, one that shares another's layers too
    if constexpr (run_side_by_side<Axis>(typename listed_inputs<In>::type{}) &&
                  composition<L>::template shared_alike<In>)
      return step_inputs<Axis>(
          step_parts<L, Axis, Context>(parts_of<L>{}, part_inputs<L, In>{}, part_paths<L, Path>{}));
    else return Refused{};
  } else {
    return Refused{};
  }
}

/// Whether there is a layer of signals in it. What stands in TimeDistributed is given steps and no sequences.
template <class L, class... Part>
constexpr bool any_takes_signals(list<Part...>);
template <class L>
constexpr bool takes_signals() {
  if constexpr (structure_of<L> == Structure::leaf) return requires {
      L::takes_signals;
    };
  else if constexpr (structure_of<L> == Structure::steps) return false;
  else return any_takes_signals<L>(parts_of<L>{});
}
template <class L, class... Part>
constexpr bool any_takes_signals(list<Part...>) {
  return (takes_signals<Part>() || ...);
}

/// The shape of an input, of the first if there are several: all have as many steps.
template <class In>
struct first_of_inputs {
  using type = In;
};
template <class First, class... S>
struct first_of_inputs<Inputs<First, S...>> {
  using type = First;
};

template <class Net, class In>
constexpr auto step_network() {
  using Path = typename element<Net>::own_path;
  using Sequence = typename first_of_inputs<In>::type;
  if constexpr (Sequence::rank == 2 && takes_signals<Net>())
    return step_through<Net, In, Time::last, Sequence::inner, Path>();
  else return step_through<Net, In, Time::first, Sequence::front, Path>();
}

template <class Net, bool Valid>
struct network_of_steps {
  using stepped = Stepped<Net>;
  static constexpr bool possible = false;
};
template <class Net>
struct network_of_steps<Net, true> {
  using stepped = decltype(step_network<Net, input_shape<Net>>());
  static constexpr bool possible = std::is_void_v<typename stepped::refusal>;
};
template <class Net>
using steps_of = network_of_steps<Net, Checked<Net>::valid>;

template <class Net>
struct refusal_of<step_by_step, Net> {
  using type = typename steps_of<Net>::stepped::refusal;
};

/// The network of one step; where there is none, something small, so that no second error follows.
template <class Net, bool Possible>
struct step_or_nothing {
  using type = Sequential<typename one_step<typename first_of_inputs<input_shape<Net>>::type, Time::first>::input>;
};
template <class Net>
struct step_or_nothing<Net, true> {
  using type = typename steps_of<Net>::stepped::type;
};

template <class Net>
using network_of_step = typename step_or_nothing<Net, steps_of<Net>::possible>::type;

template <class A, class B>
constexpr bool same_rows(const A& a, const B& b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (a[i].name != b[i].name || a[i].rank != b[i].rank || a[i].offset != b[i].offset ||
        a[i].trainable != b[i].trainable)
      return false;
    for (size_t d = 0; d < a[i].rank; ++d)
      if (a[i].dims[d] != b[i].dims[d]) return false;
  }
  return true;
}
/// Whether the network of one step, if there is one, has parameters of the same names and shapes at the same places.
template <class Net>
constexpr bool keeps_parameters() {
  if constexpr (steps_of<Net>::possible) return same_rows(parameter_table<Net>, parameter_table<network_of_step<Net>>);
  else return true;
}

}  // namespace detail

/// Whether the network can be run one step after the other; `refusal<step_by_step, Net>` says what is in the way.
template <class Net>
inline constexpr bool steps_forward = detail::steps_of<Net>::possible;
/// `Stepwise<Sequential<Input<64>, ...>>` takes Shape<1>, of sequences Input<T, F> it takes Shape<1, F>, of signals
/// Input<C, T> Shape<C, 1>.
template <class Net>
using Stepwise = detail::network_of_step<Net>;

}  // namespace tenon
