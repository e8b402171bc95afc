#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include <tenon/layers/attention/options.hpp>
#include <tenon/layers/recurrent/unit.hpp>
#include <tenon/net/layer.hpp>

namespace tenon {

namespace detail {

template <class In, size_t Context>
struct SinusoidalPositionUnit {
  using input = In;
  using output = In;
  static constexpr Needs needs{.backward_reads_input = false,
                               .forward = {.fixed = aligned(In::inner)},
                               .inference = {.fixed = aligned(In::inner)},
                               .state = Context > 0 ? alignment : 0};
  static constexpr std::array<ParameterSpec, 0> parameters{};
  using initializers = Initializers<>;
  static constexpr size_t macs = 0;

  template <class To>
  static auto onnx(To& to) requires(Context == 0) {
    typename To::Numbers waves;
    for (size_t t = 0; t < In::front; ++t)
      for (size_t j = 0; j < In::inner; ++j) {
        const double share = static_cast<double>(j - j % 2) / static_cast<double>(In::inner);
        const double angle = static_cast<double>(t) * std::pow(1e4, -share);
        waves.push_back(j % 2 == 0 ? std::sin(angle) : std::cos(angle));
      }
    return to.node("Add", {to.input(), to.numbers({In::front, In::inner}, waves)});
  }
  template <class Mode, class Ctx, class T>
  static void forward(Ctx&, const Memory<T>& m, Rows<const T> x, Rows<T> y, Mode) {
    T* const wave = m.workspace.scratch_fixed;
    const auto add = [&](size_t place, size_t step, size_t first, size_t last) {
      for (size_t j = 0; j < In::inner; j += 2) {
        const double angle = static_cast<double>(place) *
                             std::pow(1e4, -static_cast<double>(j) / static_cast<double>(In::inner));
        wave[j] = static_cast<T>(std::sin(angle));
        if (j + 1 < In::inner) wave[j + 1] = static_cast<T>(std::cos(angle));
      }
      for (size_t i = first; i < last; ++i)
        for (size_t j = 0; j < In::inner; ++j) y[i][step * In::inner + j] = x[i][step * In::inner + j] + wave[j];
    };
    if constexpr (Context == 0) {
      for (size_t t = 0; t < In::front; ++t) add(t, t, 0, x.count);
    } else {
      for (size_t i = 0; i < x.count; ++i) add(next_place(m, i, Context, In::front), 0, i, i + 1);
    }
  }
  template <class Ctx, class T>
  static void backward(Ctx&, const Memory<T>&, Rows<const T>, Rows<const T>, Rows<const T> dy, Rows<T> dx) {
    static_assert(Context == 0, "networks that generate token by token are not trained");
    for (size_t i = 0; dx && i < dx.count; ++i) std::copy_n(dy[i], In::size, dx[i]);
  }
};

}  // namespace detail

/// Adds sines and cosines that encode positions in a sequence (Vaswani et al. 2017): at position t
///     y[t, 2k] = x[t, 2k] + sin(t / 10000^(2k / width)),  y[t, 2k + 1] = x[t, 2k + 1] + cos(t / 10000^(2k / width)).
///
/// Shapes: (time, width) to the same. Gradient: dx = dy. PyTorch: none; x + a table. Keras: SinePositionEncoding
/// (KerasHub), added. ONNX: Add.
///
///     using Net = Sequential<Input<64>, Embedding<65, 128>, SinusoidalPositionalEncoding<>, MultiheadAttention<4>>;
template <auto... Option>
struct SinusoidalPositionalEncoding {
private:
  template <class In, bool Fits>
  struct bound {
    using type = detail::Reshaping<In, In>;
  };
  template <class In>
  struct bound<In, true> {
    using type = detail::SinusoidalPositionUnit<In, detail::context_of<Option...>>;
  };

public:
  using invalid = detail::options_fault<std::uint32_t{option::cached}, Option...>;
  template <class In>
  using problem = std::conditional_t<In::rank == 2, void, takes<sequences_of_steps_features>>;
  template <class In>
  using at = typename bound<In, In::rank == 2>::type;
  template <class In, Time Axis>
  static constexpr bool steps = (Axis == Time::first) && In::rank == 2;
  template <size_t Context>
  using stepping = SinusoidalPositionalEncoding<Option..., cached<Context>>;
};

template <auto... Option>
using SinusoidalPosition
    [[deprecated("called SinusoidalPositionalEncoding")]] = SinusoidalPositionalEncoding<Option...>;

}  // namespace tenon
