#pragma once

#include <cstddef>
#include <utility>

#include <tenon/layers/identity.hpp>
#include <tenon/net/concat.hpp>
#include <tenon/net/sequential.hpp>

namespace tenon {

namespace detail {

template <std::size_t N, class L>
struct EmptyDenseBlock {
  using invalid = takes<one_or_more_layers>;
  template <class In>
  using at = Reshaping<In, In>;
};

template <class L, class Copies>
struct dense_block_of;
template <class L>
struct dense_block_of<L, std::index_sequence<>> {
  using type = EmptyDenseBlock<0, L>;
};
template <class L, std::size_t... Copy>
struct dense_block_of<L, std::index_sequence<Copy...>> {
  template <std::size_t>
  using grown = Concat<Identity, L>;
  using type = Sequential<grown<Copy>...>;
};

}  // namespace detail

/// N layers (or chains) of which each is given the outputs of all before it, and the input, joined along the channels:
/// Huang et al. 2017. Channels grow by L's each time. Parameters: `2.1.weight` is the third's.
///
///     using Block = DenseBlock<4, Sequential<BatchNorm2D<>, ReLU, Conv2D<12, 3, padding<1>>>>;
template <std::size_t N, class L>
using DenseBlock = typename detail::dense_block_of<L, std::make_index_sequence<N>>::type;

}  // namespace tenon
