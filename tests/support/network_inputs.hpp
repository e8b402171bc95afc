#pragma once

#include <tenon/layers/input.hpp>
#include <tenon/net/sequential.hpp>

/// Inputs of each kind, for networks that differ in their layers alone.
namespace tenon::test {

template <class... L>
using Vector = Sequential<Input<6>, L...>;
template <class... L>
using Steps = Sequential<Input<5, 6>, L...>;
template <class... L>
using Signal = Sequential<Input<4, 11>, L...>;
template <class... L>
using Image = Sequential<Input<4, 9, 8>, L...>;

}  // namespace tenon::test
