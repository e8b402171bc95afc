#pragma once

#include <tenon/layers/map.hpp>

namespace tenon {

/// The perceptron's threshold: y = 1 where x > 0, otherwise 0 (at 0 too). Rosenblatt 1958.
///
/// A step has no useful gradient, so backward takes HardTanh's in its place, the straight-through
/// estimator of Bengio et al. 2013 as Hubara et al. 2016 clip it: dy where |x| <= 1, otherwise 0.
/// Shapes: any to the same. PyTorch: torch.heaviside(x, 0). ONNX: Greater, then Cast.
///
///     using Perceptron = Sequential<Dense<2, 1>, Step>;
struct Step : Map<straight_through(select(x > 0, 1, 0), clamp(x, -1, 1))> {};

}  // namespace tenon
