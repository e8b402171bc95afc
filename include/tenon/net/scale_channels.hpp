#pragma once

#include <array>
#include <cstddef>

#include <tenon/net/inputs.hpp>
#include <tenon/net/layer.hpp>

namespace tenon::detail {

/// y[c] = s[c] x[c]: every channel of x by a factor of its own. dx = s dy, ds[c] = sum over the channel of x dy.
template <class In, class Factors>
struct ScaleChannelsUnit {
  using input = Inputs<In, Factors>;
  using output = In;
  static constexpr std::array<ParameterSpec, 0> parameters{};
  using initializers = Initializers<>;
  static constexpr Needs needs{};
  static constexpr size_t channels = Factors::size, pixels = In::size / channels;
  static constexpr size_t macs = In::size;

  template <class Mode, class Ctx, class T>
  static constexpr void forward(Ctx&, const Memory<T>&, const RowsOf<const T, 2>& in, Rows<T> y, Mode) {
    for (size_t i = 0; i < y.count; ++i)
      for (size_t c = 0; c < channels; ++c) {
        const T factor = in[1][i][c];
        const T* from = in[0][i] + c * pixels;
        T* to = y[i] + c * pixels;
        for (size_t p = 0; p < pixels; ++p) to[p] = factor * from[p];
      }
  }
  template <class Ctx, class T>
  static constexpr void backward(Ctx&, const Memory<T>&, const RowsOf<const T, 2>& in, Rows<const T>, Rows<const T> dy,
                                 const RowsOf<T, 2>& dx) {
    for (size_t i = 0; i < dy.count; ++i)
      for (size_t c = 0; c < channels; ++c) {
        const T *x = in[0][i] + c * pixels, *slope = dy[i] + c * pixels;
        const T factor = in[1][i][c];
        T* const to = dx[0] ? dx[0][i] + c * pixels : nullptr;
        T sum = 0;
        for (size_t p = 0; p < pixels; ++p) {
          sum += x[p] * slope[p];
          if (to) to[p] = factor * slope[p];
        }
        if (dx[1]) dx[1][i][c] = sum;
      }
  }
};

}  // namespace tenon::detail
