#pragma once

#include <type_traits>

#include <tenon/type_list.hpp>

/// What a composition is, in one place, beside its definition. Whatever walks over a network's type (freezing, folding,
/// runs step by step, quantisation, the queries of net/hana.hpp) asks here and nowhere else, so that a new composition
/// is known to all of them, or refused by those that have no rule for its structure.
namespace tenon {

enum class Structure : unsigned char {
  leaf,      // no composition: one layer
  named,     // its one part, under a name
  chain,     // its parts one after the other
  masked,    // a chain that knows which steps are padding
  residual,  // its input plus what a chain of its parts makes of it
  gate,      // its input times the factors that a chain of its parts makes of it
  unpool,    // a chain that begins with a pool, and the pool's way back
  sum,       // parts that are given the same input, summed
  joined,    // parts that are given the same input, side by side
  split,     // parts that are given a piece of the input each
  copies,    // its one part several times in a row, each with numbers of its own
  steps,     // its one part on every step of a sequence
  frozen,    // its one part, which does not learn
  graph      // its parts are nodes that say what they read
};

/// A type without a description is a layer. A description derives from `described` and says how to put the composition
/// together from other parts: `template <class... Part> using with = ...`.
template <class L>
struct composition {
  static constexpr Structure structure = Structure::leaf;
  using parts = detail::list<>;
};

namespace detail {

template <Structure What, class... Part>
struct described {
  static constexpr Structure structure = What;
  using parts = list<Part...>;
};

template <class L>
inline constexpr Structure structure_of = composition<L>::structure;
template <class L>
using parts_of = typename composition<L>::parts;

/// Whether the parts run one after the other.
constexpr bool is_chain_like(Structure s) {
  return s == Structure::chain || s == Structure::masked || s == Structure::residual || s == Structure::gate ||
         s == Structure::unpool;
}
/// Whether the parts run side by side.
constexpr bool is_branched(Structure s) {
  return s == Structure::sum || s == Structure::joined || s == Structure::split;
}
/// Whether it is made of one part that stands in its own place: the part's parameters have the names that the whole's
/// have.
constexpr bool is_wrapper(Structure s) { return s == Structure::steps || s == Structure::frozen; }

template <class L, class Parts>
struct remade;
template <class L, class... Part>
struct remade<L, list<Part...>> {
  using type = typename composition<L>::template with<Part...>;
};
/// The composition L made of other parts.
template <class L, class Parts>
using remake = typename remade<L, Parts>::type;

/// The one part of a composition that has one.
template <class Parts>
struct only_part;
template <class Part>
struct only_part<list<Part>> {
  using type = Part;
};
template <class L>
using part_of = typename only_part<parts_of<L>>::type;

}  // namespace detail
}  // namespace tenon
