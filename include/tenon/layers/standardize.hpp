#pragma once

#include <tenon/layers/map.hpp>
#include <tenon/net/freeze.hpp>

namespace tenon {

/// Brings each feature to a common size: y = (x - center) / scale, with numbers that are measured on data and do not
/// learn. Saved, frozen and exported with the network, so that whoever runs it gives it plain samples.
///
/// Shapes: any to the same; a feature is a number of a vector, of each step of a sequence, or a channel of an image.
/// Parameters, none of which learns: center (features), zeros; scale (features), ones. Gradients: dx = dy / scale.
/// `standardize`, `min_max_scale` and `robust_scale` (data/scaler.hpp) set them. Keras: Normalization. scikit-learn:
/// StandardScaler, MinMaxScaler and RobustScaler. ONNX: Sub and Div.
///
///     using Net = Sequential<Input<5>, Named<"input", Standardize>, Dense<16>, ReLU, Dense<1>>;
///     Model<Net> model{seed};
///     standardize(model, train);
using Standardize = Freeze<Map<(x - param<"center", PerFeature, Zeros>) / param<"scale", PerFeature, Ones>>>;

/// The layer that gives a network's answers in the user's unit: y = x * unit + offset, with numbers that do not learn.
/// Losses then measure in that unit; see `TargetScaler` (data/scaler.hpp) for a network that learns the small numbers.
///
/// `unstandardize` sets them. Shapes: any to the same. Parameters: unit (features), ones; offset (features), zeros.
/// Gradients: dx = dy * unit. ONNX: Mul and Add.
using Unstandardize = Freeze<Map<x * param<"unit", PerFeature, Ones> + param<"offset", PerFeature, Zeros>>>;

}  // namespace tenon
