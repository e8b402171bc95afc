#include "unit/zoo/zoo.hpp"

using namespace tenon;
using namespace tenon::zoo;

namespace {

using Vocabulary = Embedding<6, 4>;
template <class... L>
using Text = Sequential<Input<5>, L...>;
template <class... L>
using Steps = Sequential<Input<5, 4>, L...>;
using Both = SplitAt<3, Sequential<Embedding<6, 4>, GRU<4>>, Sequential<Embedding<6, 4>, GRU<4>>>;
/// Which steps are padding says a mask of its own: found among tokens, or given beside the sequence.
using MaskOfTokens = Graph<
    In<"tokens", 5>, Node<"padding", Map<in<"tokens"> == 0>>, Node<"words", Embedding<6, 4>, "tokens">,
    Node<"mean", Masked<mask_input, Residual<MultiheadAttention<2>>, MeanSteps>, "words", "padding">,
    Node<"y", Dense<2>>, Out<"y">>;
using MaskBeside = Graph<In<"x", 5, 4>, In<"weight", 5>, Node<"padding", Map<(in<"weight"> > 0)>>,
                         Node<"seen", Masked<mask_input, MultiheadAttention<2>, Dense<3>>, "x", "padding">,
                         Node<"y", Sequential<Tanh, Dense<2>>>, Out<"y">>;

}  // namespace

TEST_CASE("the zoo: attention and tokens") {
  check_table<
      Network<"Attention", Steps<MultiheadAttention<2>, Dense<3>>>,  //
      Network<"Causal", Steps<SinusoidalPositionalEncoding<>,
                              Residual<LayerNorm<>, MultiheadAttention<2, causal, rope<>>>, Dense<3>>>,  //
      Network<"NotCausalInBranch", Steps<Add<MultiheadAttention<2>, GRU<4>>, Dense<3>>>,                 //
      Network<"CausalInBranch",
              Steps<LearnedPositionalEmbedding<>, Add<MultiheadAttention<2, causal>, GRU<4>, Dense<4>>, Dense<3>>>,  //
      Network<"EncoderLayer", Steps<TransformerEncoderLayer<4, 2, 6, PostNorm, GELU, 0.1>, Dense<2>>>,               //
      Network<"GPT", GPT<6, 5, 2, 2, 4, 0.1>, 6>,                                                                    //
      Network<"RecurrentLanguage", Text<Embedding<6, 4>, LSTM<4>, Dense<6>, Softmax>, 6>,                            //
      Network<"TiedLanguage", Text<Vocabulary, GRU<4>, Tied<Vocabulary>, Softmax>, 6>,                               //
      Network<"BranchedLanguage",
              Text<Embedding<6, 4>, Add<GRU<4>, MultiheadAttention<2, causal>>, Dense<6>, LogSoftmax>, 6>,       //
      Network<"Classifier", Text<Embedding<6, 4>, GRU<4, last>, Dense<2>>, 6>,                                   //
      Network<"MaskedEncoder", Text<Masked<0, Embedding<6, 4>, Residual<MultiheadAttention<2>>>, Dense<2>>, 6>,  //
      Network<"MaskedCausal", Text<Masked<0, Embedding<6, 4>, MultiheadAttention<2, causal>>, Dense<6>>, 6>,     //
      Network<"MaskOfTokens", MaskOfTokens, 6>,                                                                  //
      Network<"MaskBeside", MaskBeside>,                                                                         //
      Network<"Transformer", Transformer<6, 5, 3, 2, 1, 2, 4, 6>, 5>,                                            //
      Network<"AdditiveAttention", Text<Masked<0, Both, Residual<AdditiveAttention<3, 3>>, Slice<0, 3>>, GRU<3>>,
              6>,  //
      Network<"CrossAttention", Sequential<Input<7, 4>, TransformerDecoderLayer<4, 4, 2, 6>, Slice<0, 4>, Dense<2>>>>(
      "Attention and tokens");
}
