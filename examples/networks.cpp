// What types can express: compositions, sizes known to the compiler, names, saving and loading.
// prints: 5 samples, 10 classes each
#include <tenon/tenon.hpp>

#include <cstdio>

using namespace tenon;

using Block = Residual<Dense<32>, ReLU, Dense<32>>;                     // x + chain(x)
using Trunk = Sequential<Dense<64, 32>, ReLU, Repeat<4, Block>>;        // four blocks, compiled once
using Heads = Concat<Dense<6>, Sequential<Dense<16>, Tanh, Dense<4>>>;  // side by side: 6 + 4 features
using Net = Sequential<Named<"trunk", Trunk>, Heads, Softmax>;

static_assert(std::is_same_v<output_shape<Net>, Shape<10>>);
static_assert(parameter_count<Net> ==
              64 * 32 + 32 + 4 * 2 * (32 * 32 + 32) + (32 * 6 + 6) + (32 * 16 + 16) + (16 * 4 + 4));
static_assert(training_bytes<Net, Adam>(32) < 256 * 1024);

int main() {
  Model<Net> model{1};
  summary(model);
  model.for_each_parameter([](std::string_view name, std::span<float> values) {
    std::printf("%-24.*s %5zu\n", static_cast<int>(name.size()), name.data(), values.size());
  });

  // An xtensor view of the numbers; a name that does not exist does not compile.
  auto bias = model.get<"trunk.0.bias">();
  bias(3) = 0.25F;

  model.save("networks.safetensors");
  Model<Net> other{2};
  other.load("networks.safetensors");
  std::printf("loaded: %.2f\n", static_cast<double>(other.get<"trunk.0.bias">()(3)));

  const xt::xtensor<float, 2> images = xt::ones<float>({5, 64});
  const auto probabilities = other(images);
  std::printf("%zu samples, %zu classes each\n", probabilities.shape()[0], probabilities.shape()[1]);
}
