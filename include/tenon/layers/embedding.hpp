#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>

#include <tenon/init/distributions.hpp>
#include <tenon/layers/options.hpp>
#include <tenon/net/check.hpp>
#include <tenon/net/layer.hpp>
#include <tenon/net/mistakes.hpp>
#include <tenon/net/reshaping.hpp>
#include <tenon/shape.hpp>

namespace tenon {

template <size_t Tokens, size_t Width, auto... Option>
struct Embedding;

namespace detail {

template <size_t Tokens, size_t Width, auto... Option>
inline constexpr bool reads_tokens<Embedding<Tokens, Width, Option...>> = true;

}  // namespace detail

struct a_number_of_tokens_and_a_width_of_at_least_1;
struct a_padding_token_of_the_vocabulary;
struct a_vector_of_token_ids;

namespace option {

/// The type of `padding_idx<Token>`.
template <auto Token>
struct PaddingIdx {};

}  // namespace option

/// Of an embedding: this token's row starts as zeros and does not learn. PyTorch: padding_idx.
template <auto Token>
inline constexpr option::PaddingIdx<Token> padding_idx{};
template <auto Token>
[[deprecated("called padding_idx")]] inline constexpr option::PaddingIdx<Token> padding_token{};

namespace detail {

template <auto Token>
inline constexpr std::uint32_t option_kind<option::PaddingIdx<Token>> = option::padding_idx;

inline constexpr size_t no_token = ~size_t{0};

template <class Option>
inline constexpr size_t padding_idx_of = no_token;
template <auto Token>
inline constexpr size_t padding_idx_of<option::PaddingIdx<Token>> = static_cast<size_t>(Token);

/// Fills the table by initialiser I, and row Zero with zeros.
template <class I, size_t Zero>
struct WithZeroRow {
  template <class T>
  static void fill(std::span<T> values, const ParameterSpec& spec, Stream& stream) {
    I::fill(values, spec, stream);
    if (Zero != no_token) std::fill_n(values.data() + Zero * spec.dims[1], spec.dims[1], T(0));
  }
};

/// Looks tokens up, for tables of all sizes. A token outside the table is an Error where the context can throw one, and
/// gives NaN elsewhere.
struct EmbeddingCode {
  size_t tokens, width, steps, padding;

  template <class T>
  constexpr bool knows(T id) const {
    return id >= T(0) && id < static_cast<T>(tokens) && static_cast<T>(static_cast<size_t>(id)) == id;
  }
  template <class Ctx, class T>
  constexpr void forward(Ctx& ctx, const T* table, Rows<const T> x, Rows<T> y) const {
    for (size_t i = 0; i < x.count; ++i)
      for (size_t t = 0; t < steps; ++t) {
        const T id = x[i][t];
        T* const row = y[i] + t * width;
        if (knows(id)) std::copy_n(table + static_cast<size_t>(id) * width, width, row);
        else if constexpr (requires { ctx.refuse_token(id, tokens); }) ctx.refuse_token(id, tokens);
        else std::fill_n(row, width, std::numeric_limits<T>::quiet_NaN());
      }
  }
  template <class T>
  constexpr void backward(T* gradient, bool overwrite, Rows<const T> x, Rows<const T> dy) const {
    if (overwrite) std::fill_n(gradient, tokens * width, T(0));
    for (size_t i = 0; i < x.count; ++i)
      for (size_t t = 0; t < steps; ++t) {
        const T id = x[i][t];
        if (!knows(id) || static_cast<size_t>(id) == padding) continue;
        T* const row = gradient + static_cast<size_t>(id) * width;
        const T* const slope = dy[i] + t * width;
        for (size_t j = 0; j < width; ++j) row[j] += slope[j];
      }
  }
};

template <class In, size_t Tokens, size_t Width, class Init, size_t Padding>
struct EmbeddingUnit {
  using input = In;
  using output = Shape<In::size, Width>;
  static constexpr EmbeddingCode code{Tokens, Width, In::size, Padding};
  static constexpr Needs needs{};
  static constexpr std::array<ParameterSpec, 1> parameters{
      {{.name = "weight", .dims = {Tokens, Width}, .rank = 2, .fan_in = Tokens, .fan_out = Width}}};
  using initializers = Initializers<WithZeroRow<Init, Padding>>;
  static constexpr size_t macs = 0;

  template <class To>
  static auto onnx(To& to) {
    constexpr int int64 = 7;
    return to.node("Gather", {to.parameter("weight"), to.node("Cast", {to.input()}, {{"to", int64}})});
  }
  template <class Mode, class Ctx, class T>
  static constexpr void forward(Ctx& ctx, const Memory<T>& m, Rows<const T> x, Rows<T> y, Mode) {
    code.forward(ctx, m.parameters.values, x, y);
  }
  template <class Ctx, class T>
  static constexpr void backward(Ctx& ctx, const Memory<T>& m, Rows<const T> x, Rows<const T>, Rows<const T> dy,
                                 Rows<T> dx) {
    if (m.parameters.gradients)
      code.backward(m.parameters.gradients, ctx.overwrite_gradients && !m.written.gradients, x, dy);
    for (size_t i = 0; dx && i < dx.count; ++i) std::fill_n(dx[i], In::size, T(0));
  }
};

}  // namespace detail

/// A learnable vector for each token: y[t] = W[x[t]]. Tokens are numbers from 0 to Tokens - 1, as the network's other
/// inputs are; training and prediction throw an Error at one that is none of these.
///
/// `Embedding<Tokens, Width>`. Options: `padding_idx<0>`, whose row stays zeros; `init<Normal<0, 0.02>>`. Shapes:
/// (time) to (time, width). Parameter: weight (tokens, width), N(0, 1). Gradient: row k of dW is the sum of dy at the
/// steps of token k; backward touches the rows of tokens that occur. Tied<Embedding<...>> uses the same weight for the
/// output. PyTorch: nn.Embedding. ONNX: Gather.
///
///     using Net = Sequential<Input<64>, Embedding<65, 128>, LSTM<256>, Dense<65>, Softmax>;
template <size_t Tokens, size_t Width, auto... Option>
struct Embedding {
private:
  static constexpr size_t padding = std::min(
      {detail::no_token, detail::padding_idx_of<std::remove_const_t<decltype(Option)>>...});
  using start = detail::weight_init<Normal<0.0, 1.0>, Option...>;
  template <class In, bool Fits>
  struct bound {
    using type = detail::Reshaping<In, Shape<In::size, Width>>;
  };
  template <class In>
  struct bound<In, true> {
    using type = detail::EmbeddingUnit<In, Tokens, Width, start, padding>;
  };

public:
  using invalid = detail::first_fault < detail::options_fault<option::init | option::padding_idx, Option...>,
        std::conditional_t<Tokens == 0 || Width == 0, takes<a_number_of_tokens_and_a_width_of_at_least_1>,
                           std::conditional_t<padding == detail::no_token ||
                                              padding<Tokens, void, takes<a_padding_token_of_the_vocabulary>>>>;
  template <class In>
  using problem = std::conditional_t<In::rank == 1, void, takes<a_vector_of_token_ids>>;
  template <class In>
  using at = typename bound<In, In::rank == 1 && Tokens != 0 && Width != 0>::type;
  template <class In, Time Axis>
  static constexpr bool steps = (Axis == Time::first) && In::rank == 1;
};

}  // namespace tenon
