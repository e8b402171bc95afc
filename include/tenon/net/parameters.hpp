#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>
#include <type_traits>
#include <utility>

#include <tenon/net/checked.hpp>
#include <tenon/net/table.hpp>
#include <tenon/net/tree.hpp>

namespace tenon {

/// One parameter or running statistic of a network, as files and `Model::get` know it.
struct ParameterEntry {
  std::string_view name{};   // "encoder.2.weight"
  std::string_view layer{};  // "Dense<10>", as written in the network
  size_t dims[ParameterSpec::max_rank]{};
  size_t rank = 0;
  bool trainable = true;
  bool running = false;  // a running statistic: what training changes without learning it
  size_t offset = 0;     // in the arena of the parameters, or of the buffers
  size_t size = 0;       // numbers, without padding
  size_t fan_in = 1;
  size_t fan_out = 1;

  static constexpr auto label = &ParameterEntry::name;
};

namespace detail {

/// Calls sink(entry, path, name) for every parameter below the tree, in the order of the arenas.
template <class Sink>
struct ParameterWalk {
  Sink& sink;
  std::string_view layer{};
  PathBuilder path{};
  size_t trainable = 0;
  size_t buffers = 0;
  bool frozen = false;

  constexpr void leaf(const Tree& tree, size_t i) {
    const ParameterSpec& spec = tree.parameters[i];
    size_t& offset = spec.trainable ? trainable : buffers;
    ParameterEntry entry{.layer = layer,
                         .rank = spec.rank,
                         .trainable = spec.trainable && !frozen,
                         .running = !spec.trainable,
                         .offset = offset,
                         .size = spec.size(),
                         .fan_in = spec.fan_in,
                         .fan_out = spec.fan_out};
    std::copy_n(spec.dims, spec.rank, entry.dims);
    sink(entry, path.prefix(), spec.name);
    offset += aligned(spec.size());
  }
  /// Everything below a tree whose own name is on the path already.
  constexpr void all_of(const Tree& tree) {
    if (!tree.frozen) return contents_of(tree);
    const size_t learned = trainable;
    const bool around = frozen;
    trainable = buffers;
    buffers += tree.frozen_size;
    frozen = true;
    contents_of(tree);
    frozen = around;
    trainable = learned;
  }
  constexpr void contents_of(const Tree& tree) {
    const size_t length = path.length();
    for (size_t i = 0; i < tree.parameter_count; ++i) leaf(tree, i);
    if (tree.kind == TreeKind::composition) {
      for (size_t u = 0; u < tree.unit_count; ++u)
        if (!tree.units[u].shared) unit(tree, tree.units[u]);
    }
    for (size_t copy = 0; copy < tree.copies; ++copy) {
      path.push(copy);
      layer = tree.elements[0].type;
      all_of(*tree.units[0].tree);
      path.cut(length);
    }
  }
  constexpr void unit(const Tree& parent, const Branch& branch) {
    const size_t length = path.length();
    const Tree& tree = *branch.tree;
    if (tree.kind != TreeKind::fused) {
      path.push(parent.elements[branch.first].name, branch.first);
      layer = parent.elements[branch.first].type;
      all_of(tree);
      path.cut(length);
      return;
    }
    for (size_t i = 0; i < tree.parameter_count; ++i) {
      const size_t element = branch.first + tree.parameter_layers[i];
      path.push(parent.elements[element].name, element);
      layer = parent.elements[element].type;
      leaf(tree, i);
      path.cut(length);
    }
  }
};

template <class Net>
struct ParameterSource {
  template <class Sink>
  static constexpr void walk(Sink&& sink) {
    ParameterWalk<Sink> parameters{sink};
    if (!element<Net>::name.empty()) parameters.path.push(element<Net>::name);
    parameters.all_of(*tree_of<bound_network<Net>>());
  }
};

}  // namespace detail

/// All parameters and running statistics of the network, in the order of their arenas.
template <class Net>
inline constexpr const auto& parameter_table = detail::Table<ParameterEntry, detail::ParameterSource<Net>>::rows;

/// There is no parameter of the name asked for; these names there are.
template <class Asked, class Known>
struct no_parameter;
template <fixed_string Name>
struct asked;
template <auto... Name>
struct known;
/// ... and so many more.
template <size_t Count>
struct and_more {};

namespace detail {

template <class Net, size_t Row>
constexpr auto name_of_row() {
  constexpr std::string_view name = parameter_table<Net>[Row].name;
  return to_fixed_string<name.size()>(name);
}

inline constexpr size_t names_shown = 8;

template <class Net, size_t... Row>
constexpr auto list_names(std::index_sequence<Row...>) {
  constexpr size_t count = parameter_table<Net>.size();
  if constexpr (count == sizeof...(Row)) {
    return std::type_identity<known<name_of_row<Net, Row>()...>>{};
  } else {
    return std::type_identity<known<name_of_row<Net, Row>()..., and_more<count - sizeof...(Row)>{}>>{};
  }
}
template <class Net>
using known_names = typename decltype(list_names<Net>(
    std::make_index_sequence<std::min(parameter_table<Net>.size(), names_shown)>{}))::type;

template <class Net, fixed_string Name>
constexpr size_t find_parameter() {
  constexpr const auto& table = parameter_table<Net>;
  constexpr size_t row = [] {
    size_t i = 0;
    while (i < table.size() && table[i].name != Name.view()) ++i;
    return i;
  }();
  // In a network that was refused, names are missing only as a consequence.
  if constexpr (row == table.size() && Checked<Net>::valid) {
    static_assert(refuse<no_parameter<asked<Name>, known_names<Net>>>());
  }
  return row;
}

/// A row, or where a network was refused and has none, something to go on with.
template <class Net>
constexpr ParameterEntry entry_at(size_t row) {
  if (row == parameter_table<Net>.size()) return {.dims = {1}, .rank = 1, .size = 1};
  return parameter_table<Net>[row];
}

template <class F, class... I>
constexpr void visit_leaf(F& f, const ParameterEntry*& next, Initializers<I...>) {
  const int in_order[] = {0, (f(*next++, I{}), 0)...};
  static_cast<void>(in_order);
}

template <class Bound, class F>
constexpr void visit_bound(F& f, const ParameterEntry*& next) {
  if constexpr (Leaf<Bound>) visit_leaf(f, next, typename Bound::initializers{});
  else if constexpr (requires { Bound::is_graph; })
    Bound::visit_owners([&]<class Unit> { visit_bound<Unit>(f, next); });
  else Bound::visit_units([&]<class Unit> { visit_bound<Unit>(f, next); });
}

}  // namespace detail

/// The row of `parameter_table<Net>` with this name. A name that does not exist does not compile.
template <class Net, fixed_string Name>
inline constexpr size_t parameter_index = detail::find_parameter<Net, Name>();

/// The parameter of this name.
template <class Net, fixed_string Name>
inline constexpr ParameterEntry parameter_entry = detail::entry_at<Net>(detail::find_parameter<Net, Name>());

/// Calls f(entry, initializer) for every parameter and running statistic, in the order of the
/// table; the second argument's type is the initialiser the layer declared.
template <class Net, class F>
constexpr void visit_parameters(F&& f) {
  const ParameterEntry* next = parameter_table<Net>.data();
  detail::visit_bound<bound_network<Net>>(f, next);
}

}  // namespace tenon
