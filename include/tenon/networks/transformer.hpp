#pragma once

#include <cstddef>
#include <type_traits>

#include <tenon/init/distributions.hpp>
#include <tenon/layers/cross_attention.hpp>
#include <tenon/layers/dense.hpp>
#include <tenon/layers/dropout.hpp>
#include <tenon/layers/embedding.hpp>
#include <tenon/layers/gelu.hpp>
#include <tenon/layers/identity.hpp>
#include <tenon/layers/layer_norm.hpp>
#include <tenon/layers/learned_positional_embedding.hpp>
#include <tenon/layers/mean_steps.hpp>
#include <tenon/layers/multihead_attention.hpp>
#include <tenon/layers/patches.hpp>
#include <tenon/layers/relu.hpp>
#include <tenon/layers/sinusoidal_positional_encoding.hpp>
#include <tenon/layers/slice.hpp>
#include <tenon/layers/softmax.hpp>
#include <tenon/layers/tied.hpp>
#include <tenon/net/masked.hpp>
#include <tenon/net/repeat.hpp>
#include <tenon/net/residual.hpp>
#include <tenon/net/sequential.hpp>
#include <tenon/net/split_at.hpp>

/// Transformers, put together from attention, Dense and LayerNorm. Parameters have the names that PyTorch's modules
/// give.
namespace tenon {

/// Where the normalisations of a block stand: before attention and feed-forward, inside the residual (norm_first=True
/// in PyTorch, easier to train), or behind them, around it, as in the first transformer: PreNorm and PostNorm are
///     y = x + f(norm(x)),
///     y = norm(x + f(x)).
struct PreNorm {
  template <fixed_string Name, class... L>
  using around = Inline<Residual<Named<Name, LayerNorm<>>, L...>>;
};
struct PostNorm {
  template <fixed_string Name, class... L>
  using around = Inline<Sequential<Inline<Residual<L...>>, Named<Name, LayerNorm<>>>>;
};

namespace detail {

template <auto Rate>
using DropoutOf = std::conditional_t<(Rate == 0), Identity, Dropout<Rate>>;

}  // namespace detail

/// A block of an encoder (Vaswani et al. 2017): every step looks at all, then goes through two Dense layers alone.
/// `Attention` may be another one, say MultiheadAttention<4, causal>, which makes it a block of a GPT.
///
/// Shapes: (time, Width) to the same. Parameters: self_attn.*, linear1.*, linear2.*, norm1.*, norm2.*. PyTorch:
/// nn.TransformerEncoderLayer.
///
///     using Net = Sequential<Input<64, 128>, Repeat<6, TransformerEncoderLayer<128, 4, 512>>>;
template <size_t Width, size_t Heads, size_t FeedForward = 4 * Width, class Norm = PreNorm, class Activation = ReLU,
          auto Rate = 0.0, class Attention = MultiheadAttention<Heads>>
using TransformerEncoderLayer = Sequential<
    typename Norm::template around<"norm1", Named<"self_attn", Attention>, detail::DropoutOf<Rate>>,
    typename Norm::template around<"norm2", Named<"linear1", Dense<FeedForward>>, Activation, detail::DropoutOf<Rate>,
                                   Named<"linear2", Dense<Width>>, detail::DropoutOf<Rate>>>;

namespace detail {

/// What a decoder does to its own steps, behind those of the memory.
template <size_t Memory, class L>
using BehindMemory = Inline<SplitAt<Memory, Identity, L>>;

template <size_t Memory, class Attention, auto Rate, class Norm>
struct cross_attended;
template <size_t Memory, class Attention, auto Rate>
struct cross_attended<Memory, Attention, Rate, PreNorm> {
  using type = Inline<
      Residual<BehindMemory<Memory, Named<"norm2", LayerNorm<>>>, Named<"multihead_attn", Attention>, DropoutOf<Rate>>>;
};
template <size_t Memory, class Attention, auto Rate>
struct cross_attended<Memory, Attention, Rate, PostNorm> {
  using type = Inline<Sequential<Inline<Residual<Named<"multihead_attn", Attention>, DropoutOf<Rate>>>,
                                 BehindMemory<Memory, Named<"norm2", LayerNorm<>>>>>;
};

}  // namespace detail

/// A block of a decoder: every step looks at itself and those before, then at the memory, then goes through two Dense
/// layers. A sample is the `Memory` steps of an encoder's output, which are passed on, followed by the decoder's steps.
///
/// Shapes: (Memory + time, Width) to the same. Parameters: self_attn.*, multihead_attn.*, linear1.*, linear2.*,
/// norm1.*, norm2.*, norm3.*. PyTorch: nn.TransformerDecoderLayer with a causal tgt_mask.
template <size_t Memory, size_t Width, size_t Heads, size_t FeedForward = 4 * Width, class Norm = PreNorm,
          class Activation = ReLU, auto Rate = 0.0>
using TransformerDecoderLayer = Sequential<
    detail::BehindMemory<Memory,
                         typename Norm::template around<"norm1", Named<"self_attn", MultiheadAttention<Heads, causal>>,
                                                        detail::DropoutOf<Rate>>>,
    typename detail::cross_attended<Memory, CrossAttention<Heads, Memory>, Rate, Norm>::type,
    detail::BehindMemory<Memory, typename Norm::template around<
                                     "norm3", Named<"linear1", Dense<FeedForward>>, Activation, detail::DropoutOf<Rate>,
                                     Named<"linear2", Dense<Width>>, detail::DropoutOf<Rate>>>>;

namespace detail {

/// Pre-norm blocks leave their sum as it is: it is normalised at the end.
template <class Norm>
using last_norm = std::conditional_t<std::is_same_v<Norm, PreNorm>, LayerNorm<>, Identity>;

}  // namespace detail

/// The encoder-decoder of Vaswani et al. 2017. A sample is `Source` tokens, then `Target` tokens that the decoder is
/// given (the translation so far, beginning with a start token); the network gives for each of these the probabilities
/// of the token behind it. Token 0 is padding, of both vocabularies.
///
/// Shapes: (Source + Target) to (Target, TargetTokens).
///
///     using Net = Transformer<30, 40, 12, 9, 2, 4, 64>;   // two blocks each, four heads, width 64
///     fit(model, data, Fit{.loss = CrossEntropy{}});     // labels: `Target` per sample
template <size_t SourceTokens, size_t TargetTokens, size_t Source, size_t Target, size_t Layers, size_t Heads,
          size_t Width, size_t FeedForward = 4 * Width, class Norm = PreNorm, class Activation = ReLU, auto Rate = 0.0>
using Transformer = Sequential<
    Input<Source + Target>,
    Masked<0,
           SplitAt<Source,
                   Named<"encoder", Sequential<Embedding<SourceTokens, Width>, SinusoidalPositionalEncoding<>,
                                               Repeat<Layers, TransformerEncoderLayer<Width, Heads, FeedForward, Norm,
                                                                                      Activation, Rate>>,
                                               detail::last_norm<Norm>>>,
                   Named<"target", Sequential<Embedding<TargetTokens, Width>, SinusoidalPositionalEncoding<>>>>,
           Named<"decoder",
                 Repeat<Layers, TransformerDecoderLayer<Source, Width, Heads, FeedForward, Norm, Activation, Rate>>>,
           Slice<0, Source>>,
    detail::last_norm<Norm>, Dense<TargetTokens>, Softmax>;

/// A language model (Radford et al. 2019): for each of up to `Context` tokens the probabilities of the next, from those
/// before. Pre-norm blocks with GELU, learned positions, and the output by the embedding's weight.
///
/// Shapes: (Context) to (Context, Tokens). A Session that generates (model/generate.hpp) writes with it.
/// PyTorch: transformers' GPT2LMHeadModel.
///
///     using Net = GPT<65, 64, 2, 4, 128>;  // 65 characters, the last 64 seen; two blocks, four heads, width 128
template <size_t Tokens, size_t Context, size_t Layers, size_t Heads, size_t Width, auto Rate = 0.0>
using GPT = Sequential<Input<Context>, Embedding<Tokens, Width, init<Normal<0.0, 0.02>>>,
                       LearnedPositionalEmbedding<init<Normal<0.0, 0.02>>>, detail::DropoutOf<Rate>,
                       Repeat<Layers, TransformerEncoderLayer<Width, Heads, 4 * Width, PreNorm, GELU, Rate,
                                                              MultiheadAttention<Heads, causal>>>,
                       LayerNorm<>, Tied<Embedding<Tokens, Width, init<Normal<0.0, 0.02>>>>, Softmax>;

/// A vision transformer (Dosovitskiy et al. 2021), whose classes come from the mean of all patches. Behind an image's
/// input:
///
///     using Net = Sequential<Input<1, 8, 8>, VisionTransformer<10, 2, 2, 4, 64>>;  // patches of 2 x 2, two blocks
///
/// Shapes: (channels, height, width) to (Classes).
template <size_t Classes, size_t Patch, size_t Layers, size_t Heads, size_t Width, auto Rate = 0.0>
using VisionTransformer = Sequential<
    Patches<Patch>, Dense<Width>, LearnedPositionalEmbedding<init<Normal<0.0, 0.02>>>, detail::DropoutOf<Rate>,
    Repeat<Layers, TransformerEncoderLayer<Width, Heads, 4 * Width, PreNorm, GELU, Rate>>, LayerNorm<>, MeanSteps,
    Dense<Classes>, Softmax>;

}  // namespace tenon
