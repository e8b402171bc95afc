// Trains the networks that the edge tests carry and writes their headers:
//   make_edge_models tests/edge/models
#include <tenon/tenon.hpp>
#include <tenon/model/export.hpp>

#include <cstdio>

using namespace tenon;

int main(int argc, char** argv) {
  if (argc != 2) return std::fprintf(stderr, "usage: make_edge_models DIRECTORY\n"), 2;
  const std::string folder = argv[1];
  const auto [train, test] = digits().stratified_split(0.8, 1);

  using Net = Sequential<Dense<64, 128>, ReLU, Dropout<0.3>, Dense<10>, Softmax>;
  Model<Net> model{1};
  fit(model, train, Fit{.loss = CrossEntropy{}, .optimizer = Adam{.lr = 1e-3}, .epochs = 40, .batch_size = 64, .seed = 1});
  std::printf("test accuracy: %.4f\n", evaluate(model, test, CrossEntropy{}).accuracy);
  // A digit of the test set whose label stands in the test that uses it.
  const auto sample = test.sample(0);
  std::printf("label of the self-test's digit: %d\n", test.label(0));
  export_header(model, folder + "/digits.hpp", {.sample = {sample.begin(), sample.end()}});
}
