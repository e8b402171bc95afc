#pragma once

#include <array>
#include <cstddef>
#include <string_view>
#include <type_traits>
#include <utility>

#include <tenon/net/branches.hpp>
#include <tenon/net/check.hpp>
#include <tenon/net/composition.hpp>
#include <tenon/net/first_input.hpp>
#include <tenon/net/graph_mistakes.hpp>
#include <tenon/net/graph_names.hpp>
#include <tenon/net/graph_outputs.hpp>
#include <tenon/net/graph_units.hpp>
#include <tenon/net/inputs.hpp>
#include <tenon/net/tree.hpp>

/// Networks with branches, several inputs and several outputs: a flat list of named nodes.
namespace tenon {

namespace detail {

/// The shape of an input: its own, or the one it is given.
template <class E, class Given>
struct input_shape_of {
  using type = Given;
};
template <fixed_string Name, size_t First, size_t... D, class Given>
struct input_shape_of<In<Name, First, D...>, Given> {
  using type = Shape<First, D...>;
};

template <size_t K, class In>
struct given_input {
  using type = In;
};
template <size_t K, class... S>
struct given_input<K, Inputs<S...>> {
  using type = pack_element<K, S...>;
};

/// What a node is bound to: one shape, or several.
template <class... S>
struct joint_input {
  using type = Inputs<S...>;
};
template <class S>
struct joint_input<S> {
  using type = S;
};

/// Who gives it.
template <class... From>
struct joint_producer {
  using type = from_layers<From...>;
};
template <class From>
struct joint_producer<From> {
  using type = From;
};

/// What a node only moves, a graph moves itself.
template <class Bound>
struct as_node {
  using type = Bound;
};
template <class Bound>
  requires requires { typename Bound::moves; }
struct as_node<Bound> {
  using type = typename Bound::moves;
};

/// A value of a graph, bound when it is first asked for. Like the sources of a node it stands outside of GraphBinder:
/// within, a compiler would go through all the nodes whenever one of them is mentioned.
enum class GivenBy : unsigned char { input, node, node_with_anothers_layer };
template <class Links>
constexpr GivenBy given_by(const Links& links, size_t v) {
  if (v < links.inputs) return GivenBy::input;
  return links.like[v - links.inputs] == nobody ? GivenBy::node : GivenBy::node_with_anothers_layer;
}
template <class Binder, size_t V, GivenBy = given_by(Binder::links, V)>
struct graph_value;

/// What node K reads.
template <class Binder, size_t K, class Index = std::make_index_sequence<Binder::links.edge_count[K]>>
struct node_sources;
template <class Binder, size_t K, size_t... J>
struct node_sources<Binder, K, std::index_sequence<J...>> {
  template <size_t I>
  using source = graph_value<Binder, Binder::links.sources[Binder::links.first_edge[K] + I]>;
  using shape = typename joint_input<typename source<J>::output...>::type;
  using from = typename joint_producer<typename source<J>::last...>::type;
  template <class Bound>
  using node = std::conditional_t<
      Binder::links.like[K] == nobody, NodeAt<Bound, Binder::links.sources[Binder::links.first_edge[K] + J]...>,
      NodeLike<Binder::links.like[K], Bound, Binder::links.sources[Binder::links.first_edge[K] + J]...>>;
};

template <class Binder, size_t V>
struct graph_value<Binder, V, GivenBy::input> {
  using output = typename input_shape_of<typename Binder::template part<V>,
                                         typename given_input<V, typename Binder::input>::type>::type;
  using last = from_input;
  using mistakes = list<>;
};
template <class Binder, size_t V>
struct graph_value<Binder, V, GivenBy::node> {
  // no variables: compilers would mangle their names, with all the nodes in them
  using read = node_sources<Binder, V - Binder::links.inputs>;
  using layer = typename node_layer<typename Binder::template part<Binder::links.owner_of(V)>>::type;
  using placed = bind_at<unnamed<layer>, typename read::shape,
                         typename node_layer<typename Binder::template part<V>>::path, typename read::from>;
  using output = typename placed::output;
  using last = typename placed::last;
  using mistakes = typename placed::mistakes;
  using node = typename read::template node<typename as_node<typename placed::bound>::type>;
};

/// It has the owner's parameters, so they have to be those that its own input would give it.
template <class Binder, size_t V>
struct graph_value<Binder, V, GivenBy::node_with_anothers_layer> : graph_value<Binder, V, GivenBy::node> {
private:
  using own = graph_value<Binder, V, GivenBy::node>;
  using owner = graph_value<Binder, Binder::links.owner_of(V)>;
  static consteval auto judge() {
    if constexpr (std::is_same_v<typename own::read::shape, typename owner::read::shape> || own::mistakes::size > 0 ||
                  owner::mistakes::size > 0)
      return typename own::mistakes{};
    else if constexpr (same_parameters<typename own::placed::bound, typename owner::placed::bound>()) return list<>{};
    else return list<mistake>{};
  }
  static constexpr std::string_view name = Binder::graph::parts[Binder::links.part_of[Binder::links.owner_of(V)]].name;
  using mistake = shape_mismatch<
      layer<typename node_layer<typename Binder::template part<V>>::path, unnamed<typename own::layer>>,
      takes<typename owner::read::shape, with_the_parameters_of<node<to_fixed_string<name.size()>(name)>>>,
      but_gets<typename own::read::shape>, typename own::read::from>;

public:
  using mistakes = decltype(judge());
};

/// The values of a graph E... bound to In.
template <class In, class... E>
struct GraphBinder {
  using input = In;
  using graph = linked_graph<E...>;
  static constexpr const auto& links = graph::links;
  using parts = InGroups<E...>;

  template <size_t V>
  using part = element_in_groups<V, parts>;  // values stand in the order of the parts
  template <size_t V>
  using value = graph_value<GraphBinder, V>;
  template <size_t K>
  using sources = node_sources<GraphBinder, K>;
};

/// The names of what every node reads, for a summary: one text for all, and where each begins.
template <class Linked>
struct SourceNames {
private:
  static constexpr const auto& links = Linked::links;
  static constexpr std::string_view name(size_t edge) { return Linked::parts[links.part_of[links.sources[edge]]].name; }
  static constexpr size_t length = [] {
    size_t sum = 0;
    for (size_t e = 0; e < links.edges; ++e) sum += name(e).size() + 2;
    return sum;
  }();
  struct Text {
    std::array<char, length + 1> all{};
    std::array<size_t, links.nodes + 1> begin{};
  };
  static constexpr Text text = [] {
    Text t;
    size_t at = 0;
    for (size_t k = 0; k < links.nodes; ++k) {
      t.begin[k] = at;
      for (size_t j = 0; j < links.edge_count[k]; ++j) {
        for (const char c : j > 0 ? std::string_view{", "} : std::string_view{}) t.all[at++] = c;
        for (const char c : name(links.first_edge[k] + j)) t.all[at++] = c;
      }
    }
    t.begin[links.nodes] = at;
    return t;
  }();

public:
  static constexpr std::string_view of(size_t node) {
    return {text.all.data() + text.begin[node], text.begin[node + 1] - text.begin[node]};
  }
};

template <class Whole, class In, class Binder, class V, class O, class... E>
struct BoundNamedGraph;
template <class Whole, class In, class Binder, size_t... K, size_t... O, class... E>
struct BoundNamedGraph<Whole, In, Binder, std::index_sequence<K...>, std::index_sequence<O...>, E...>
    : BoundGraph<
          In, typename joint_output<typename Binder::template value<Binder::links.output_values[O]>::output...>::type,
          OutputValues<Binder::links.output_values[O]...>,
          typename Binder::template value<Binder::links.inputs + K>::node...> {
private:
  static constexpr size_t first = Binder::links.inputs;
  template <size_t Node>
  using value = typename Binder::template value<first + Node>;

public:
  using mistakes = join<typename value<K>::mistakes...>;
  using last = typename joint_producer<typename Binder::template value<Binder::links.output_values[O]>::last...>::type;

  static constexpr std::array<ElementInfo, sizeof...(K)> infos = [] {
    std::array<ElementInfo, sizeof...(K)> all{element_info<typename value<K>::layer, typename value<K>::output>()...};
    ((all[K].name = Binder::graph::parts[Binder::links.part_of[first + K]].name,
      all[K].sources = SourceNames<typename Binder::graph>::of(K),
      all[K].shares = Binder::links.like[K] == nobody
                          ? std::string_view{}
                          : Binder::graph::parts[Binder::links.part_of[first + Binder::links.like[K]]].name),
     ...);
    return all;
  }();
  /// What goes in and what comes out, as if these were nodes too.
  static constexpr auto ports = []<size_t... I>(std::index_sequence<I...>) {
    std::array<ElementInfo, sizeof...(I) + sizeof...(O)> all{
        port_info<typename Binder::template value<I>::output>("In")...,
        port_info<typename Binder::template value<Binder::links.output_values[O]>::output>("Out")...};
    ((all[I].name = Binder::graph::parts[Binder::links.part_of[I]].name), ...);
    ((all[sizeof...(I) + O].sources = Binder::graph::parts[Binder::links.part_of[Binder::links.output_values[O]]].name),
     ...);
    return all;
  }
  (std::make_index_sequence<first>{});
  static constexpr std::array<Branch, sizeof...(K)> branches{
      node_branch<typename value<K>::node::bound>(K, Binder::links.like[K] != nobody)...};
  static constexpr Tree tree{.kind = TreeKind::composition,
                             .elements = infos.data(),
                             .element_count = sizeof...(K),
                             .units = branches.data(),
                             .unit_count = sizeof...(K),
                             .ports = ports.data(),
                             .input_count = first,
                             .output_count = sizeof...(O)};
};

/// A graph whose names are wrong lets the numbers pass, so that checking can go on.
template <class Whole, class In, bool Linked, class Written>
struct bind_graph;
template <class Whole, class In, class... E>
struct bind_graph<Whole, In, false, Graph<E...>> {
  struct type : Reshaping<In, Shape<In::size>> {
    using mistakes = list<typename graph_mistake<linked_graph<E...>, Whole>::type>;
  };
};
template <class Whole, class In, class... E>
struct bind_graph<Whole, In, true, Graph<E...>> {
  using binder = GraphBinder<In, E...>;
  using type = BoundNamedGraph<Whole, In, binder, std::make_index_sequence<binder::links.nodes>,
                               std::make_index_sequence<binder::links.outputs>, E...>;
};

template <class G>
inline constexpr bool is_linked = false;
template <class... E>
inline constexpr bool is_linked<Graph<E...>> = linked_graph<E...>::links.fault == GraphFault::none;

/// The shapes that the inputs of a graph state; void for one that states none.
template <class E>
struct stated_shape {
  using type = list<>;
};
template <fixed_string Name, size_t... D>
struct stated_shape<In<Name, D...>> {
  using type = list<std::conditional_t<sizeof...(D) == 0, void, Shape<D...>>>;
};
template <class List>
struct stated_inputs;
template <class... S>
struct stated_inputs<list<S...>> {
  static constexpr bool all = sizeof...(S) > 0 && !(std::is_void_v<S> || ...);
  using type = list<S...>;
};

/// What a graph takes instead of In, or void.
template <class In, class Stated>
struct graph_input_problem;
template <class In, class... S>
struct graph_input_problem<In, list<S...>> {
  template <size_t... K>
  static consteval bool fits(std::index_sequence<K...>) {
    return (true && ... && (std::is_void_v<S> || std::is_same_v<S, typename given_input<K, In>::type>));
  }
  static consteval auto judge() {
    if constexpr (sizeof...(S) == 0) return std::type_identity<void>{};  // it has other faults
    else if constexpr (sizeof...(S) != input_count<In>)
      return std::type_identity<takes<so_many_inputs<sizeof...(S)>>>{};
    else if constexpr (!fits(std::index_sequence_for<S...>{}))
      return std::type_identity<takes<std::conditional_t<std::is_void_v<S>, any, S>...>>{};
    else return std::type_identity<void>{};
  }
  using type = typename decltype(judge())::type;
};

}  // namespace detail

/// A network as a flat list of named nodes. Each says what it reads, by default what stands before it; names may be
/// read as often as wanted.
///
///     using Net = Graph<In<"image", 1, 28, 28>, In<"table", 5>,
///                       Node<"seen", Sequential<Conv2D<8, 3>, ReLU, Flatten, Dense<32>>, "image">,
///                       Node<"known", Sequential<Dense<32>, ReLU>, "table">,
///                       Node<"both", Concat<>, "seen", "known">,
///                       Node<"digit", Sequential<Dense<10>, Softmax>, "both">,
///                       Node<"value", Dense<1>, "both">,
///                       Out<"digit", "value">>;
///
/// A node may be any layer or network. Of a node that is a Graph with several outputs, "encoder.mean" is the one called
/// mean. `Add<>` and `Concat<>` take several names; a node `Shared<"seen">` has the layers and the parameters of
/// another one. Inputs stand first, outputs last. Parameters are called after their nodes: `digit.0.weight`,
/// `value.weight`; those that two nodes share are stored once, under the first.
///
/// A Graph is a layer itself: within other networks its inputs need no shapes. Keras: the functional API.
template <class... E>
struct Graph {
  static constexpr bool many_inputs = true;

private:
  using stated = detail::join<typename detail::stated_shape<E>::type...>;
  using written = typename detail::with_outputs<Graph>::type;

public:
  template <class In>
  using problem = typename detail::graph_input_problem<In, stated>::type;
  template <class In>
  struct at : detail::bind_graph<Graph, In, detail::is_linked<written> && std::is_void_v<problem<In>>, written>::type {
  };
};

namespace detail {

template <class List>
struct declared_inputs;
template <class... S>
struct declared_inputs<list<S...>> : joint_input<S...> {};

template <class... E>
struct declared_input<Graph<E...>> {
private:
  using stated = join<typename stated_shape<E>::type...>;
  static consteval auto find() {
    if constexpr (stated_inputs<stated>::all) return declared_inputs<stated>{};
    else if constexpr (stated::size == 0)
      return std::type_identity<Shape<1>>{};  // a graph without inputs says so itself
    else return std::type_identity<needs_input<layer<path<>, Graph<E...>>, say_the_shape_of_every_In>>{};
  }

public:
  using type = typename decltype(find())::type;
};

/// A node's layer under the node's name, where it has one of its own.
template <class E>
struct node_part {
  using type = list<>;
  static constexpr size_t count = 0;
  template <class>
  using with = E;
};
template <fixed_string Name, class L, fixed_string... From>
struct node_part<Node<Name, L, From...>> {
  using type = list<Named<Name, L>>;
  static constexpr size_t count = 1;
  template <class New>
  using with = Node<Name, unnamed<New>, From...>;
};
template <fixed_string Name, fixed_string As, fixed_string... From>
struct node_part<Node<Name, Shared<As>, From...>> : node_part<void> {
  template <class>
  using with = Node<Name, Shared<As>, From...>;
};
template <fixed_string Name, size_t K, fixed_string From>
struct node_part<Node<Name, OutputAt<K>, From>> : node_part<void> {
  template <class>
  using with = Node<Name, OutputAt<K>, From>;
};

/// The graph E... with other layers in its nodes.
template <class... E>
struct remade_graph {
  static constexpr std::array<size_t, sizeof...(E) + 1> place = [] {
    std::array<size_t, sizeof...(E) + 1> all{};
    size_t i = 0, next = 0;
    ((all[i++] = next, next += node_part<E>::count), ...);
    return all;
  }();
  template <class One, size_t At, class Parts>
  static consteval auto element() {
    if constexpr (node_part<One>::count == 0) return std::type_identity<One>{};
    else return std::type_identity<typename node_part<One>::template with<element_in<At, Parts>>>{};
  }
  template <class Parts, size_t... I>
  static Graph<typename decltype(element<E, place[I], Parts>())::type...> with(std::index_sequence<I...>);
};

/// The inputs of those nodes that have layers of their own.
template <class Binder, class K = std::make_index_sequence<Binder::links.nodes>>
struct node_inputs;
template <class Binder, size_t... K>
struct node_inputs<Binder, std::index_sequence<K...>> {
  template <size_t Node>
  static consteval auto own() {
    if constexpr (Binder::links.like[Node] == nobody &&
                  !Binder::graph::parts[Binder::links.part_of[Binder::links.inputs + Node]].view)
      return list<typename Binder::template sources<Node>::shape>{};
    else return list<>{};
  }
  using type = join<decltype(own<K>())...>;
  /// Whether nodes that share layers are given the same shapes.
  template <size_t Node>
  static consteval bool alike() {
    if constexpr (Binder::links.like[Node] == nobody) return true;
    else
      return std::is_same_v<typename Binder::template sources<Node>::shape,
                            typename Binder::template sources<Binder::links.like[Node]>::shape>;
  }
  static constexpr bool shared_alike = (true && ... && alike<K>());
};

template <class List>
struct described_graph;
template <class... Part>
struct described_graph<list<Part...>> : described<Structure::graph, Part...> {};

}  // namespace detail

template <class... E>
  requires detail::is_rewritten<Graph<E...>>
struct composition<Graph<E...>> : composition<typename detail::with_outputs<Graph<E...>>::type> {
};
template <class... E>
struct composition<Graph<E...>> : detail::described_graph<detail::join<typename detail::node_part<E>::type...>> {
  /// Its values, bound where the graph is given In.
  template <class In>
  using binder = detail::GraphBinder<In, E...>;
  /// What the parts are given where the graph is given In.
  template <class In>
  using inputs = typename detail::node_inputs<detail::GraphBinder<In, E...>>::type;
  template <class In>
  static constexpr bool shared_alike = detail::node_inputs<detail::GraphBinder<In, E...>>::shared_alike;
  template <class... Part>
  using with = decltype(detail::remade_graph<E...>::template with<detail::Pack<Part...>>(
      std::index_sequence_for<E...>{}));
};

}  // namespace tenon
