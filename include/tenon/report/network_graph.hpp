#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string>

#include <tenon/net/checked.hpp>
#include <tenon/net/ports.hpp>
#include <tenon/net/summary.hpp>
#include <tenon/net/tree.hpp>

/// A network as a picture: layers as boxes, what flows between them as arrows with its shape; repeated blocks are drawn
/// once, in a frame that says how often.
namespace tenon {

namespace detail {

/// The picture of a network, whose input shapes are `inputs`.
struct NetworkView {
  const Tree* tree = nullptr;
  ElementInfo whole{};
  std::span<const PartShape> inputs{};
};
std::string network_dot(const NetworkView& network);
std::string network_svg(const NetworkView& network);
/// As DOT where the path ends with .dot or .gv, as SVG where with .svg; otherwise an Error. Written atomically.
void save_network(const NetworkView& network, const std::string& path);

template <class S>
inline constexpr std::array<PartShape, 1> shapes_in{part_shape<S>()};
template <class... S>
inline constexpr std::array<PartShape, sizeof...(S)> shapes_in<Inputs<S...>>{part_shape<S>()...};

template <class Net>
NetworkView view_of() {
  return {&Root<Net>::tree, Root<Net>::info, shapes_in<input_shape<Net>>};
}

}  // namespace detail

/// The network in Graphviz' language: `dot -Tsvg`.
template <class Net>
std::string to_dot() {
  return detail::network_dot(detail::view_of<Net>());
}

/// The network as SVG, drawn without any other program.
template <class Net>
std::string to_svg() {
  return detail::network_svg(detail::view_of<Net>());
}

/// Writes the picture, as SVG or DOT, whichever the path ends with: `save_graph<Net>("network.svg")`.
template <class Net>
void save_graph(const std::string& path) {
  detail::save_network(detail::view_of<Net>(), path);
}

}  // namespace tenon
