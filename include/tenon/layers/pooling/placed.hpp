#pragma once

#include <tenon/kernels/resize.hpp>
#include <tenon/layers/pooling/pool.hpp>

namespace tenon::detail {

/// A small image that lies in a large one of zeros, bound.
template <class In, class Out, kernels::Placing P>
struct PlacedUnit {
  using input = In;
  using output = Out;
  static constexpr std::array<ParameterSpec, 0> parameters{};
  using initializers = Initializers<>;
  static constexpr Needs needs{.backward_reads_input = false};
  static constexpr kernels::Placing placing = P;

  template <class To>
  static auto onnx(To& to) requires(P.x.step == 1 && P.y.step == 1) {
    const auto side = [](const kernels::PlacedAxis& a) { return a.large - a.small - a.before; };
    std::array<size_t, 2 * In::rank + 2> pads{};  // before each axis, then behind each
    pads[In::rank] = P.x.before;
    pads[2 * In::rank + 1] = side(P.x);
    if (In::rank == 3) pads[2] = P.y.before, pads[6] = side(P.y);
    return to.node("Pad", {to.input(), to.integers({pads.begin(), pads.end()})});
  }
  template <class Mode, class Ctx, class T>
  static void forward(Ctx&, const Memory<T>&, Rows<const T> x, Rows<T> y, Mode) {
    for (size_t i = 0; i < x.count; ++i) kernels::place_image<T>(placing, x[i], y[i]);
  }
  template <class Ctx, class T>
  static void backward(Ctx&, const Memory<T>&, Rows<const T>, Rows<const T>, Rows<const T> dy, Rows<T> dx) {
    if (!dx) return;
    for (size_t i = 0; i < dy.count; ++i) kernels::pick_image<T>(placing, dy[i], dx[i]);
  }
};

/// A layer whose numbers are placed by Place::axis(axis, size).
template <size_t Axes, class Place, class Fault>
struct PlacedLayer {
private:
  template <class In, bool Fits>
  struct bound {
    static constexpr kernels::PlacedAxis y = Place::axis(0, height_of<In>), x = Place::axis(1, width_of<In>);
    using output = channels_of_size<Axes, In::front, y.large, x.large>;
    using type = Reshaping<In, output>;
  };
  template <class In>
  struct bound<In, true> {
    using type = PlacedUnit<In, typename bound<In, false>::output,
                            kernels::Placing{In::front, bound<In, false>::y, bound<In, false>::x}>;
  };

public:
  using invalid = Fault;
  template <class In>
  using problem = std::conditional_t<
      In::rank == Axes + 1, void,
      takes<std::conditional_t<Axes == 2, images_of_channels_height_width, signals_of_channels_length>>>;
  template <class In>
  using at = typename bound<In, std::is_void_v<invalid> && In::rank == Axes + 1>::type;
};

}  // namespace tenon::detail
