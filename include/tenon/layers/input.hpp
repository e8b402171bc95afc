#pragma once

#include <cstddef>

#include <tenon/net/reshaping.hpp>

namespace tenon {

/// States the shape of a network's input, where its first layer does not: `Input<1, 28, 28>`. It
/// has no parameters, no index and no cost. Further down it is a check of the shape there.
template <std::size_t... D>
struct Input {
  using expects = Shape<D...>;
  template <class In>
  struct at : detail::Reshaping<In, In> {};
};

}  // namespace tenon
