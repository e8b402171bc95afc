#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>
#include <type_traits>
#include <utility>

#include <tenon/layers/input.hpp>
#include <tenon/net/freeze.hpp>
#include <tenon/net/graph.hpp>
#include <tenon/net/part_inputs.hpp>
#include <tenon/net/ports.hpp>
#include <tenon/net/repeat.hpp>
#include <tenon/net/select.hpp>

/// A named piece of a network as a network of its own, and where its numbers lie among those of the whole.
namespace tenon {

/// There is no part of that name in the network, at that place, whose parts have these names.
template <class Asked, class Known, class Net>
struct no_part_named;
/// The numbers of that part do not lie together, so nothing else can work on them.
template <class Asked, class Part>
struct part_lies_apart;

namespace detail {

/// A part, the shape it is given, the path that its parameters have in the whole and, of several inputs, the names of
/// what it reads there.
template <class L, class In, fixed_string Where, class Reads = list<>>
struct FoundPart {
  static constexpr bool found = true;
  using layer = L;
  using input = In;
  static constexpr auto where = Where;
  using reads = Reads;
};
template <class Known, class Net>
struct NoPart {
  static constexpr bool found = false;
  using known = Known;
  using net = Net;
};

template <fixed_string Step, class Inner>
constexpr auto behind_step(Inner inner) {
  if constexpr (Inner::found)
    return FoundPart<typename Inner::layer, typename Inner::input, join_paths<Step, Inner::where>(),
                     typename Inner::reads>{};
  else return inner;
}

template <fixed_string Path, class L, class In>
constexpr auto find_part();

template <fixed_string Path>
constexpr auto first_step_of() {
  constexpr std::string_view step = first_step(Path.view());
  return to_fixed_string<step.size()>(step);
}
/// L, to which the first step of the path has led and whose parameters have the name `Own` for it.
template <fixed_string Path, fixed_string Own, class L, class In>
constexpr auto part_behind() {
  if constexpr (first_step(Path.view()).size() == Path.view().size()) return FoundPart<L, In, Own>{};
  else return behind_step<Own>(find_part<rest_of<Path>(), L, In>());
}

/// Names of elements: their own, or their numbers.
template <size_t Index, class E>
constexpr auto name_of_element() {
  if constexpr (element<E>::named) {
    return to_fixed_string<element<E>::name.size()>(element<E>::name);
  } else {
    return number_text<Index>;
  }
}
template <class L>
struct element_names {
  template <class... E, size_t... I>
  static consteval auto of(list<E...>, std::index_sequence<I...>) {
    constexpr std::array<size_t, sizeof...(E) + 1> index = [] {
      std::array<size_t, sizeof...(E) + 1> all{};
      size_t i = 0, next = 0;
      ((all[i++] = next, next += counts<E>), ...);
      return all;
    }();
    return join<decltype(one<index[I], E>())...>{};
  }
  template <size_t Index, class E>
  static consteval auto one() {
    if constexpr (counts<E> == 0 || Index >= names_shown) return list<>{};
    else return list<asked<name_of_element<Index, E>()>>{};
  }
  template <fixed_string... Name>
  static there_are<Name...> listed(list<asked<Name>...>);
  using type = decltype(listed(of(parts_of<L>{}, std::make_index_sequence<parts_of<L>::size>{})));
};
template <class L>
using no_part_in = NoPart<typename element_names<L>::type, L>;

/// Among the elements of a composition.
template <fixed_string Path, size_t Index, class E, class In>
constexpr auto find_in_element() {
  using L = unnamed<E>;
  if constexpr (counts<E> == 0) return NoPart<void, void>{};
  else if constexpr (element<E>::named && element<E>::name == ".") return find_part<Path, L, In>();
  else if constexpr (element<E>::named ? element<E>::name == first_step(Path.view())
                                       : is_index(first_step(Path.view()), Index))
    return part_behind<Path, first_step_of<Path>(), L, In>();
  else return NoPart<void, void>{};
}
/// The first element that the path leads into, found or not.
template <class L, class... Looked>
struct first_found {
  using type = no_part_in<L>;
};
template <class L, class First, class... Rest>
struct first_found<L, First, Rest...> {
  using type = First;
};
template <class L, class... Rest>
struct first_found<L, NoPart<void, void>, Rest...> : first_found<L, Rest...> {};

template <fixed_string Path, class L, class... E, class... In, size_t... I>
constexpr auto find_among(list<E...>, list<In...>, std::index_sequence<I...>) {
  constexpr std::array<size_t, sizeof...(E) + 1> index = [] {
    std::array<size_t, sizeof...(E) + 1> all{};
    size_t i = 0, next = 0;
    ((all[i++] = next, next += counts<E>), ...);
    return all;
  }();
  return typename first_found<L, decltype(find_in_element<Path, index[I], E, In>())...>::type{};
}

/// The names of what node K reads. In that of one output of several the dot, which no input's name has, becomes `_`.
template <class Binder, size_t K, size_t... J>
constexpr auto names_read(std::index_sequence<J...>) {
  constexpr auto name_at = []<size_t I>(std::integral_constant<size_t, I>) {
    constexpr const auto& links = Binder::links;
    constexpr std::string_view name = Binder::graph::parts[links.part_of[links.sources[links.first_edge[K] + I]]].name;
    auto text = to_fixed_string<name.size()>(name);
    std::replace(text.text, text.text + name.size(), '.', '_');
    return text;
  };
  return list<asked<name_at(std::integral_constant<size_t, J>{})>...>{};
}
/// What was found behind node K. What takes several inputs takes all of the node's: a chain takes only one.
template <class Binder, size_t K, class Inner>
constexpr auto with_names_read(Inner inner) {
  if constexpr (!Inner::found) return inner;
  else if constexpr (input_count<typename Inner::input> == 1 || Inner::reads::size > 0) return inner;
  else
    return FoundPart<typename Inner::layer, typename Inner::input, Inner::where,
                     decltype(names_read<Binder, K>(std::make_index_sequence<Binder::links.edge_count[K]>{}))>{};
}

/// In a graph, where a node may have the layers of another.
template <fixed_string Path, class Whole, class In, class... E>
constexpr auto find_node(std::type_identity<Graph<E...>>) {
  using binder = GraphBinder<In, E...>;
  constexpr const auto& links = binder::links;
  constexpr size_t v = [] {
    size_t k = links.inputs;
    while (k < links.inputs + links.nodes && binder::graph::parts[links.part_of[k]].name != first_step(Path.view()))
      ++k;
    return k;
  }();
  if constexpr (v == links.inputs + links.nodes) {
    return no_part_in<Whole>{};
  } else {
    constexpr size_t K = v - links.inputs;
    constexpr std::string_view own = binder::graph::parts[links.part_of[links.owner_of(v)]].name;
    return with_names_read<binder, K>(
        part_behind<Path, to_fixed_string<own.size()>(own), unnamed<typename binder::template value<v>::layer>,
                    typename binder::template sources<K>::shape>());
  }
}

template <class L, class In>
using input_of_only_part = typename only_part<part_inputs<L, In>>::type;

template <fixed_string Path, class L, class In>
constexpr auto find_part() {
  constexpr Structure what = structure_of<L>;
  if constexpr (what == Structure::leaf) {
    return NoPart<there_are<>, L>{};
  } else if constexpr (is_wrapper(what) || what == Structure::named) {
    return find_part<Path, unnamed<part_of<L>>, input_of_only_part<L, In>>();
  } else if constexpr (what == Structure::copies) {
    constexpr bool there = [] {
      for (size_t i = 0; i < composition<L>::count; ++i)
        if (is_index(first_step(Path.view()), i)) return true;
      return false;
    }();
    if constexpr (there) return part_behind<Path, first_step_of<Path>(), unnamed<part_of<L>>, In>();
    else return no_part_in<L>{};
  } else if constexpr (what == Structure::graph) {
    return find_node<Path, L, In>(std::type_identity<typename with_outputs<L>::type>{});
  } else {
    return find_among<Path, L>(parts_of<L>{}, part_inputs<L, In>{}, std::make_index_sequence<parts_of<L>::size>{});
  }
}

/// A part that is frozen as a whole is a network that learns: its numbers are only kept from those who train the whole.
template <class L>
struct thawed {
  using type = L;
};
template <class L>
  requires(structure_of<L> == Structure::frozen)
struct thawed<L> {
  using type = unnamed<part_of<L>>;
};

/// A layer of several inputs with the shapes S... in a Graph of its own. What it reads twice is one input.
template <class L, class Reads, class... S>
struct layer_alone;
template <class L, fixed_string... Name, class... S>
struct layer_alone<L, list<asked<Name>...>, S...> {
  static constexpr std::array<std::string_view, sizeof...(S)> names{Name.view()...};
  template <size_t I, fixed_string Own, size_t... D>
  static consteval auto input(Shape<D...>) {
    if constexpr (find_name(names, Own.view()) < I) return list<>{};
    else return list<In<Own, D...>>{};
  }
  template <class... Input>
  static Graph<Input..., Node<".", L, Name...>, Out<".">> graph_of(list<Input...>);
  template <size_t... I>
  static auto find(std::index_sequence<I...>) -> decltype(graph_of(join<decltype(input<I, Name>(S{}))...>{}));
  using type = decltype(find(std::index_sequence_for<S...>{}));
};

/// A layer as a network whose inputs are known, with the parameter names that it has itself. Reads: the names of its
/// inputs, where it has none for them.
template <class L, class In, class Reads>
struct stand_alone;
template <class L, size_t... D, class Reads>
struct stand_alone<L, Shape<D...>, Reads> {
  using type = Sequential<Input<D...>, Inline<L>>;
};
template <class... L, size_t... D, class Reads>
struct stand_alone<Sequential<L...>, Shape<D...>, Reads> {
  using type = Sequential<Input<D...>, L...>;
};
template <size_t... A, class... L, size_t... D, class Reads>
struct stand_alone<Sequential<Input<A...>, L...>, Shape<D...>, Reads> {
  using type = Sequential<Input<A...>, L...>;
};
template <class L, class... S, class Reads>
struct stand_alone<L, Inputs<S...>, Reads> : layer_alone<L, Reads, S...> {};
template <class E, class S>
struct with_shape {
  using type = E;
};
template <fixed_string Name, size_t... D>
struct with_shape<In<Name>, Shape<D...>> {
  using type = In<Name, D...>;
};
template <class Given, class... E, size_t... V>
auto state_inputs(std::index_sequence<V...>)
    -> Graph<typename with_shape<E, typename given_input<(V < input_count<Given> ? V : 0), Given>::type>::type...>;
template <class... E, class... S, class Reads>
struct stand_alone<Graph<E...>, Inputs<S...>, Reads> {
  using type = decltype(state_inputs<Inputs<S...>, E...>(std::index_sequence_for<E...>{}));
};
template <class... E, size_t... D, class Reads>
struct stand_alone<Graph<E...>, Shape<D...>, Reads> {
  using type = decltype(state_inputs<Shape<D...>, E...>(std::index_sequence_for<E...>{}));
};
template <size_t N, class Block, class... S, class Reads>
struct stand_alone<Repeat<N, Block>, Inputs<S...>, Reads> {
  using type = Repeat<N, typename stand_alone<unnamed<Block>, Inputs<S...>, Reads>::type>;
};

/// What a part is given as inputs of a network: all outputs of a node, read as one row, are a vector.
template <class S>
struct stated_input {
  using type = S;
};
template <class... S>
struct stated_input<Outputs<S...>> {
  using type = Shape<Outputs<S...>::size>;
};
template <class... S>
struct stated_input<Inputs<S...>> {
  using type = Inputs<typename stated_input<S>::type...>;
};

/// Where a part's arenas begin among those of the whole.
struct PartPlace {
  bool found = true;           // all of its parameters, in its own order
  bool among_buffers = false;  // frozen in the whole
  size_t parameters = 0, buffers = 0;
};
template <class Net, class Part>
consteval PartPlace place_part(std::string_view where) {
  PartPlace place;
  bool any_learned = false, any_buffer = false;
  for (const ParameterEntry& own : parameter_table<Part>) {
    const ParameterEntry* entry = nullptr;
    for (const ParameterEntry& e : parameter_table<Net>)
      if (e.name.size() == where.size() + 1 + own.name.size() && e.name.starts_with(where) &&
          e.name[where.size()] == '.' && e.name.ends_with(own.name))
        entry = &e;
    if (!entry || entry->size != own.size || entry->offset < own.offset || (entry->trainable && !own.trainable))
      return {.found = false};
    const size_t begin = entry->offset - own.offset;
    bool& any = own.trainable ? any_learned : any_buffer;
    size_t& place_of = own.trainable ? place.parameters : place.buffers;
    if (any && (place_of != begin || (own.trainable && place.among_buffers == entry->trainable)))
      return {.found = false};
    any = true;
    place_of = begin;
    if (own.trainable) place.among_buffers = !entry->trainable;
  }
  return place;
}

/// Looks for the part of Net at this path, and makes a network of it; void where there is none.
template <class Net, fixed_string Path>
struct PartSearch {
private:
  static consteval auto find() {
    if constexpr (element<Net>::named && element<Net>::name == Path.view())
      return FoundPart<unnamed<Net>, input_shape<Net>, Path>{};
    else if constexpr (!element<Net>::named || element<Net>::name == ".")
      return find_part<Path, unnamed<Net>, input_shape<Net>>();
    else
      return behind_step<to_fixed_string<element<Net>::name.size()>(element<Net>::name)>(
          find_part<path_in_root<Path, Net>(), unnamed<Net>, input_shape<Net>>());
  }

public:
  using Found = decltype(find());
  template <class F>
  using layer = typename thawed<typename F::layer>::type;

private:
  template <class F>
  static consteval auto make() {
    if constexpr (F::found)
      return stand_alone<layer<F>, typename stated_input<typename F::input>::type, typename F::reads>{};
    else return std::type_identity<void>{};
  }

public:
  using network = typename decltype(make<Found>())::type;
};

/// The part of Net at this path: its network, and where its numbers lie.
template <class Net, fixed_string Path>
struct PartOf {
private:
  static consteval auto choose() {
    if constexpr (!Checked<Net>::valid) {
      return std::type_identity<void>{};
    } else {
      using Search = PartSearch<Net, Path>;
      using Found = typename Search::Found;
      if constexpr (!Found::found) refuse<no_part_named<asked_for<Path>, typename Found::known, typename Found::net>>();
      return std::type_identity<typename Search::network>{};
    }
  }
  using Chosen = typename decltype(choose())::type;

public:
  static constexpr bool found = !std::is_void_v<Chosen>;
  /// Where there is none, the whole: an error has been reported.
  using network = std::conditional_t<found, Chosen, Net>;
  static constexpr PartPlace place = [] {
    if constexpr (found) {
      constexpr PartPlace at = place_part<Net, network>(PartSearch<Net, Path>::Found::where.view());
      if constexpr (!at.found) refuse<part_lies_apart<asked_for<Path>, network>>();
      return at;
    } else {
      return PartPlace{};
    }
  }();
};

}  // namespace detail

/// A part of a network as a network of its own.
template <class Net, fixed_string Path>
using part_network = typename detail::PartOf<Net, Path>::network;

}  // namespace tenon
