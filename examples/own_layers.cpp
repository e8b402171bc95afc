// Layers are formulas: an activation, a normalisation and a dense layer of one's own, one line each,
// trained on the digits. Their backward passes are derived by the compiler.
// prints: test accuracy: (0\.9[5-9]|1\.)
#include <tenon/tenon.hpp>

#include <cstdio>

using namespace tenon;

// x * sigmoid(beta * x) with a learnable beta (Ramachandran et al. 2017)
using MySwish = Map<x * sigmoid(param<"beta", Ones>* x)>;

// every sample brought to mean 0 and variance 1, then scaled per feature
using MyNorm = Map<(x - mean(x)) / sqrt(variance(x) + 1e-5) * param<"scale", PerFeature, Ones>>;

// a dense layer and a sigmoid; W is stored (in, out)
using MyDense = Map<sigmoid(matmul(x, param<"W", Shape<64, 32>>) + param<"b", Shape<32>>)>;

using Net = Sequential<Input<64>, MyNorm, Dense<64>, MySwish, MyDense, Dense<10>, Softmax>;

// A derivative is a formula too, known to the compiler.
static_assert(expr::same_form<gradient(x* x* x), 3 * x * x>());

int main() {
  const auto [train, test] = digits().stratified_split(0.8, 1);

  std::printf("swish:      %s\n", expr::to_string<x * sigmoid(x)>().c_str());
  std::printf("derivative: %s, where y is the result\n", expr::derivative_string<x * sigmoid(x)>().c_str());

  Model<Net> model{1};
  fit(model, train, Fit{.epochs = 40, .batch_size = 32, .seed = 1});
  std::printf("beta:       %.3f (was 1)\n", static_cast<double>(model.get<"2.beta">()(0)));
  std::printf("test accuracy: %.4f\n", evaluate(model, test, CrossEntropy{}).accuracy);
}
