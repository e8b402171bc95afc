#pragma once

#include <array>
#include <type_traits>

#include <tenon/layers/formula/code.hpp>

/// A formula as a bound layer.
namespace tenon::detail {

/// An image has one number per channel for what is per feature, unless the formula looks at the sample
/// as one row.
template <class E, class In>
constexpr bool is_channelwise() {
  if constexpr (!has_channels<In>) return false;
  else return has_per_feature<E> && !reduces_row<E> && products_of<E>::size == 0 && chunks_of<E> == 1;
}

/// What a formula says about a parameter; the rest depends on the input.
template <class P>
constexpr ParameterSpec declare_parameter() {
  using traits = parameter_traits<P>;
  ParameterSpec spec{.name = traits::name, .dims = {1}, .rank = 1};
  if constexpr (traits::per_feature) {
    spec.dims[0] = per_feature;
  } else if constexpr (!traits::scalar) {
    spec.rank = traits::shape::rank;
    for (size_t i = 0; i < spec.rank; ++i) spec.dims[i] = traits::shape::dims[i];
  }
  return spec;
}
template <class... P>
constexpr std::array<ParameterSpec, sizeof...(P)> declare_parameters(list<P...>) {
  return {declare_parameter<P>()...};
}

/// A formula bound to an input shape.
template <class E, class In>
struct FormulaUnit {
  using input = In;
  using formula = E;
  using parameter_list = expr::parameters_of<E>;
  using initializers = typename initializers_of<parameter_list>::type;
  using code = FormulaCode<skeleton_of<E>, is_channelwise<E, In>()>;

  static constexpr auto plan = code::plan({.size = In::size, .width = row_width<In>, .features = feature_count<In>},
                                          declare_parameters(parameter_list{}));
  /// A parameter with one number for every pixel of an image has the image's shape.
  static constexpr auto parameters = [] {
    auto specs = plan.parameters;
    if constexpr (has_channels<In> && has_per_feature<E> && !is_channelwise<E, In>()) {
      size_t i = 0;
      for (const ParameterSpec& declared : declare_parameters(parameter_list{})) {
        ParameterSpec& spec = specs[i++];
        if (declared.dims[0] != per_feature || spec.dims[0] != In::size) continue;
        spec.rank = In::rank;
        for (size_t axis = 0; axis < In::rank; ++axis) spec.dims[axis] = In::dims[axis];
      }
    }
    return specs;
  }();
  static constexpr const Needs& needs = plan.needs;
  using output = typename std::conditional_t<plan.output_width == plan.width, std::type_identity<In>,
                                             with_last<In, plan.output_width>>::type;

  template <class To>
  static auto onnx(To& to) requires(To::template has_words<formula>) {
    return to.template formula<FormulaUnit>();
  }
  template <class Mode, class Ctx, class T>
  static void forward(Ctx& ctx, const Memory<T>& m, Rows<const T> x, Rows<T> y, Mode mode) {
    code::forward(plan, ctx, m, x, y, mode);
  }
  template <class Ctx, class T>
  static void backward(Ctx& ctx, const Memory<T>& m, Rows<const T> x, Rows<const T> y, Rows<const T> dy, Rows<T> dx) {
    code::backward(plan, ctx, m, x, y, dy, dx);
  }
};

}  // namespace tenon::detail
