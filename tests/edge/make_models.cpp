// Trains the networks that the edge tests carry and writes their headers:
//   make_edge_models tests/edge/models
#include <tenon/model/export.hpp>
#include <tenon/model/fold.hpp>
#include <tenon/model/quantize.hpp>
#include <tenon/tenon.hpp>

#include <cstdio>

using namespace tenon;

namespace {

/// How many samples an int8 network recognises.
template <class Net>
double accuracy(const QuantizedNumbers<Net>& numbers, const Dataset<float>& test) {
  const auto tables = std::make_unique<edge::QuantizedTables<Net>>(edge::make_tables(numbers));
  Quantized<Net> quantized{*tables};
  std::size_t right = 0;
  for (std::size_t i = 0; i < test.size(); ++i)
    right += quantized.classify(test.sample(i).first<64>()) == test.label(i) ? 1U : 0U;
  return static_cast<double>(right) / static_cast<double>(test.size());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return std::fprintf(stderr, "usage: make_edge_models DIRECTORY\n"), 2;
  const std::string folder = argv[1];
  const auto [train, test] = digits().stratified_split(0.8, 1);

  using Net = Sequential<Dense<64, 128>, ReLU, Dropout<0.3>, Dense<10>, Softmax>;
  Model<Net> model{1};
  fit(model, train,
      Fit{.loss = CrossEntropy{}, .optimizer = Adam{.lr = 1e-3}, .epochs = 40, .batch_size = 64, .seed = 1});
  std::printf("test accuracy: %.4f\n", evaluate(model, test, CrossEntropy{}).accuracy);
  // A digit of the test set whose label stands in the test that uses it.
  const auto sample = test.sample(0);
  std::printf("label of the self-test's digit: %d\n", test.label(0));
  const ExportOptions options{.sample = {sample.begin(), sample.end()}};
  export_header(model, folder + "/digits.hpp", options);

  DataLoader calibration{train, 64, 1};
  const auto numbers = quantize(model, calibration);
  export_quantized_header(model, *numbers, folder + "/digits_int8.hpp", options);
  std::printf("in int8: %.4f\n", accuracy(*numbers, test));

  using Images = Sequential<Input<1, 8, 8>, Conv2D<8, 3, padding<1>, bias<false>>, BatchNorm2D<>, ReLU,
                            Residual<Conv2D<8, 3, padding<1>, groups<8>>, ReLU6, Conv2D<8, 1>>, ReLU, MaxPool2D<2>,
                            Conv2D<10, 3, groups<2>>, ReLU, Conv2D<12, 2, padding<1>>, AvgPool2D<3>, ReLU6, Flatten,
                            Dense<10>, Softmax>;
  Model<Images> images{1};
  fit(images, train,
      Fit{.loss = CrossEntropy{}, .optimizer = Adam{.lr = 3e-3}, .epochs = 30, .batch_size = 32, .seed = 1});
  std::printf("of the images: %.4f\n", evaluate(images, test, CrossEntropy{}).accuracy);
  const auto folded = fold(images);
  calibration.start_epoch(1);
  const auto image_numbers = quantize(folded, calibration);
  export_quantized_header(folded, *image_numbers, folder + "/images_int8.hpp", options);
  std::printf("in int8: %.4f\n", accuracy(*image_numbers, test));

  // A small one for the projects in packaging/, with its C interface.
  using Small = Sequential<Dense<3, 8>, Tanh, Dense<4>, Softmax>;
  const Model<Small> small{1};
  export_header(small, folder + "/../../../packaging/projects/model/gesture.hpp", {.c_api = true});
}
