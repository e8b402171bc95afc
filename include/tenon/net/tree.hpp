#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

#include <tenon/net/composition.hpp>
#include <tenon/net/inputs.hpp>
#include <tenon/net/layout.hpp>
#include <tenon/net/named.hpp>
#include <tenon/net/type_name.hpp>

/// A bound network as plain data. What is computed from names and sizes alone (the parameter table,
/// the list of units) is computed from this tree by ordinary functions, so that the compiler need
/// not instantiate anything per layer and per question.
namespace tenon::detail {

struct Tree;

/// A child that works on the data: a unit, made of the `count` elements from `first` on.
struct Branch {
  const Tree* tree = nullptr;
  size_t first = 0;
  size_t count = 1;
  bool silent = false;  // a reshape that only copies, as a branch of its own: no unit
  bool shared = false;  // it works with the parameters of a unit before it
};

/// One of several shapes that lie in a row.
struct PartShape {
  size_t dims[ParameterSpec::max_rank]{};
  size_t rank = 0;
};

/// An element of a composition as written.
struct ElementInfo {
  std::string_view name{};  // empty: its index is its name
  std::string_view type{};
  size_t dims[ParameterSpec::max_rank]{};  // of the shape it gives
  size_t rank = 0;
  std::string_view sources{};        // in a graph: the names of what it reads
  std::string_view shares{};         // and the name of the node whose parameters it works with
  const PartShape* parts = nullptr;  // of one that gives several outputs: the shape of each
  size_t part_count = 0;
  Structure structure = Structure::leaf;
};

template <class S>
constexpr PartShape part_shape() {
  PartShape shape{.rank = S::rank};
  std::copy(S::dims.begin(), S::dims.end(), shape.dims);
  return shape;
}
template <class Output>
inline constexpr std::array<PartShape, 0> part_shapes{};
template <class... S>
inline constexpr std::array<PartShape, sizeof...(S)> part_shapes<Outputs<S...>>{part_shape<S>()...};

/// What an element is for a reader: what it wraps says how it works.
template <class L>
constexpr Structure shown_structure() {
  constexpr Structure what = structure_of<L>;
  if constexpr (what == Structure::named || is_wrapper(what)) return shown_structure<part_of<L>>();
  else return what;
}

template <class L, class Output>
constexpr ElementInfo element_info() {
  static_assert(Output::rank <= ParameterSpec::max_rank, "shapes have at most four axes");
  ElementInfo info{.name = element<L>::name, .type = type_name<unnamed<L>>(), .rank = Output::rank};
  std::copy(Output::dims.begin(), Output::dims.end(), info.dims);
  if constexpr (requires { Output::offsets; }) info.parts = part_shapes<Output>.data(), info.part_count = Output::count;
  info.structure = shown_structure<unnamed<L>>();
  return info;
}

/// An input or an output of a graph.
template <class S>
constexpr ElementInfo port_info(std::string_view type) {
  const PartShape shape = part_shape<S>();
  ElementInfo info{.type = type, .rank = shape.rank};
  std::copy_n(shape.dims, shape.rank, info.dims);
  return info;
}

enum class TreeKind : unsigned char {
  leaf,         // one layer
  fused,        // several layers in one, each with parameters of its own
  composition,  // elements with names, some of which are units
  loop          // one unit, several times
};

struct Tree {
  TreeKind kind = TreeKind::leaf;
  // Of a leaf: its parameters. Of a fused one: also the layer that each belongs to.
  const ParameterSpec* parameters = nullptr;
  size_t parameter_count = 0;
  const size_t* parameter_layers = nullptr;
  // Of a composition: its elements, and those of them that are units.
  const ElementInfo* elements = nullptr;
  size_t element_count = 0;
  const Branch* units = nullptr;
  size_t unit_count = 0;
  // What a pass over the data behind these units is called, which is no element: the product of a Gate.
  std::string_view last_pass{};
  // Of a graph: its inputs, then its outputs, which say what gives them.
  const ElementInfo* ports = nullptr;
  size_t input_count = 0;
  size_t output_count = 0;
  // Of a loop over its one element.
  size_t copies = 0;
  // Of a frozen part: its parameters lie among the buffers, and this is their share.
  bool frozen = false;
  size_t frozen_size = 0;
};

constexpr Tree with_last_pass(Tree tree, std::string_view name) {
  tree.last_pass = name;
  return tree;
}

template <class Bound>
constexpr Tree leaf_tree() {
  Tree tree{.parameters = Bound::parameters.data(), .parameter_count = Bound::parameters.size()};
  if constexpr (requires { Bound::parameter_layers; }) {
    tree.kind = TreeKind::fused;
    tree.parameter_layers = Bound::parameter_layers.data();
  }
  return tree;
}

template <class Bound>
inline constexpr Tree leaf_tree_of = leaf_tree<Bound>();

template <class Bound>
constexpr const Tree* tree_of() {
  if constexpr (Leaf<Bound>) return &leaf_tree_of<Bound>;
  else return &Bound::tree;
}

/// Calls f(spec, frozen) for all parameters below a tree, in the order of their arenas.
template <class F>
constexpr void each_parameter(const Tree& tree, F& f, bool frozen = false) {
  frozen = frozen || tree.frozen;
  for (size_t i = 0; i < tree.parameter_count; ++i) f(tree.parameters[i], frozen);
  if (tree.kind == TreeKind::composition)
    for (size_t u = 0; u < tree.unit_count; ++u)
      if (!tree.units[u].shared) each_parameter(*tree.units[u].tree, f, frozen);
  for (size_t copy = 0; copy < tree.copies; ++copy) each_parameter(*tree.units[0].tree, f, frozen);
}

/// Whether two bound layers have parameters of the same names and shapes, in the same order.
template <class A, class B>
constexpr bool same_parameters() {
  constexpr size_t count = [] {
    size_t n = 0;
    const auto add_one = [&](const ParameterSpec&, bool) { ++n; };
    each_parameter(*tree_of<A>(), add_one);
    return n;
  }();
  std::array<const ParameterSpec*, count + 1> known{};
  std::array<bool, count + 1> is_frozen{};
  size_t k = 0;
  const auto keep = [&](const ParameterSpec& spec, bool frozen) {
    known[k] = &spec;
    is_frozen[k++] = frozen;
  };
  each_parameter(*tree_of<A>(), keep);
  k = 0;
  bool same = true;
  const auto compare = [&](const ParameterSpec& spec, bool frozen) {
    same = same && k < count && is_frozen[k] == frozen && known[k]->name == spec.name &&
           known[k]->trainable == spec.trainable && known[k]->rank == spec.rank &&
           std::equal(spec.dims, spec.dims + spec.rank, known[k]->dims);
    ++k;
  };
  each_parameter(*tree_of<B>(), compare);
  return same && k == count;
}

template <class Bound>
constexpr Branch branch_of(size_t first, size_t count) {
  return {tree_of<Bound>(), first, count, Passthrough<Bound>};
}

}  // namespace tenon::detail
