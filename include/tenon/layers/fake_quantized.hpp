#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <type_traits>

#include <tenon/layers/options.hpp>
#include <tenon/net/check.hpp>
#include <tenon/net/layer.hpp>
#include <tenon/net/layout.hpp>
#include <tenon/net/run.hpp>

namespace tenon {

struct a_layer_with_weights_of_its_own;

namespace detail {

/// A layer that sees its weights as int8 holds them.
template <class Inner, WeightStorage Storage>
struct FakeQuantizedUnit {
  using input = typename Inner::input;
  using output = typename Inner::output;
  static constexpr auto parameters = Inner::parameters;
  using initializers = typename Inner::initializers;
  static constexpr size_t size = layout_of<Inner>.trainable_size;
  static constexpr size_t saved_place = aligned(Inner::needs.saved.fixed),
                          scratch_place = aligned(Inner::needs.inference.fixed);
  static constexpr Needs needs = [] {
    Needs n = Inner::needs;
    n.saved.fixed = saved_place + size;
    n.inference.fixed = scratch_place + size;
    return n;
  }();

  template <class Mode, class Ctx, class T>
  static void forward(Ctx& ctx, Memory<T> m, Rows<const T> x, Rows<T> y, Mode mode) {
    T* const rounded = Mode::training ? m.workspace.saved_fixed + saved_place
                                      : m.workspace.scratch_fixed + scratch_place;
    round_weights(m.parameters.values, rounded);
    m.parameters.values = rounded;
    // called directly: a context's own kernel for Inner may want the weights in another order than the rounded ones
    Inner::forward(ctx, m, x, y, mode);
  }
  template <class Ctx, class T>
  static void backward(Ctx& ctx, Memory<T> m, Rows<const T> x, Rows<const T> y, Rows<const T> dy, Rows<T> dx) {
    m.parameters.values = m.workspace.saved_fixed + saved_place;
    run_backward<Inner>(ctx, m, x, y, dy, dx);
  }

private:
  /// Each row of a weight by its own scale, or all by one; vectors stay as they are, for biases are of 32 bits.
  template <class T>
  static void round_weights(const T* from, T* to) {
    for (const ParameterSpec& spec : parameters) {
      if (!spec.trainable) continue;
      const size_t rows = spec.rank <= 1       ? 0
                          : Storage.per_tensor ? 1
                                               : spec.dims[0],
                   width = rows > 0 ? spec.size() / rows : 0;
      if (rows == 0) std::copy_n(from, spec.size(), to);
      for (size_t r = 0; r < rows; ++r) {
        const T *const row = from + r * width, *const end = row + width;
        T most = 0;
        for (const T* w = row; w != end; ++w) most = std::max(most, std::abs(*w));
        const T last = static_cast<T>(Storage.most());
        const T scale = most > T(0) ? most / last : T(1);
        std::transform(row, end, to + r * width,
                       [scale, last](T w) { return std::clamp(std::nearbyint(w / scale), -last, last) * scale; });
      }
      std::fill(to + spec.size(), to + aligned(spec.size()), T(0));
      from += aligned(spec.size());
      to += aligned(spec.size());
    }
  }
};

}  // namespace detail

/// A layer with weights, Dense or a convolution, that works with them rounded as int8 will: each output's by its own
/// scale s = max |w| / 127, to clamp(round(w / s), -127, 127) s. With `weight_bits<4>` 7 stands for 127, and with
/// `per_tensor<true>` all outputs have one scale. What is learned are the weights themselves.
///
/// Shapes and parameters: those of L. Gradient: L's by the rounded weights, passed on to the weights (straight
/// through). PyTorch: torch.nn.qat, torch.fake_quantize_per_channel_affine.
///
///     using Net = Sequential<FakeQuantize, FakeQuantized<Dense<784, 128>>, ReLU,
///                            FakeQuantize, FakeQuantized<Dense<10>>, Softmax>;
template <class L>
struct FakeQuantized : L {
  template <class In>
  struct bound_at {
    using inner = typename L::template at<In>;
    using type = std::conditional_t<detail::Leaf<inner> && !detail::Passthrough<inner>,
                                    detail::FakeQuantizedUnit<inner, detail::storage_of_layer<L>>, inner>;
  };
  template <class In>
  using at = typename bound_at<In>::type;
  /// Not step by step where L would become another layer, whose weights would not be rounded.
  template <class In, Time Axis>
  static constexpr bool steps = [] {
    if constexpr (requires { typename L::template stepping<1>; }) return false;
    else if constexpr (requires { L::template steps<In, Axis>; }) return L::template steps<In, Axis>;
    else return false;
  }();
};

}  // namespace tenon
