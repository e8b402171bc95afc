#pragma once

#include <array>

#include <tenon/net/layer.hpp>
#include <tenon/net/run.hpp>

namespace tenon::detail {

/// A bound layer that only sees the numbers of a sample as another shape. Compositions skip it;
/// where it stands alone it copies.
template <class In, class Out>
struct Reshaping {
  using input = In;
  using output = Out;
  static constexpr bool passthrough = true;
  static constexpr std::array<ParameterSpec, 0> parameters{};
  using initializers = Initializers<>;
  static constexpr Needs needs{.backward_reads_input = false};

  template <class To>
  static auto onnx(To& to) {
    if constexpr (std::is_same_v<In, Out>) return to.input();
    else return to.reshape(to.input(), {Out::dims.begin(), Out::dims.end()});
  }
  template <class Mode, class Ctx, class T>
  static constexpr void forward(Ctx&, Memory<T>, Rows<const T> x, Rows<T> y, Mode) {
    copy_rows(x, y, In::size);
  }
  template <class Ctx, class T>
  static constexpr void backward(Ctx&, Memory<T>, Rows<const T>, Rows<const T>, Rows<const T> dy, Rows<T> dx) {
    if (dx) copy_rows(dy, dx, In::size);
  }
};

}  // namespace tenon::detail
