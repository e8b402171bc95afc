#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

#include <tenon/init/initializer.hpp>
#include <tenon/net/layer.hpp>

namespace tenon {

namespace detail {

/// Numbers as int8 holds them (Jacob et al. 2018): from `low` to `high` in 255 steps, of which one is 0 exactly.
template <class T>
struct QuantizedRange {
  T low, high, scale, zero;

  QuantizedRange(T least, T most) : low(std::min(least, T(0))), high(std::max(most, T(0))) {
    scale = high > low ? (high - low) / T(255) : T(1);
    zero = std::clamp(std::nearbyint(T(-128) - low / scale), T(-128), T(127));
  }
  T step_of(T x) const { return std::nearbyint(x / scale) + zero; }
  T operator()(T x) const { return (std::clamp(step_of(x), T(-128), T(127)) - zero) * scale; }
  /// Beyond the last step nothing changes.
  bool passes(T x) const {
    const T step = step_of(x);
    return step >= T(-128) && step <= T(127);
  }
};

template <class In>
struct FakeQuantizeUnit {
  using input = In;
  using output = In;
  static constexpr double momentum = 0.01;
  static constexpr bool looks_at_batch = true;
  static constexpr Needs needs{.backward_reads_input = true, .saved = {.fixed = alignment}};
  static constexpr std::array<ParameterSpec, 2> parameters{
      {{.name = "min_val", .dims = {1}, .rank = 1, .trainable = false},
       {.name = "max_val", .dims = {1}, .rank = 1, .trainable = false}}};
  using initializers = Initializers<Zeros, Zeros>;

  template <class Mode, class Ctx, class T>
  static void forward([[maybe_unused]] Ctx& ctx, const Memory<T>& m, Rows<const T> x, Rows<T> y, Mode) {
    const T* const seen = Mode::training ? m.parameters.buffers : m.parameters.constants;
    if constexpr (Mode::training) {
      T &least = m.parameters.buffers[0], &most = m.parameters.buffers[alignment];
      T low = x[0][0], high = low;
      for (size_t i = 0; i < x.count; ++i) {
        const auto [a, b] = std::minmax_element(x[i], x[i] + In::size);
        low = std::min(low, *a);
        high = std::max(high, *b);
      }
      if constexpr (requires { ctx.shard; })
        if (ctx.shard) ctx.shard->extremes(low, high);
      const T share = least == T(0) && most == T(0) ? T(1) : static_cast<T>(momentum);
      least += share * (low - least);
      most += share * (high - most);
      m.workspace.saved_fixed[0] = least;
      m.workspace.saved_fixed[1] = most;
    }
    const QuantizedRange<T> range(seen[0], seen[alignment]);
    for (size_t i = 0; i < x.count; ++i) std::transform(x[i], x[i] + In::size, y[i], range);
  }
  template <class Ctx, class T>
  static void backward(Ctx&, const Memory<T>& m, Rows<const T> x, Rows<const T>, Rows<const T> dy, Rows<T> dx) {
    const QuantizedRange<T> range(m.workspace.saved_fixed[0], m.workspace.saved_fixed[1]);
    for (size_t i = 0; dx && i < dx.count; ++i)
      for (size_t j = 0; j < In::size; ++j) dx[i][j] = range.passes(x[i][j]) ? dy[i][j] : T(0);
  }
};

}  // namespace detail

/// Rounds as int8 will, while training goes on (Jacob et al. 2018): with scale s = (max - min) / 255 and zero point
/// z = round(-128 - min / s),
///     y = (clamp(round(x / s) + z, -128, 127) - z) s.
/// min and max, which 0 always lies between, follow the batches' in training (a hundredth of the way each, after the
/// first) and stay in evaluation. `QuantizationAware` (networks/quantization_aware.hpp) puts it where Quantized rounds.
///
/// Shapes: any to the same. Buffers: min_val, max_val. Gradient: dy within the range, 0 beyond (straight through).
/// PyTorch: FakeQuantize with MovingAverageMinMaxObserver, torch.fake_quantize_per_tensor_affine.
///
///     using Net = Sequential<Input<784>, FakeQuantize, FakeQuantized<Dense<128>>, ReLU, FakeQuantize, Dense<10>>;
struct FakeQuantize {
  template <class In>
  using at = detail::FakeQuantizeUnit<In>;
  template <class In, Time Axis>
  static constexpr bool steps = true;
};

}  // namespace tenon
