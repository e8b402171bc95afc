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

}  // namespace

TEST_CASE("the zoo: attention and tokens") {
  check_table<
      Animal<"Attention", Steps<MultiheadAttention<2>, Dense<3>>>,  //
      Animal<"Causal", Steps<SinusoidalPositionalEncoding<>,
                             Residual<LayerNorm<>, MultiheadAttention<2, causal, rope<>>>, Dense<3>>>,  //
      Animal<"NotCausalInBranch", Steps<Add<MultiheadAttention<2>, GRU<4>>, Dense<3>>>,                 //
      Animal<"CausalInBranch",
             Steps<LearnedPositionalEmbedding<>, Add<MultiheadAttention<2, causal>, GRU<4>, Dense<4>>, Dense<3>>>,  //
      Animal<"EncoderLayer", Steps<TransformerEncoderLayer<4, 2, 6, PostNorm, GELU, 0.1>, Dense<2>>>,               //
      Animal<"GPT", GPT<6, 5, 2, 2, 4, 0.1>, 6>,                                                                    //
      Animal<"RecurrentLanguage", Text<Embedding<6, 4>, LSTM<4>, Dense<6>, Softmax>, 6>,                            //
      Animal<"TiedLanguage", Text<Vocabulary, GRU<4>, Tied<Vocabulary>, Softmax>, 6>,                               //
      Animal<"BranchedLanguage",
             Text<Embedding<6, 4>, Add<GRU<4>, MultiheadAttention<2, causal>>, Dense<6>, LogSoftmax>, 6>,             //
      Animal<"Classifier", Text<Embedding<6, 4>, GRU<4, last>, Dense<2>>, 6>,                                         //
      Animal<"MaskedEncoder", Text<Masked<0, Embedding<6, 4>, Residual<MultiheadAttention<2>>>, Dense<2>>, 6>,        //
      Animal<"MaskedCausal", Text<Masked<0, Embedding<6, 4>, MultiheadAttention<2, causal>>, Dense<6>>, 6>,           //
      Animal<"Transformer", Transformer<6, 5, 3, 2, 1, 2, 4, 6>, 5>,                                                  //
      Animal<"AdditiveAttention", Text<Masked<0, Both, Residual<AdditiveAttention<3, 3>>, Slice<0, 3>>, GRU<3>>, 6>,  //
      Animal<"CrossAttention", Sequential<Input<7, 4>, TransformerDecoderLayer<4, 4, 2, 6>, Slice<0, 4>, Dense<2>>>>(
      "Attention and tokens");
}
