#pragma once

#include <algorithm>
#include <array>
#include <cstddef>

#include <tenon/net/chain.hpp>
#include <tenon/net/composition.hpp>
#include <tenon/net/first_input.hpp>
#include <tenon/net/sequential.hpp>

namespace tenon {

namespace detail {

/// The layers L... with flags for the steps of what they are given. They lie behind the layers' own saved numbers, or
/// behind their scratch.
template <auto Padding, class In, class... L>
struct BoundMasked : chain_at<In, L...> {
private:
  using inner = chain_at<In, L...>;
  static constexpr std::size_t flags = aligned(In::front);
  static constexpr std::size_t saved_place = aligned(inner::needs.saved_sample);
  static constexpr std::size_t scratch_place = aligned(inner::needs.inference_scratch_sample);

public:
  static constexpr Layout layout = [] {
    Layout l = inner::layout;
    l.needs.saved_sample = saved_place + flags;
    l.needs.inference_scratch_sample = scratch_place + flags;
    return l;
  }();
  static constexpr Needs needs = layout.needs;
  static constexpr bool passthrough = false;

  template <class Mode, class Ctx, class T>
  static constexpr void forward(Ctx& ctx, Memory<T> m, Rows<const T> x, Rows<T> y, Mode mode) {
    T* const place = Mode::training ? m.saved + saved_place * x.count : m.scratch + scratch_place * x.count;
    for (std::size_t i = 0; i < x.count; ++i)
      for (std::size_t t = 0; t < In::front; ++t) {
        const T* const step = x[i] + t * In::inner;
        place[i * flags + t] = std::all_of(step, step + In::inner, [](T v) { return v == static_cast<T>(Padding); }) ? T(1) : T(0);
      }
    inner::forward(ctx, masked(m, place), x, y, mode);
  }
  template <class Ctx, class T>
  static constexpr void backward(Ctx& ctx, Memory<T> m, Rows<const T> x, Rows<const T> y, Rows<const T> dy, Rows<T> dx) {
    inner::backward(ctx, masked(m, m.saved + saved_place * dy.count), x, y, dy, dx);
  }

private:
  template <class T>
  static constexpr Memory<T> masked(Memory<T> m, const T* place) {
    m.mask = place;
    m.mask_stride = flags;
    return m;
  }
};

}  // namespace detail

/// L... one after the other, told which steps of the sequences they are given are padding: those that consist of the
/// number `Padding` alone, as tokens or as all features of a step. Attentions inside, at any depth, give such steps no
/// weight. Everything else works on them as on others; a loss leaves them out if their labels are `ignored_label`.
/// Recurrent layers have an option of their own, `mask<0>`. Shapes and parameters: those of L.... PyTorch:
/// src_key_padding_mask. Keras: Masking, mask_zero.
///
///     using Net = Sequential<Input<20>, Masked<0, Embedding<5000, 64, padding_token<0>>, MultiheadAttention<4>>, ...>;
template <auto Padding, class... L>
struct Masked {
  template <class In>
  struct at : detail::BoundMasked<Padding, In, L...> {};
};

namespace detail {

template <auto Padding, class... L>
struct declared_input<Masked<Padding, L...>> : declared_input<Sequential<L...>> {};

}  // namespace detail

template <auto Padding, class... L>
struct composition<Masked<Padding, L...>> : detail::described<Structure::masked, L...> {
  template <class... Part>
  using with = Masked<Padding, Part...>;
};

}  // namespace tenon
