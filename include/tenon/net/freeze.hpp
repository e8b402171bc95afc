#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>
#include <utility>

#include <tenon/net/check.hpp>
#include <tenon/net/composition.hpp>
#include <tenon/net/first_input.hpp>
#include <tenon/net/graph_outputs.hpp>
#include <tenon/net/inputs.hpp>
#include <tenon/net/named.hpp>
#include <tenon/net/parameters.hpp>
#include <tenon/net/plan.hpp>
#include <tenon/net/run.hpp>
#include <tenon/net/sequential.hpp>
#include <tenon/net/tree.hpp>

namespace tenon {

template <class L>
struct Freeze;

namespace detail {

/// The largest of the parameters that `Memory::unused_gradient` has room for.
constexpr size_t unused_gradient_size(const Tree& tree) {
  size_t largest = 0;
  for (size_t i = 0; i < tree.parameter_count; ++i)
    if (tree.parameters[i].rank != 2 && tree.parameters[i].rank != 4)
      largest = std::max(largest, tree.parameters[i].size());
  for (size_t u = 0; u < tree.unit_count; ++u) largest = std::max(largest, unused_gradient_size(*tree.units[u].tree));
  return largest;
}

/// Parameters move from the arena of what is learned to that of the buffers, in front of the part's own.
template <class In, class L>
struct BoundFreeze {
private:
  static constexpr size_t I = input_count<In>;
  using placed = bind_at<unnamed<L>, In, path<>, from_input>;
  using part = typename placed::bound;
  static constexpr Layout inner = layout_of<part>;

public:
  using input = In;
  using output = typename placed::output;
  using mistakes = typename placed::mistakes;
  using last = typename placed::last;

  static constexpr bool passthrough = Passthrough<part>;
  static constexpr Tree tree = [] {
    Tree t = *tree_of<part>();
    t.frozen = true;
    t.frozen_size = inner.trainable_size;
    return t;
  }();
  static constexpr Layout layout = [] {
    Layout l = inner;
    l.buffer_size += l.trainable_size;
    l.trainable_size = l.parameter_count = 0;
    l.needs.backward.fixed += aligned(unused_gradient_size(tree));
    return l;
  }();
  static constexpr Needs needs = layout.needs;
  static constexpr std::uint32_t sends = sends_to<part>();

  template <class Mode, class Ctx, class T>
  static constexpr void forward(Ctx& ctx, const Memory<T>& memory, Rows<const T> x, Rows<T> y, Mode mode) {
    run_forward<part>(ctx, inside(memory), x, y, mode);
  }
  template <class Mode, class Ctx, class T>
    requires(I > 1)
  static constexpr void forward(Ctx& ctx, const Memory<T>& memory, const RowsOf<const T, I>& x, Rows<T> y, Mode mode) {
    run_forward_many<part>(ctx, inside(memory), x, y, mode);
  }
  template <class Ctx, class T>
  static constexpr void backward(Ctx& ctx, const Memory<T>& memory, Rows<const T> x, Rows<const T> y, Rows<const T> dy,
                                 Rows<T> dx) {
    if (dx) run_backward<part>(ctx, without_gradients(ctx, memory), x, y, dy, dx);
  }
  template <class Ctx, class T>
    requires(I > 1)
  static constexpr void backward(Ctx& ctx, const Memory<T>& memory, const RowsOf<const T, I>& x, Rows<const T> y,
                                 Rows<const T> dy, const RowsOf<T, I>& dx) {
    if (std::any_of(dx.begin(), dx.end(), [](const Rows<T>& rows) { return static_cast<bool>(rows); }))
      run_backward_many<part>(ctx, without_gradients(ctx, memory), x, y, dy, dx);
  }
  template <class Visit>
  static constexpr void visit_units(Visit&& visit) {
    visit.template operator()<part>();
  }

private:
  template <class Ctx, class T>
  static constexpr Memory<T> without_gradients(const Ctx& ctx, const Memory<T>& memory) {
    Memory<T> within = inside(memory);
    if constexpr (requires { within.parameters.unused_gradient = ctx.unused_gradient; })
      within.parameters.unused_gradient = ctx.unused_gradient;  // which has a place of its own for it
    return within;
  }
  template <class T>
  static constexpr Memory<T> inside(Memory<T> m) {
    m.parameters.values = m.parameters.constants;
    m.parameters.constants = advance(m.parameters.constants, inner.trainable_size);
    m.parameters.buffers = advance(m.parameters.buffers, inner.trainable_size);
    m.parameters.gradients = nullptr;
    m.parameters.unused_gradient = advance(m.workspace.scratch_fixed, inner.needs.backward.fixed);
    return m;
  }
};

template <class L>
struct declared_input<Freeze<L>> : declared_input<unnamed<L>> {};
template <class L>
struct inputs_named_by<Freeze<L>> : inputs_named_by<unnamed<L>> {};

}  // namespace detail

/// A layer or network that does not learn: its parameters keep their names and values, and cost neither
/// gradients nor an optimizer's arrays. In front of everything that learns it costs no backward pass either.
/// As in PyTorch with `requires_grad = False`, training mode is on inside: dropout drops, and running
/// statistics run.
template <class L>
struct Freeze {
  static constexpr bool many_inputs = detail::takes_many_inputs<detail::unnamed<L>>;
  template <class In>
  using at = detail::BoundFreeze<In, L>;
};

template <class L>
struct composition<Freeze<L>> : detail::described<Structure::frozen, L> {
  template <class... Part>
  using with = Freeze<Part...>;
};

/// There is no part of that name to freeze.
template <class Asked, class Net>
struct no_part;

namespace detail {

/// The first step of "encoder.2.weight", and the rest.
constexpr std::string_view first_step(std::string_view path) { return path.substr(0, path.find('.')); }

template <class L>
struct rename {
  template <class New>
  using with = New;
};
template <fixed_string Name, class L>
struct rename<Named<Name, L>> {
  template <class New>
  using with = Named<Name, New>;
};

template <fixed_string Path>
constexpr auto rest_of() {
  constexpr std::string_view rest = Path.view().substr(first_step(Path.view()).size() + 1);
  return to_fixed_string<rest.size()>(rest);
}

/// Input is no element and has no index.
template <class E>
inline constexpr size_t counts = 1;
template <size_t... D>
inline constexpr size_t counts<Input<D...>> = 0;

/// A part in which a path was looked for: with what the path leads to frozen, and whether it led anywhere.
template <class L, bool Found>
struct Searched {
  using type = L;
  static constexpr bool found = Found;
};

template <fixed_string Path, class L>
constexpr auto freeze_inside();

/// The element, frozen if the path leads to it, or with the part of it that the path leads to.
template <fixed_string Path, size_t Index, class E>
constexpr auto freeze_element() {
  using named = rename<E>;
  using L = unnamed<E>;
  constexpr std::string_view step = first_step(Path.view());
  if constexpr (counts<E> == 0) {
    return Searched<E, false>{};
  } else if constexpr (element<E>::named && element<E>::name == ".") {  // its parts stand in the whole
    using part = decltype(freeze_inside<Path, L>());
    return Searched<typename named::template with<typename part::type>, part::found>{};
  } else if constexpr (element<E>::named ? element<E>::name != step : !is_index(step, Index)) {
    return Searched<E, false>{};
  } else if constexpr (step.size() == Path.view().size()) {
    return Searched<typename named::template with<Freeze<L>>, true>{};
  } else {
    using part = decltype(freeze_inside<rest_of<Path>(), L>());
    return Searched<typename named::template with<typename part::type>, part::found>{};
  }
}

template <class L, class... Part>
constexpr auto freeze_among(list<Part...>) {
  return Searched<remake<L, list<typename Part::type...>>, (false || ... || Part::found)>{};
}
template <fixed_string Path, class L, class... E, size_t... I>
constexpr auto freeze_elements(list<E...>, std::index_sequence<I...>) {
  constexpr std::array<size_t, sizeof...(E) + 1> index = [] {
    std::array<size_t, sizeof...(E) + 1> all{};
    size_t i = 0, next = 0;
    ((all[i++] = next, next += counts<E>), ...);
    return all;
  }();
  return freeze_among<L>(list<decltype(freeze_element<Path, index[I], E>())...>{});
}

/// Copies that are not alike any more, written out; the parameters keep their names. Those of a block of several inputs
/// become a graph whose nodes have their indices for names, and whose ports are called as the block's.
template <class Block, size_t>
using one_copy = Block;
template <const auto& Names, size_t I>
constexpr auto port_name = to_fixed_string<Names[I].size()>(Names[I]);
template <size_t Copy>
constexpr auto name_of_copy() {
  return number_text<Copy>;
}
template <class Block>
struct WrittenOut {
  static constexpr const auto& inputs = port_names<Block>::inputs;
  static constexpr const auto& outputs = port_names<Block>::outputs;
  static constexpr bool joint = outputs.size() > 1;

  template <size_t Copy, size_t Input>
  static constexpr auto source() {
    if constexpr (Copy == 0 || (Input > 0 && !joint)) return port_name<inputs, Input>;
    else if constexpr (joint) return join_paths<name_of_copy<Copy - 1>(), port_name<outputs, Input>>();
    else return name_of_copy<Copy - 1>();
  }
  template <size_t Copy, size_t... K>
  static Node<name_of_copy<Copy>(), Block, source<Copy, K>()...> copy(std::index_sequence<K...>);
  template <size_t... I, size_t... K, size_t... O>
  static constexpr auto graph(std::index_sequence<I...>, std::index_sequence<K...> k, std::index_sequence<O...>) {
    constexpr auto last = name_of_copy<sizeof...(I) - 1>();
    return Graph<In<port_name<inputs, K>>..., decltype(copy<I>(k))...,
                 Node<port_name<outputs, O>, OutputAt<O>, last>..., Out<port_name<outputs, O>...>>{};
  }
};
template <class Block, size_t... I>
constexpr auto written_out(std::index_sequence<I...> copies) {
  constexpr size_t inputs = port_names<Block>::inputs.size();
  if constexpr (inputs == 1) return Sequential<one_copy<Block, I>...>{};
  else
    return WrittenOut<Block>::graph(copies, std::make_index_sequence<inputs>{},
                                    std::make_index_sequence<port_names<Block>::outputs.size()>{});
}

template <fixed_string Path, class L>
constexpr auto freeze_inside() {
  constexpr Structure what = structure_of<L>;
  if constexpr (what == Structure::leaf) {
    return Searched<L, false>{};
  } else if constexpr (is_wrapper(what)) {
    using part = decltype(freeze_inside<Path, unnamed<part_of<L>>>());
    return Searched<remake<L, list<typename part::type>>, part::found>{};
  } else if constexpr (what == Structure::copies) {
    using copies = decltype(written_out<unnamed<part_of<L>>>(std::make_index_sequence<composition<L>::count>{}));
    return freeze_inside<Path, copies>();
  } else {
    return freeze_elements<Path, L>(parts_of<L>{}, std::make_index_sequence<parts_of<L>::size>{});
  }
}

/// A path from the root of a network, whose own name may come first, without that name.
template <fixed_string Path, class Net>
constexpr auto path_in_root() {
  constexpr std::string_view step = first_step(Path.view());
  if constexpr (element<Net>::name.empty() || element<Net>::name != step || step.size() == Path.view().size())
    return Path;
  else return rest_of<Path>();
}
template <fixed_string Path, class Net>
constexpr auto freeze_from_root() {
  if constexpr (element<Net>::named && element<Net>::name == Path.view()) return Searched<Freeze<unnamed<Net>>, true>{};
  else return freeze_inside<path_in_root<Path, Net>(), unnamed<Net>>();
}

template <class Net, fixed_string... Path>
struct freeze_parts {
  using type = Net;
};
template <class Net, fixed_string First, fixed_string... Rest>
struct freeze_parts<Net, First, Rest...>
    : freeze_parts<typename rename<Net>::template with<typename decltype(freeze_from_root<First, Net>())::type>,
                   Rest...> {
  static_assert(refuse<std::conditional_t<decltype(freeze_from_root<First, Net>())::found, void,
                                          no_part<asked<First>, unnamed<Net>>>>());
};

}  // namespace detail

/// The network with those parts frozen, given by the names that their parameters have: `freeze<Net, "features",
/// "head.0">`. Parameter names stay, so weights go over with `copy_parameters` or a file. A name that leads
/// nowhere does not compile.
template <class Net, fixed_string... Path>
using freeze = typename detail::freeze_parts<Net, Path...>::type;

}  // namespace tenon
