#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <type_traits>

#include <tenon/net/layer.hpp>
#include <tenon/net/mistakes.hpp>
#include <tenon/net/reshaping.hpp>
#include <tenon/shape.hpp>

namespace tenon {

template <std::size_t Steps>
struct sequences_of_more_steps_than;

namespace detail {

template <class In, std::size_t N>
struct DropStepsUnit {
  using input = In;
  using output = Shape<In::dims[0] - N, In::dims[1]>;
  static constexpr std::array<ParameterSpec, 0> parameters{};
  using initializers = Initializers<>;
  static constexpr Needs needs{.backward_reads_input = false};
  static constexpr std::size_t macs = 0;

  template <class Mode, class Ctx, class T>
  static constexpr void forward(Ctx&, Memory<T>, Rows<const T> x, Rows<T> y, Mode) {
    for (std::size_t i = 0; i < x.count; ++i) std::copy_n(x[i] + N * In::inner, output::size, y[i]);
  }
  template <class Ctx, class T>
  static constexpr void backward(Ctx&, Memory<T>, Rows<const T>, Rows<const T>, Rows<const T> dy, Rows<T> dx) {
    for (std::size_t i = 0; dx && i < dy.count; ++i) std::copy_n(dy[i], output::size, std::fill_n(dx[i], N * In::inner, T(0)));
  }
};

}  // namespace detail

/// The steps of a sequence behind the first N: what a decoder makes of its own sequence, without the memory in front of it.
///
/// Shapes: (N + T, features) to (T, features). Gradient: dy, and 0 at the steps left out. PyTorch: x[:, N:]. ONNX: Slice.
///
///     using Net = Sequential<..., CrossAttention<4, 12>, DropSteps<12>, Dense<40>, Softmax>;
template <std::size_t N>
struct DropSteps {
private:
  template <class In>
  static constexpr bool fits = In::rank == 2 && (In::front > N);
  template <class In, bool Fits>
  struct bound {
    using type = detail::Reshaping<In, In>;
  };
  template <class In>
  struct bound<In, true> {
    using type = detail::DropStepsUnit<In, N>;
  };

public:
  template <class In>
  using problem = std::conditional_t<fits<In>, void, takes<sequences_of_more_steps_than<N>>>;
  template <class In>
  using at = typename bound<In, fits<In>>::type;
};

}  // namespace tenon
