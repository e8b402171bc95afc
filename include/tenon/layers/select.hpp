#pragma once

#include <array>
#include <cstddef>
#include <type_traits>

#include <tenon/layers/moving/axis_cut.hpp>

namespace tenon {

/// What stands at one place of an axis, and the axis is gone: a channel of an image, a step of a sequence. Negative
/// numbers count from the end, as does a negative `Axis`; axis 0 is the outermost. `Slice<Axis, I, I + 1>` keeps the
/// axis. With i the axes before and k those behind,
///     y[i][k] = x[i][Index][k].
///
/// Shapes: the axis is left out; a number of a vector is (1). Gradient: dy at that place, 0 elsewhere. Along the
/// outermost axis a graph uses the numbers where they are. PyTorch: x.select, x[:, Index]. ONNX: Gather of a scalar.
///
///     Node<"class_token", Select<0, 0>, "encoded">
template <std::ptrdiff_t Axis, std::ptrdiff_t Index>
struct Select {
private:
  template <class In>
  static constexpr detail::AxisView view = detail::view_of_axis(In::dims, Axis);
  template <class In>
  static constexpr bool fits = view<In>.there&& view<In>.length >= detail::least_length(Index);

  template <class In, bool Fits>
  struct bound {
    using type = detail::Reshaping<In, In>;
  };
  template <class In>
  struct bound<In, true> {
    static constexpr detail::AxisView axis = view<In>;
    static constexpr auto dims = [] {
      std::array<size_t, (In::rank > 1 ? In::rank - 1 : 1)> d{1};
      for (size_t k = 0; In::rank > 1 && k < d.size(); ++k) d[k] = In::dims[k < axis.axis ? k : k + 1];
      return d;
    }();
    using type = detail::cut_of<In, detail::shape_with<dims>, axis, detail::place_on_axis(Index, axis.length), 1>;
  };

public:
  template <class In>
  using problem = std::conditional_t<
      fits<In>, void,
      takes<std::conditional_t<view<In>.there, shapes_whose_axis<Axis, has_at_least<detail::least_length(Index)>>,
                               shapes_with_axis<Axis>>>>;
  template <class To>
  static auto onnx(To& to) {
    const auto position = to.rank() > 1 ? to.integer(Index) : to.integers({Index});
    return to.node("Gather", {to.input(), position}, {{"axis", Axis < 0 ? Axis : Axis + 1}});
  }
  template <class In>
  using at = typename bound<In, fits<In>>::type;
};

}  // namespace tenon
