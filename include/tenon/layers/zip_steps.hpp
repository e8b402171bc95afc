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

struct two_sequences_of_as_many_steps;

namespace detail {

template <class In>
struct ZipStepsUnit {
  using input = In;
  using output = Shape<In::dims[0] / 2, 2 * In::dims[1]>;
  static constexpr std::array<ParameterSpec, 0> parameters{};
  using initializers = Initializers<>;
  static constexpr Needs needs{.backward_reads_input = false};
  static constexpr size_t macs = 0;

  template <class Mode, class Ctx, class T>
  static constexpr void forward(Ctx&, Memory<T>, Rows<const T> x, Rows<T> y, Mode) {
    each_step(x.count, [&](size_t i, size_t step, size_t place) { std::copy_n(x[i] + step, In::inner, y[i] + place); });
  }
  template <class Ctx, class T>
  static constexpr void backward(Ctx&, Memory<T>, Rows<const T>, Rows<const T>, Rows<const T> dy, Rows<T> dx) {
    if (dx)
      each_step(dy.count,
                [&](size_t i, size_t step, size_t place) { std::copy_n(dy[i] + place, In::inner, dx[i] + step); });
  }

private:
  /// work(sample, where a step is in the input, where in the output)
  template <class F>
  static constexpr void each_step(size_t batch, F work) {
    for (size_t i = 0; i < batch; ++i)
      for (size_t t = 0; t < output::front; ++t) {
        work(i, t * In::inner, 2 * t * In::inner);
        work(i, (output::front + t) * In::inner, (2 * t + 1) * In::inner);
      }
  }
};

}  // namespace detail

/// Two sequences of T steps, one behind the other, as one whose steps are those of both side by side: y[t] = [x[t], x[T
/// + t]].
///
/// Shapes: (2 T, features) to (T, 2 features). Gradient: dy where it came from. PyTorch: torch.cat(x.chunk(2, 1), 2).
///
///     // every step of the decoder is given the encoder's last state
///     using Net = Sequential<Input<12 + 9>,
///                            SplitAt<12, Sequential<Embedding<30, 64>, GRU<64, last>, RepeatVector<9>>,
///                                    Embedding<40, 64>>,
///                            ZipSteps, GRU<64>, Dense<40>, Softmax>;
struct ZipSteps {
private:
  template <class In>
  static constexpr bool fits = In::rank == 2 && In::front % 2 == 0 && In::size != 0;
  template <class In, bool Fits>
  struct bound {
    using type = detail::Reshaping<In, In>;
  };
  template <class In>
  struct bound<In, true> {
    using type = detail::ZipStepsUnit<In>;
  };

public:
  template <class In>
  using problem = std::conditional_t<fits<In>, void, takes<two_sequences_of_as_many_steps>>;
  template <class In>
  using at = typename bound<In, fits<In>>::type;
};

}  // namespace tenon
