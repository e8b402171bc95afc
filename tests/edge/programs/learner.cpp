// Networks that learn: after twenty steps the same bits as on the host, in parameters, optimizer and losses. Built with
// -DTENON_WRITE_EXPECTED it prints their checksums. No product is contracted with a sum (check_target.cmake), or bits
// would differ.
#include <tenon/edge/checksum.hpp>
#include <tenon/edge/learner.hpp>
#include <tenon/layers/batch_norm.hpp>
#include <tenon/layers/conv2d.hpp>
#include <tenon/layers/dense.hpp>
#include <tenon/layers/dropout.hpp>
#include <tenon/layers/gru.hpp>
#include <tenon/layers/layer_norm.hpp>
#include <tenon/layers/max_pool2d.hpp>
#include <tenon/layers/relu.hpp>
#include <tenon/layers/tanh.hpp>
#include <tenon/losses/mean_squared_error.hpp>
#include <tenon/net/networks.hpp>

#include "platform.hpp"

namespace {

using namespace tenon;

using Vectors = Sequential<Dense<12, 16>, ReLU, Dropout<0.25>, Dense<12>, LayerNorm<>, Tanh, Dense<5>, Softmax>;
using Images = Sequential<Input<1, 8, 8>, Freeze<Conv2D<3, 3>>, ReLU, Conv2D<4, 3, padding<1>>, BatchNorm2D<>, ReLU,
                          MaxPool2D<2>, Flatten, Dense<5>, Softmax>;
using Sequence = Sequential<Input<6, 4>, GRU<6, stateful>, Last, Dense<2>>;

template <class Net>
constexpr Weights<Net> draw_weights() {
  Weights<Net> w;
  Stream random(11, Purpose::user);
  for (float& number : w.parameters) number = static_cast<float>(random.uniform(-0.5, 0.5));
  for (float& number : w.buffers) number = static_cast<float>(random.uniform(0.1, 0.9));
  return w;
}
constexpr Weights<Vectors> row_weights = draw_weights<Vectors>();
constexpr Weights<Images> image_weights = draw_weights<Images>();
constexpr Weights<Sequence> sequence_weights = draw_weights<Sequence>();

edge::Learner<Vectors, CrossEntropy<>, Adam, 3> rows;
edge::Learner<Images, CrossEntropy<>, SGD, 2> images;
edge::Learner<Sequence, MeanSquaredError, PlainSGD> sequence;
static_assert(decltype(rows)::ram_bytes <= 12 * 1024);

constexpr std::uint32_t steps = 20;
float input[64];

template <class Learner, class Answer>
std::uint32_t teach(Learner& learner, Answer answer) {
  std::uint32_t check = 0;
  for (std::uint32_t s = 0; s < steps * Learner::batch; ++s) {
    Stream random(7, Purpose::user, s);
    for (float& number : input) number = random.uniform<float>(-1.0F, 1.0F);
    const float loss = learner.learn(std::span<const float, Learner::input::size>(input, Learner::input::size),
                                     answer(s));
    check = crc32(std::as_bytes(std::span(&loss, 1)), check);
  }
  check = crc32(std::as_bytes(learner.parameters()), check);
  return crc32(std::as_bytes(learner.optimizer_state()), check);
}
std::uint32_t check_of(int which) {
  if (which == 0) rows.start(row_weights, Adam{.lr = 0.01}, 5);
  if (which == 0) return teach(rows, [](std::uint32_t s) { return static_cast<std::int32_t>(s % 5); });
  if (which == 1) images.start(image_weights, SGD{.lr = 0.05, .momentum = 0.9});
  if (which == 1) return teach(images, [](std::uint32_t s) { return static_cast<std::int32_t>(s % 5); });
  sequence.start(sequence_weights, PlainSGD{.lr = 0.1});
  static float target[2] = {0.25F, -0.5F};
  return teach(sequence, [](std::uint32_t) { return std::span<const float, 2>(target); });
}

}  // namespace

#ifdef TENON_WRITE_EXPECTED

#include <cstdio>

int main() {
  std::printf("constexpr std::uint32_t expected[] = {");
  for (int which = 0; which < 3; ++which) std::printf("%luU,", static_cast<unsigned long>(check_of(which)));
  std::printf("};\n");
}

#else

#include "expected.hpp"

int main() {
  bool good = true;
  for (int which = 0; which < 3; ++which) {
    const std::uint32_t got = check_of(which);
    platform::print("checksum: ", got);
    good = good && got == expected[which];
  }
  platform::print("RAM of the learners: ", sizeof rows + sizeof images + sizeof sequence);
  platform::print("stack: ", platform::stack_used());
  platform::print(good ? "all as on the host\n" : "DIFFERENT\n");
  return good ? 0 : 1;
}

#endif
