#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include <tenon/init/distributions.hpp>
#include <tenon/layers/attention/options.hpp>
#include <tenon/layers/options.hpp>
#include <tenon/layers/recurrent/unit.hpp>
#include <tenon/net/layer.hpp>

namespace tenon {

namespace detail {

/// With a Context the steps are those that follow, one a call, on the ones before.
template <class In, class Init, size_t Context>
struct LearnedPositionUnit {
  using input = In;
  using output = In;
  static constexpr size_t places = Context > 0 ? Context : In::front;
  static constexpr Needs needs{.backward_reads_input = false, .state = Context > 0 ? alignment : 0};
  static constexpr std::array<ParameterSpec, 1> parameters{
      {{.name = "weight", .dims = {places, In::inner}, .rank = 2, .fan_in = places, .fan_out = In::inner}}};
  using initializers = Initializers<Init>;
  static constexpr size_t macs = 0;

  template <class To>
  static auto onnx(To& to) requires(Context == 0) {
    return to.node("Add", {to.input(), to.parameter("weight")});
  }
  template <class Mode, class Ctx, class T>
  static constexpr void forward(Ctx&, const Memory<T>& m, Rows<const T> x, Rows<T> y, Mode) {
    for (size_t i = 0; i < x.count; ++i) {
      const T* const added = m.parameters.values + first_place(m, i) * In::inner;
      const T* const from = x[i];
      T* const to = y[i];
      for (size_t j = 0; j < In::size; ++j) to[j] = from[j] + added[j];
    }
  }
  template <class Ctx, class T>
  static constexpr void backward(Ctx& ctx, const Memory<T>& m, Rows<const T>, Rows<const T>, Rows<const T> dy,
                                 Rows<T> dx) {
    static_assert(Context == 0, "networks that generate token by token are not trained");
    if (m.parameters.gradients) {
      if (ctx.overwrite_gradients) std::fill_n(m.parameters.gradients, In::size, T(0));
      for (size_t i = 0; i < dy.count; ++i) {
        const T* const slope = dy[i];
        for (size_t j = 0; j < In::size; ++j) m.parameters.gradients[j] += slope[j];
      }
    }
    for (size_t i = 0; dx && i < dx.count; ++i) std::copy_n(dy[i], In::size, dx[i]);
  }

private:
  template <class T>
  static constexpr size_t first_place(const Memory<T>& m, size_t sample) {
    if constexpr (Context == 0) return 0;
    else return next_place(m, sample, Context, In::front);
  }
};

}  // namespace detail

/// Adds a learnable vector to each place of a sequence: y[t] = x[t] + W[t].
///
/// Options: `init<Normal<0, 0.02>>`. Shapes: (time, width) to the same. Parameter: weight (time, width), N(0, 1).
/// Gradients: dx = dy, dW = the sum of dy over the batch. PyTorch: x + nn.Embedding(time, width)(torch.arange(time)).
///
///     using Net = Sequential<Input<64>, Embedding<65, 128>, LearnedPositionalEmbedding<>, MultiheadAttention<4>>;
template <auto... Option>
struct LearnedPositionalEmbedding {
private:
  static constexpr size_t context = detail::context_of<Option...>;
  template <class In, bool Fits>
  struct bound {
    using type = detail::Reshaping<In, In>;
  };
  template <class In>
  struct bound<In, true> {
    using type = detail::LearnedPositionUnit<In, detail::weight_init<Normal<0.0, 1.0>, Option...>, context>;
  };

public:
  using invalid = detail::options_fault<option::init | option::cached, Option...>;
  template <class In>
  using problem = std::conditional_t<In::rank == 2, void, takes<sequences_of_steps_features>>;
  template <class In>
  using at = typename bound<In, In::rank == 2>::type;
  template <class In, Time Axis>
  static constexpr bool steps = (Axis == Time::first) && In::rank == 2;
  template <size_t Context>
  using stepping = LearnedPositionalEmbedding<Option..., cached<Context>>;
};

template <auto... Option>
using LearnedPosition [[deprecated("called LearnedPositionalEmbedding")]] = LearnedPositionalEmbedding<Option...>;

}  // namespace tenon
