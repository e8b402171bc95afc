#pragma once

#include <type_traits>

#include <tenon/layers/map.hpp>
#include <tenon/net/freeze.hpp>

namespace tenon {

namespace detail {

struct Standardization : Map<(x - param<"center", PerFeature, Zeros>) / param<"scale", PerFeature, Ones>> {};
struct Unstandardization : Map<x * param<"unit", PerFeature, Ones> + param<"offset", PerFeature, Zeros>> {};

/// Says that L is a frozen layer made of Part. With another part in its place it becomes a Freeze of that.
template <class L, class Part>
struct described_frozen : described<Structure::frozen, Part> {
  template <class New>
  using with = std::conditional_t<std::is_same_v<New, Part>, L, Freeze<New>>;
};

}  // namespace detail

/// Brings each feature to a common size: y = (x - center) / scale, with numbers that are measured on data and do not
/// learn. Saved, frozen and exported with the network, so that it always takes plain samples.
///
/// Shapes: any to the same; a feature is a number of a vector, of each step of a sequence, or a channel of an image.
/// Parameters, none of which learns: center (features), zeros; scale (features), ones. Gradients: dx = dy / scale.
/// `standardize` (data/scaler.hpp) sets them. Keras: Normalization. scikit-learn: StandardScaler, MinMaxScaler and
/// RobustScaler. ONNX: Sub and Div.
///
///     using Net = Sequential<Input<5>, Named<"input", Standardize>, Dense<16>, ReLU, Dense<1>>;
///     Model<Net> model{seed};
///     standardize(model, train);
///
/// In int8 each feature of an input that nothing but this layer reads has a scale and a zero point of its own, so that
/// small ones keep their 8 bits beside large ones, and the layer costs nothing. An image's channels have one together.
struct Standardize : Freeze<detail::Standardization> {};
template <>
struct composition<Standardize> : detail::described_frozen<Standardize, detail::Standardization> {};

/// The layer that gives a network's answers in the user's unit: y = x * unit + offset, with numbers that do not learn.
/// Losses then measure in that unit; see `TargetScaler` (data/scaler.hpp) for a network that learns the small numbers.
///
/// `unstandardize` sets them. In int8, as the last layer of a network of one output, it is how int8 becomes floats:
/// each number has 255 steps of what it varies, in its own unit.
///
/// Shapes: any to the same. Parameters: unit (features), ones; offset (features), zeros. Gradients: dx = dy * unit.
/// ONNX: Mul and Add.
///
///     using Net = Sequential<Input<5>, Named<"input", Standardize>, Dense<16>, ReLU, Dense<1>, Unstandardize>;
struct Unstandardize : Freeze<detail::Unstandardization> {};
template <>
struct composition<Unstandardize> : detail::described_frozen<Unstandardize, detail::Unstandardization> {};

}  // namespace tenon
