#pragma once

#include <cstddef>

#include <boost/hana/any_of.hpp>
#include <boost/hana/count_if.hpp>
#include <boost/hana/equal.hpp>
#include <boost/hana/flatten.hpp>
#include <boost/hana/tuple.hpp>
#include <boost/hana/type.hpp>

#include <tenon/net/composition.hpp>
#include <tenon/net/named.hpp>

/// A network's layers for type-level algorithms of one's own, with Boost.Hana:
///
///     constexpr auto rates = hana::filter(layer_types<Net>, is_dropout);
///     static_assert(contains_layer<Net, Softmax>);
///
/// The rest of net/ works without this header.
namespace tenon {

template <size_t... D>
struct Input;

namespace detail {

/// The layers inside L, compositions taken apart; names and Input left out.
template <class L, class Parts = parts_of<L>>
struct layers_in;
template <class L, class... Part>
struct layers_in<L, list<Part...>> {
  static constexpr auto value = boost::hana::flatten(boost::hana::make_tuple(layers_in<Part>::value...));
};
template <class L>
struct layers_in<L, list<>> {
  static constexpr auto value = [] {
    if constexpr (structure_of<L> == Structure::leaf) return boost::hana::make_tuple(boost::hana::type_c<L>);
    else return boost::hana::make_tuple();
  }();
};
template <size_t... D>
struct layers_in<Input<D...>, list<>> {
  static constexpr auto value = boost::hana::make_tuple();
};

}  // namespace detail

/// The layers of a network in the order written, a `hana::tuple` of `hana::type`s. Compositions are
/// taken apart, the block of a Repeat stands once.
template <class Net>
inline constexpr auto layer_types = detail::layers_in<detail::unnamed<Net>>::value;

/// How many layers of the network, written once each, fulfil `predicate(hana::type)`.
template <class Net, class Predicate>
constexpr size_t count_layers(Predicate predicate) {
  return decltype(boost::hana::count_if(layer_types<Net>, predicate))::value;
}

/// Whether the network has a layer L.
template <class Net, class L>
inline constexpr bool contains_layer = decltype(boost::hana::any_of(
    layer_types<Net>, boost::hana::equal.to(boost::hana::type_c<L>)))::value;

}  // namespace tenon
