#pragma once

#include <array>
#include <cstddef>
#include <string_view>
#include <type_traits>

#include <tenon/net/bound_layer.hpp>
#include <tenon/net/inputs.hpp>
#include <tenon/net/layer.hpp>
#include <tenon/net/mistakes.hpp>
#include <tenon/net/named.hpp>
#include <tenon/net/reshaping.hpp>

namespace tenon {

namespace detail {

template <template <class> class At>
struct binder;

}  // namespace detail

struct one_or_more_layers;
template <class... L>
struct Residual;

/// A description of a layer: something that can be bound to an input shape. `at` itself is not
/// constrained: what a layer cannot take it says with `expects` or `problem`, which give readable
/// errors.
template <class L>
concept Layer = requires {
  typename detail::binder<L::template at>;
};

namespace detail {

/// Layers that read numbers as names of something send no gradient back: an Embedding specialises it.
template <class L>
inline constexpr bool reads_tokens = false;

template <class L>
concept StatesInput = requires {
  typename L::expects;
};

/// Whether a layer may be bound to several inputs.
template <class L>
inline constexpr bool takes_many_inputs = false;
template <class L>
  requires requires { requires L::many_inputs; }
inline constexpr bool takes_many_inputs<L> = true;

template <class L>
struct fault {
  using type = void;
};
template <class L>
  requires requires { typename L::invalid; }
struct fault<L> {
  using type = typename L::invalid;
};
/// A layer that is a formula is judged where it is used, so that one that is only declared costs the compiler nothing.
template <class L>
  requires(
      requires { typename L::formula_check; } && !requires { typename L::invalid; })
struct fault<L> {
  using type = typename L::formula_check::type;
};
template <class L>
using fault_of = typename fault<L>::type;

/// A residual block with no layers in it.
template <>
struct fault<Residual<>> {
  using type = takes<one_or_more_layers>;
};

template <class L, class In>
struct expected_input {
  using type = In;
};
template <StatesInput L, class In>
struct expected_input<L, In> {
  using type = typename L::expects;
};
template <class L, class In>
using expected = typename expected_input<L, In>::type;

template <class L, class In>
struct problem {
  using type = std::conditional_t<std::is_same_v<expected<L, In>, In>, void, takes<expected<L, In>>>;
};
template <class L, class In>
  requires requires { typename L::template problem<In>; }
struct problem<L, In> {
  using type = typename L::template problem<In>;
};
template <class L, class In>
using problem_of = typename problem<L, In>::type;

/// Who the output of `L`, standing at Path, comes from: L itself, the last layer inside it or, if
/// there is none inside, whoever feeds it.
template <class Bound, class L, class Path, class From>
struct producer {
  using type = from_layer<Path, L>;
};
template <class Bound, class L, class Path, class From>
  requires requires { typename Bound::last; }
struct producer<Bound, L, Path, From> {
  using type = typename relocate_word<Path, From, typename Bound::last>::type;
};

/// The result of checking a layer: what is wrong, and the input to go on with, so that one mistake gives
/// one error.
template <class In, class... Mistake>
struct checked_input {
  using input = In;
  using mistakes = list<Mistake...>;
  template <class Path, class From, class Bound>
  using with_those_inside = join<mistakes, relocate<Path, From, typename mistakes_of<Bound>::type>>;
};
/// Of a layer that takes one input and is given several: it goes on with the first, about which no second error
/// follows.
template <class In, class Mistake>
struct first_input {
  using input = In;
  using mistakes = list<Mistake>;
  template <class Path, class From, class Bound>
  using with_those_inside = mistakes;
};
template <class In>
struct first_shape;
template <class S, class... Others>
struct first_shape<Inputs<S, Others...>> {
  using type = S;
};

/// Judges the layer `L` that stands at Path and is given the shape In by From. A layer may declare
///
///     using invalid = ...;                     // void, or what its arguments should have been
///     using expects = Shape<...>;              // the input it is made for
///     template <class In> using problem = ...; // void, or what it takes instead of In
///
/// `expects` alone means that nothing else is taken. Where there is a problem but nothing expected,
/// checking goes on with `at<In>::output`, so that must exist.
template <class L, class In, class Path, class From>
constexpr auto judge() {
  if constexpr (!Layer<L>) {
    return checked_input<In, not_a_layer<Path, L>>{};
  } else if constexpr (!std::is_void_v<fault_of<L>>) {
    return checked_input<expected<L, In>, invalid_layer<layer<Path, L>, fault_of<L>>>{};
  } else if constexpr (input_count<In> > 1 && !takes_many_inputs<L>) {
    using judged = decltype(judge<L, typename first_shape<In>::type, Path, From>());
    return first_input<typename judged::input, shape_mismatch<layer<Path, L>, takes<one_input>, but_gets<In>, From>>{};
  } else if constexpr (!std::is_void_v<problem_of<L, In>>) {
    return checked_input<expected<L, In>, shape_mismatch<layer<Path, L>, problem_of<L, In>, but_gets<In>, From>>{};
  } else {
    return checked_input<In>{};
  }
}

/// What cannot be bound lets the numbers pass, so that checking can go on.
template <class L, class In>
struct bind {
  using type = Reshaping<In, In>;
};
template <Layer L, class In>
struct bind<L, In> {
  using type = IncompleteLayer<L, In, typename L::template at<In>>;
};
template <Layer L, class In>
  requires BoundLayer<typename L::template at<In>>
struct bind<L, In> {
  using type = typename L::template at<In>;
};

/// `L` in its place: checked, bound to an input it takes, its own mistakes reported with paths from
/// here.
template <class L, class In, class Path, class From>
struct bind_at {
  using judged = decltype(judge<L, In, Path, From>());
  using bound = typename bind<L, typename judged::input>::type;
  using output = typename bound::output;
  using mistakes = typename judged::template with_those_inside<Path, From, bound>;
  using last = typename producer<bound, L, Path, From>::type;
};

/// The mistakes of a part of `Whole`, and one more if the part does not give the shape that `Whole`
/// takes back from it.
template <class Part, class Shape, class Whole>
struct must_give {
  using given = typename Part::output;
  using type = std::conditional_t<
      std::is_same_v<given, Shape>, typename Part::mistakes,
      append<typename Part::mistakes,
             shape_mismatch<layer<path<>, Whole>, takes<Shape>, but_gets<given>, typename Part::last>>>;
};

/// The mistake, if any, in the names of the elements of one composition: one that would not read as
/// one name, or one given twice.
template <class... E>
constexpr auto judge_names() {
  constexpr size_t count = sizeof...(E);
  constexpr std::array<std::string_view, count + 1> names{element<E>::name...};
  constexpr std::array<bool, count + 1> named{element<E>::named...};
  constexpr size_t wrong = [&] {
    for (size_t i = 0; i < count; ++i) {
      if (!named[i]) continue;
      if (!can_be_a_name(names[i])) return i;
      for (size_t j = 0; j < i; ++j) {
        if (names[j] == names[i] && names[i] != ".") return i;
      }
    }
    return count;
  }();
  if constexpr (wrong == count) {
    return list<>{};
  } else {
    using Part = path<to_fixed_string<names[wrong].size()>(names[wrong])>;
    if constexpr (can_be_a_name(names[wrong])) return list<name_used_twice<Part>>{};
    else return list<invalid_name<Part, takes<a_name_without_dots_that_is_no_number>>>{};
  }
}

/// One layer of a composition as written, with the shape it gives.
template <class L, class Output>
struct Element {
  using layer = L;
  using output = Output;
};

}  // namespace detail
}  // namespace tenon
