#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

#include <tenon/net/checked.hpp>
#include <tenon/net/table.hpp>
#include <tenon/net/tree.hpp>

namespace tenon {

/// One layer of a network as its user wrote it, fused or not; a composition is followed by its
/// elements, one level deeper.
struct LayerRow {
  std::string_view path{};                 // "encoder.2"
  std::string_view type{};                 // "Dense<784, 128>"; of a composition without its arguments: "Residual"
  size_t dims[ParameterSpec::max_rank]{};  // of the shape it gives
  size_t rank = 0;
  size_t parameter_count = 0;  // of one copy; of a composition, everything inside
  size_t copies = 1;           // how often it occurs: inside Repeat<N, ...> N times
  size_t depth = 0;
  bool composition = false;                  // what it counts, its elements count again
  std::string_view sources{};                // of a node of a Graph: the names of what it reads, "seen, known"
  std::string_view shares{};                 // and the node whose parameters it works with, which count there
  const detail::PartShape* parts = nullptr;  // of one that gives several outputs: the shape of each
  size_t part_count = 0;
  bool port = false;  // an input or output of a Graph: `port_table` lists them, `layer_table` does not

  static constexpr auto label = &LayerRow::path;
};

/// One pass over the data: a layer or several fused ones.
struct UnitRow {
  std::string_view path{};  // of the first layer
  std::string_view type{};  // of the first layer
  size_t layers = 1;

  static constexpr auto label = &UnitRow::path;
};

namespace detail {

constexpr bool is_composition(const Tree& tree) {
  return tree.kind == TreeKind::composition || tree.kind == TreeKind::loop;
}

/// "Residual" of "Residual<Dense<64>, ReLU>".
constexpr std::string_view without_arguments(std::string_view type) {
  size_t size = 0;
  while (size < type.size() && type[size] != '<') ++size;
  return type.substr(0, size);
}

/// How many numbers the tree learns; of a fused unit, those of one layer only.
constexpr size_t count_learnt(const Tree& tree, size_t layer) {
  size_t count = 0;
  for (size_t i = 0; i < tree.parameter_count; ++i) {
    const size_t owner = tree.kind == TreeKind::fused ? tree.parameter_layers[i] : 0;
    if (tree.parameters[i].trainable && owner == layer) count += tree.parameters[i].size();
  }
  return count;
}
constexpr size_t count_learnt(const Tree& tree) {
  if (tree.frozen) return 0;
  size_t count = 0;
  for (size_t i = 0; i < tree.parameter_count; ++i) {
    if (tree.parameters[i].trainable) count += tree.parameters[i].size();
  }
  for (size_t u = 0; u < tree.unit_count; ++u) count += tree.units[u].shared ? 0 : count_learnt(*tree.units[u].tree);
  return tree.kind == TreeKind::loop ? count * tree.copies : count;
}

/// Whether there is a Graph in it, which has inputs and outputs with names.
constexpr bool has_graph(const Tree& tree) {
  if (tree.ports) return true;
  for (size_t u = 0; u < tree.unit_count; ++u)
    if (has_graph(*tree.units[u].tree)) return true;
  return false;
}

/// Calls sink(row, path) for every layer, in the order they are written; with `Ports` also for the inputs and outputs
/// of graphs.
template <class Sink, bool Ports = false>
struct LayerWalk {
  Sink& sink;
  PathBuilder path{};
  bool frozen = false;
  bool again = false;  // these parameters have been counted

  constexpr void all_of(const Tree& tree, size_t copies, size_t depth) {
    const size_t length = path.length();
    size_t u = 0;
    if constexpr (Ports) ports(tree, 0, tree.input_count, copies, depth);
    for (size_t e = 0; e < tree.element_count; ++e) {
      const ElementInfo& info = tree.elements[e];
      while (u < tree.unit_count && tree.units[u].first + tree.units[u].count <= e) ++u;
      const bool works = u < tree.unit_count && tree.units[u].first <= e;
      if (tree.kind == TreeKind::loop) path.push(e);
      else path.push(info.name, e);
      const bool before = again;
      again = again || (works && tree.units[u].shared);
      if (works) element(info, *tree.units[u].tree, e - tree.units[u].first, copies, depth);
      else sink(row_of(info, 0, copies, depth), path.path());
      again = before;
      path.cut(length);
    }
    if constexpr (Ports) ports(tree, tree.input_count, tree.output_count, copies, depth);
  }
  constexpr void ports(const Tree& tree, size_t first, size_t count, size_t copies, size_t depth) {
    const size_t length = path.length();
    for (size_t p = first; p < first + count; ++p) {
      if (!tree.ports[p].name.empty()) path.push(tree.ports[p].name);
      LayerRow row = row_of(tree.ports[p], 0, copies, depth);
      row.port = true;
      sink(row, path.path());
      path.cut(length);
    }
  }

  /// The element that is layer number `layer` of a unit.
  constexpr void element(const ElementInfo& info, const Tree& unit, size_t layer, size_t copies, size_t depth) {
    const bool around = frozen;
    frozen = frozen || unit.frozen;
    within(info, unit, layer, copies, depth);
    frozen = around;
  }
  constexpr void within(const ElementInfo& info, const Tree& unit, size_t layer, size_t copies, size_t depth) {
    if (!is_composition(unit)) {
      sink(row_of(info, frozen || again ? 0 : count_learnt(unit, layer), copies, depth), path.path());
      return;
    }
    LayerRow row = row_of(info, frozen || again ? 0 : count_learnt(unit), copies, depth);
    row.composition = true;
    row.type = without_arguments(row.type);
    sink(row, path.path());
    all_of(unit, unit.kind == TreeKind::loop ? copies * unit.copies : copies, depth + 1);
  }

  static constexpr LayerRow row_of(const ElementInfo& info, size_t count, size_t copies, size_t depth) {
    LayerRow row{.type = info.type,
                 .rank = info.rank,
                 .parameter_count = count,
                 .copies = copies,
                 .depth = depth,
                 .sources = info.sources,
                 .shares = info.shares,
                 .parts = info.parts,
                 .part_count = info.part_count};
    std::copy_n(info.dims, info.rank, row.dims);
    return row;
  }
};

/// Calls sink(row, path) for every pass over the data, in the order of their ids.
template <class Sink>
struct UnitWalk {
  Sink& sink;
  PathBuilder path{};

  constexpr void all_of(const Tree& tree) {
    const size_t length = path.length();
    for (size_t copy = 0; copy < tree.copies; ++copy) {
      path.push(copy);
      one(tree, tree.units[0]);
      path.cut(length);
    }
    if (tree.kind != TreeKind::composition) return;
    for (size_t u = 0; u < tree.unit_count; ++u) {
      const Branch& unit = tree.units[u];
      path.push(tree.elements[unit.first].name, unit.first);
      one(tree, unit);
      path.cut(length);
    }
    if (!tree.last_pass.empty()) sink(UnitRow{.type = tree.last_pass}, path.path());
  }
  constexpr void one(const Tree& parent, const Branch& unit) {
    if (is_composition(*unit.tree)) {
      all_of(*unit.tree);
    } else if (!unit.silent) {
      sink(UnitRow{.type = parent.elements[unit.first].type, .layers = unit.count}, path.path());
    }
  }
};

/// The walks begin at a network that may be a plain layer: one that is all its own element.
template <class Net>
struct Root {
  static constexpr const Tree& tree = *tree_of<bound_network<Net>>();
  static constexpr ElementInfo info = element_info<Net, output_shape<Net>>();

  template <class Sink, bool Ports>
  static constexpr void walk(LayerWalk<Sink, Ports>&& layers) {
    if (!info.name.empty()) layers.path.push(info.name);
    if (is_composition(tree)) layers.all_of(tree, tree.kind == TreeKind::loop ? tree.copies : 1, 0);
    else layers.element(info, tree, 0, 1, 0);
  }
  template <class Sink>
  static constexpr void walk(UnitWalk<Sink>&& units) {
    if (!info.name.empty()) units.path.push(info.name);
    if (is_composition(tree)) units.all_of(tree);
    else units.one(Tree{.elements = &info}, branch_of<bound_network<Net>>(0, 1));
  }
};

template <class Net, bool Ports = false>
struct LayerSource {
  template <class Sink>
  static constexpr void walk(Sink&& sink) {
    Root<Net>::walk(LayerWalk<Sink, Ports>{sink});
  }
};
template <class Net>
struct UnitSource {
  template <class Sink>
  static constexpr void walk(Sink&& sink) {
    Root<Net>::walk(UnitWalk<Sink>{sink});
  }
};

}  // namespace detail

/// The layers of the network, top to bottom: what a summary prints.
template <class Net>
inline constexpr const auto& layer_table = detail::Table<LayerRow, detail::LayerSource<Net>>::rows;

/// The same with the inputs and outputs of every Graph, where they belong: inputs before its nodes, outputs behind
/// them.
template <class Net>
inline constexpr const auto&
    port_table = detail::Table<LayerRow, detail::LayerSource<Net, detail::has_graph(detail::Root<Net>::tree)>>::rows;

/// The passes the network makes over the data, at the index that `ctx.trace` is given.
template <class Net>
inline constexpr const auto& unit_table = detail::Table<UnitRow, detail::UnitSource<Net>>::rows;

/// How many layers the network has, compositions not counted, copies counted each.
template <class Net>
inline constexpr size_t layer_count = [] {
  size_t count = 0;
  for (const LayerRow& row : layer_table<Net>) count += row.composition ? 0 : row.copies;
  return count;
}();

}  // namespace tenon
