// Trains the networks that the edge tests carry and writes their headers:
//   make_edge_models tests/edge/models
#include <tenon/tenon.hpp>
#include <tenon/model/export.hpp>
#include <tenon/model/quantize.hpp>

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
  const ExportOptions options{.sample = {sample.begin(), sample.end()}};
  export_header(model, folder + "/digits.hpp", options);

  Loader calibration{train, 64, 1};
  const auto numbers = quantize(model, calibration);
  export_quantized_header(model, *numbers, folder + "/digits_int8.hpp", options);
  const auto tables = std::make_unique<edge::QuantizedTables<Net>>(edge::make_tables(*numbers));
  Quantized<Net> quantized{*tables};
  std::size_t right = 0;
  for (std::size_t i = 0; i < test.size(); ++i) right += quantized.classify(test.sample(i).first<64>()) == test.label(i) ? 1U : 0U;
  std::printf("in int8: %.4f\n", static_cast<double>(right) / static_cast<double>(test.size()));
}
