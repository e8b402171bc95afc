#pragma once

#include <array>
#include <cstddef>
#include <string_view>
#include <type_traits>
#include <utility>

#include <tenon/net/checked.hpp>
#include <tenon/net/graph.hpp>
#include <tenon/net/named.hpp>

/// The inputs and outputs of a network by their names.
namespace tenon {

/// There is no input or output of that name; these there are.
template <class Asked, class Known>
struct no_such_input;
template <class Asked, class Known>
struct no_such_output;

namespace detail {

/// The names; a network that is no Graph has one input and one output, without.
template <class Net>
struct port_names {
  static constexpr std::array<std::string_view, 1> inputs{}, outputs{};
};
template <fixed_string Name, class Net>
struct port_names<Named<Name, Net>> : port_names<Net> {};
template <class... E>
struct port_names<Graph<E...>> {
private:
  static constexpr const auto& links = linked_graph<E...>::links;
  static constexpr const auto& parts = linked_graph<E...>::parts;

public:
  static constexpr auto inputs = [] {
    std::array<std::string_view, links.inputs == 0 ? 1 : links.inputs> names{};
    for (std::size_t v = 0; v < links.inputs; ++v) names[v] = parts[links.part_of[v]].name;
    return names;
  }();
  static constexpr auto outputs = [] {
    std::array<std::string_view, links.outputs == 0 ? 1 : links.outputs> names{};
    for (std::size_t o = 0; o < links.outputs; ++o) names[o] = parts[links.part_of[links.output_values[o]]].name;
    return names;
  }();
};

template <class S>
struct port_shapes {
  using type = list<S>;
};
template <class... S>
struct port_shapes<Inputs<S...>> {
  using type = list<S...>;
};
template <class... S>
struct port_shapes<Outputs<S...>> {
  using type = list<S...>;
};
template <std::size_t K, class List>
struct shape_at;
template <std::size_t K, class... S>
struct shape_at<K, list<S...>> : given_input<K, Inputs<S...>> {};

template <std::size_t N>
constexpr std::size_t find_name(const std::array<std::string_view, N>& names, std::string_view name) {
  std::size_t k = 0;
  while (k < N && names[k] != name) ++k;
  return k;
}
template <const auto& Names, std::size_t... K>
there_are<to_fixed_string<Names[K].size()>(Names[K])...> list_names_of(std::index_sequence<K...>);
template <const auto& Names>
using known_ports = decltype(list_names_of<Names>(std::make_index_sequence<Names.size()>{}));

template <class Net, fixed_string Name>
constexpr std::size_t find_output() {
  constexpr const auto& names = port_names<Net>::outputs;
  constexpr std::size_t found = find_name(names, Name.view());
  if constexpr (found == names.size() && Checked<Net>::valid) static_assert(refuse<no_such_output<asked_for<Name>, known_ports<names>>>());
  return found == names.size() ? 0 : found;
}
template <class Net, fixed_string Name>
constexpr std::size_t find_input() {
  constexpr const auto& names = port_names<Net>::inputs;
  constexpr std::size_t found = find_name(names, Name.view());
  if constexpr (found == names.size() && Checked<Net>::valid) static_assert(refuse<no_such_input<asked_for<Name>, known_ports<names>>>());
  return found == names.size() ? 0 : found;
}

/// Where in a row input or output K begins.
template <class S>
constexpr std::size_t port_offset(std::size_t k) {
  if constexpr (requires { S::offsets; }) return S::offsets[k];
  else return 0;
}

}  // namespace detail

/// The shape of input or output number K of a network.
template <class Net, std::size_t K>
using input_shape_at = typename detail::shape_at<K, typename detail::port_shapes<input_shape<Net>>::type>::type;
template <class Net, std::size_t K>
using output_shape_at = typename detail::shape_at<K, typename detail::port_shapes<output_shape<Net>>::type>::type;

/// How many inputs and outputs a network has.
template <class Net>
inline constexpr std::size_t number_of_inputs = detail::port_shapes<input_shape<Net>>::type::size;
template <class Net>
inline constexpr std::size_t number_of_outputs = detail::port_shapes<output_shape<Net>>::type::size;

/// The number of the output of this name. A name that does not exist does not compile.
template <class Net, fixed_string Name>
inline constexpr std::size_t output_index = detail::find_output<Net, Name>();
template <class Net, fixed_string Name>
inline constexpr std::size_t input_index = detail::find_input<Net, Name>();

}  // namespace tenon
