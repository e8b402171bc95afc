#pragma once

#include <algorithm>
#include <cstddef>
#include <type_traits>

#include <tenon/layers/conv1d.hpp>
#include <tenon/net/layer.hpp>
#include <tenon/net/run.hpp>

namespace tenon {

struct one_step_of_a_signal;
struct a_convolution_of_stride_1_without_padding;

namespace detail {

/// The convolution of a window of the last inputs, which the state holds.
template <class In, auto... Argument>
struct StreamedUnit {
  static constexpr size_t channels = In::front;
  static constexpr size_t extent = ConvolutionArguments<1, false, Argument...>::window.extent(1);
  using whole = typename Conv1D<Argument...>::template at<Shape<channels, extent>>;
  using input = In;
  using output = Shape<whole::output::front, 1>;
  static constexpr auto parameters = whole::parameters;
  using initializers = typename whole::initializers;
  static constexpr size_t macs = whole::macs;
  static constexpr Needs needs{
      .backward_reads_input = false,
      .inference = {aligned(whole::needs.inference.sample) + aligned(channels * extent), whole::needs.inference.fixed},
      .state = aligned(channels * extent)};

  template <class Mode, class Ctx, class T>
  static constexpr void forward(Ctx& ctx, const Memory<T>& m, Rows<const T> x, Rows<T> y, Mode mode) {
    T* const lent = m.workspace.scratch + aligned(whole::needs.inference.sample) * x.count;
    for (size_t i = 0; i < x.count; ++i) {
      T* const window = m.state ? m.state[i] : lent;
      if (!m.state) std::fill_n(window, channels * extent, T(0));  // every run starts anew
      for (size_t c = 0; c < channels; ++c) {
        T* const own = window + c * extent;
        for (size_t t = 0; t + 1 < extent; ++t) own[t] = own[t + 1];
        own[extent - 1] = x[i][c];
      }
      run_forward<whole>(ctx, m, Rows<const T>{window, 1, channels * extent}, Rows<T>{y[i], 1, output::size}, mode);
    }
  }
  template <class Ctx, class T>
  static void backward(Ctx&, const Memory<T>&, Rows<const T>, Rows<const T>, Rows<const T>, Rows<T>) {
    static_assert(!std::is_same_v<Ctx, Ctx>, "networks that are given one step a call are not trained");
  }
};

}  // namespace detail

/// A Conv1D that is given one step of a signal a call and remembers those before: written by `Stepwise`
/// (networks/stepwise.hpp), not by hand. Until it has been given as many steps as its kernel reaches back, the ones
/// before count as 0. With kernel k and dilation d
///     y[o] = b[o] + sum_iu W[o][i][u] x[i][t - (k - 1 - u) d].
/// Shapes: (in, 1) to (out, 1). Parameters: those of Conv1D. Gradient: none, it only evaluates. PyTorch: none.
template <auto... Argument>
struct StreamedConv1D {
private:
  template <class In>
  static consteval bool judge() {
    if constexpr (In::rank == 2) return In::dims[1] == 1;
    else return false;
  }
  template <class In, bool Fits>
  struct bound {
    using type = detail::Reshaping<In, In>;
  };
  template <class In>
  struct bound<In, true> {
    using type = detail::StreamedUnit<In, Argument...>;
  };

public:
  using invalid = std::conditional_t<detail::streams<Argument...>, void,
                                     takes<a_convolution_of_stride_1_without_padding>>;
  template <class In>
  using problem = std::conditional_t<judge<In>(), void, takes<one_step_of_a_signal>>;
  template <class In>
  using at = typename bound<In, judge<In>()>::type;
};

}  // namespace tenon
