// Reads handwritten digits row by row, from top to bottom and back, and says at the end which they are; in int8 too.
// prints: test accuracy: (0\.9[6-9]|1\.)[0-9]*.in int8: (0\.9[6-9]|1\.)
#include <tenon/model/quantize.hpp>
#include <tenon/tenon.hpp>
#include <tenon/train/evaluate_quantized.hpp>

#include <cstdio>

using namespace tenon;

// many to one: eight steps of eight features, and the state after the last of them
using Reader = Sequential<Input<64>, Reshape<8, 8>, LSTM<64, bidirectional>, Dropout<0.2>, GRU<64>, Last, Dense<10>,
                          Softmax>;

// many to many: a Dense behind a recurrent layer is applied to every step, and TimeDistributed makes any network so
using Tagger = Sequential<Input<20, 1, 8, 8>, TimeDistributed<Sequential<Conv2D<4, 3>, ReLU, Flatten>>, GRU<32>,
                          Dense<10>>;

// one to many: every step reads the same vector
using Writer = Sequential<Input<16>, RepeatVector<12>, RNN<32, layers<2>, dropout<0.1>>, Dense<4>>;

static_assert(std::is_same_v<output_shape<Tagger>, Shape<20, 10>>);
static_assert(std::is_same_v<output_shape<Writer>, Shape<12, 4>>);

int main() {
  constexpr std::uint64_t seed = 1;
  const auto [train, test] = digits().stratified_split(0.8, seed);

  Model<Reader> model{seed};
  summary(model);
  fit(model, train,
      Fit{.loss = CrossEntropy{},
          .optimizer = Adam{.lr = 3e-3},
          .epochs = 30,
          .batch_size = 32,
          .validation = test,
          .seed = seed,
          .clip_grad_norm = 1.0});
  std::printf("test accuracy: %.4f\n", evaluate(model, test, CrossEntropy{}).accuracy);

  DataLoader calibration{train, 64, seed};
  std::printf("in int8: %.4f\n", evaluate(*quantize(model, calibration), test).accuracy);
}
