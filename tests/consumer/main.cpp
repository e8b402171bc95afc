#include <tenon/tenon.hpp>

#include <cstdio>

using namespace tenon;

using Net = Sequential<Dense<64, 32>, ReLU, Dropout<0.5>, Dense<32, 10>, Softmax>;

int main() {
  const auto train = digits();
  Model<Net> model{1};
  fit(model, train, Fit{.loss = CrossEntropy{}, .optimizer = Adam{.lr = 1e-3}, .epochs = 1});
  std::printf("trained %zu parameters\n", parameter_count<Net>);
}
