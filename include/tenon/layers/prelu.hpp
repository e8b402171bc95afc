#pragma once

#include <tenon/layers/map.hpp>

namespace tenon {

/// LeakyReLU that learns its slope: y = x where x > 0, otherwise weight * x. He et al. 2015.
///
/// `PReLU<>` learns one slope, `PReLU<PerFeature>` one for each feature; both begin at 0.25.
/// Shapes: any to the same. Parameters: weight (1) or (features).
/// Gradients: dx = dy where x > 0, otherwise weight * dy; dweight = sum of dy * x where x <= 0.
/// PyTorch: nn.PReLU(), nn.PReLU(features). ONNX: PRelu.
///
///     using Net = Sequential<Dense<784, 128>, PReLU<>, Dense<10>>;
template <class... Option>
struct PReLU : Map<select(x > 0, x, param<"weight", Option..., Constant<0.25>>* x)> {};

}  // namespace tenon
