#include <tenon/tenon.hpp>

#include <cstdio>

using namespace tenon;

using Net = Sequential<Dense<64, 32>, ReLU, Dropout<0.5>, Dense<32, 10>, Softmax>;

#if TENON_VERSION < 100
#error "expected Tenon 0.1"
#endif

int main() {
  const auto train = digits();
  Model<Net> model{1};
  fit(model, train, Fit{.loss = CrossEntropy{}, .optimizer = Adam{.lr = 1e-3}, .epochs = 1});
  std::printf("Tenon %s trained %zu parameters\n", TENON_VERSION_STRING, parameter_count<Net>);
}
