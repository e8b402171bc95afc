#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <tenon/net/parameters.hpp>
#include <tenon/net/summary.hpp>

/// Which network a checkpoint belongs to.
namespace tenon {

class Archive;

/// A network as far as its numbers mean something to it: `fingerprint` is made of its operations (formulas, kernels and
/// compositions with all their options), shapes, and the names of its parameters. It is the same for every compiler,
/// and stays what it is where a type is renamed that is a formula or a composition; a layer of one's own that is
/// neither is known by its type's name.
struct NetworkIdentity {
  std::uint64_t fingerprint = 0;
  std::vector<std::string> layers{};  // "2.0 Dense<10> (10)": path, type and shape, in words for people
};

namespace detail {

/// A bound network as the compiler spells it, piece by piece: layers, and compositions around them.
struct Piece {
  enum class Kind : unsigned char { layer, begin, end };
  Kind kind = Kind::layer;
  std::string_view type{};
};
/// One more piece.
void add_piece(std::vector<Piece>& pieces, Piece::Kind kind, std::string_view type = {});
template <class T>
std::string_view spelt() {
  return __PRETTY_FUNCTION__;
}
template <class Bound>
void spell(std::vector<Piece>& pieces) {
  if constexpr (Leaf<Bound>) {
    add_piece(pieces, Piece::Kind::layer, spelt<Bound>());
  } else {
    add_piece(pieces, Piece::Kind::begin, spelt<Bound>());
    Bound::visit_units([&]<class Unit> { spell<Unit>(pieces); });
    add_piece(pieces, Piece::Kind::end);
  }
}

NetworkIdentity identify(std::span<const Piece> pieces, std::span<const ParameterEntry> parameters,
                         std::span<const LayerRow> layers);

/// Writing: notes the network. Checking: an Error that says which layer is another one.
void same_network(Archive& a, const NetworkIdentity& network);

}  // namespace detail

/// What a network is, for files: the same for every compiler and under every name of its type.
template <class Net>
const NetworkIdentity& network_identity() {
  static const NetworkIdentity identity = [] {
    std::vector<detail::Piece> pieces;
    detail::spell<bound_network<Net>>(pieces);
    return detail::identify(pieces, parameter_table<Net>, layer_table<Net>);
  }();
  return identity;
}

namespace detail {

template <class Net>
void same_network(Archive& a) {
  same_network(a, network_identity<Net>());
}

}  // namespace detail
}  // namespace tenon
