#pragma once

#include <cstddef>

#include <tenon/fixed_string.hpp>
#include <tenon/net/refuse.hpp>
#include <tenon/type_list.hpp>

/// The words of Tenon's compile errors. A mistake in a network is collected as a type made of these
/// words while the network is bound to its input; the compiler prints that type once, when a
/// program first asks for anything that depends on the network (see net/checked.hpp).
namespace tenon {

/// Where a layer stands, from the root of the network: positions and names, `path<2, 1>`.
template <auto... Step>
struct path {};

/// The layer that complains.
template <class Path, class L>
struct layer;
/// What it takes: `takes<Shape<64>>`.
template <class...>
struct takes;
/// What it is given.
template <class...>
struct but_gets;
/// The layer that gives it.
template <class Path, class L>
struct from_layer;
/// What is given comes from outside the network.
struct from_input;

/// A layer is given a shape it does not take.
template <class Layer, class Takes, class ButGets, class From>
struct shape_mismatch;

/// A layer's own arguments make no sense: `Dropout<1.5>`.
template <class Layer, class Takes>
struct invalid_layer;

/// A function is given something else than it takes: `argument<"fit", "model">`.
template <class Argument, class Takes, class ButGets, class... Write>
struct wrong_argument;
template <fixed_string Function, fixed_string Name>
struct argument;
/// What to write instead.
template <fixed_string Text>
struct write;
/// What takes it is in a header of its own.
template <fixed_string Path>
struct include_header;

/// Something stands in a composition that is no layer.
template <class Path, class T>
struct not_a_layer;

/// A part of a network has a name that would not read as one name in its parameters' names.
template <class Path, class Takes>
struct invalid_name;
struct a_name_without_dots_that_is_no_number;

/// Two elements of one composition have the same name, and so would their parameters.
template <class Path>
struct name_used_twice;

/// The first layer does not say what it takes, and nothing before it does.
struct say_Input_first;
template <class Layer, class Advice = say_Input_first>
struct needs_input;

/// A layer of one input is given several.
struct one_input;
/// A layer of several inputs is given one, or inputs that do not go together.
struct two_or_more_inputs;
struct of_one_shape;
struct that_agree_in_all_axes_but_the_outermost;

/// Any number will do.
struct any;
/// All axes but the outermost have to agree.
template <class Shape>
struct joinable_with;
/// Any shape that holds as many numbers.
template <class Shape>
struct as_many_numbers_as;

namespace detail {

/// Turns a word as a part of the network says it (paths from the part, input from outside the part)
/// into the word the whole says: paths begin with Path, and the input is From's output.
template <class Path, class From, class Word>
struct relocate_word {
  using type = Word;
};
template <class Path, class From>
struct relocate_word<Path, From, from_input> {
  using type = From;
};
template <auto... A, class From, auto... B>
struct relocate_word<path<A...>, From, path<B...>> {
  using type = path<A..., B...>;
};
template <auto... A, class From, auto... B, class L>
struct relocate_word<path<A...>, From, layer<path<B...>, L>> {
  using type = layer<path<A..., B...>, L>;
};
template <auto... A, class From, auto... B, class L>
struct relocate_word<path<A...>, From, from_layer<path<B...>, L>> {
  using type = from_layer<path<A..., B...>, L>;
};

template <class Path, class From, class Mistake>
struct relocate_mistake;
template <class Path, class From, template <class...> class Mistake, class... Word>
struct relocate_mistake<Path, From, Mistake<Word...>> {
  using type = Mistake<typename relocate_word<Path, From, Word>::type...>;
};

template <class Path, class From, class Mistakes>
struct relocate_all;
template <class Path, class From, class... Mistake>
struct relocate_all<Path, From, list<Mistake...>> {
  using type = list<typename relocate_mistake<Path, From, Mistake>::type...>;
};
template <class Path, class From>
struct relocate_all<Path, From, list<>> {
  using type = list<>;
};
template <class Path, class From, class Mistakes>
using relocate = typename relocate_all<Path, From, Mistakes>::type;

/// A layer as a compile error shows it; a formula as it is written.
template <class L>
struct shown_layer {
  using type = L;
};
template <class Word>
struct shown_word {
  using type = Word;
};
template <class Path, class L>
struct shown_word<layer<Path, L>> {
  using type = layer<Path, typename shown_layer<L>::type>;
};
template <class Path, class L>
struct shown_word<from_layer<Path, L>> {
  using type = from_layer<Path, typename shown_layer<L>::type>;
};
template <class Mistake>
struct shown_mistake;
template <template <class...> class Mistake, class... Word>
struct shown_mistake<Mistake<Word...>> {
  using type = Mistake<typename shown_word<Word>::type...>;
};

/// The first layer is at fault itself, so that it is not known whether it would need an Input.
template <class Layer, class... Word>
struct shown_mistake<needs_input<Layer, takes<Word...>>> {
  using type = invalid_layer<typename shown_word<Layer>::type, takes<Word...>>;
};

/// The mistakes inside a bound layer; only compositions have any.
template <class Bound>
struct mistakes_of {
  using type = list<>;
};
template <class Bound>
  requires requires { typename Bound::mistakes; }
struct mistakes_of<Bound> {
  using type = typename Bound::mistakes;
};

}  // namespace detail
}  // namespace tenon
