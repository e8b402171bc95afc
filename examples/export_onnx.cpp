// A trained network as an ONNX file, for everything that runs those: in float, and in int8.
// prints: wrote digits.onnx and digits_int8.onnx
#include <tenon/model/export_onnx.hpp>
#include <tenon/model/export_onnx_int8.hpp>
#include <tenon/model/fold.hpp>
#include <tenon/model/quantize.hpp>
#include <tenon/tenon.hpp>

#include <cstdio>

using namespace tenon;

using Net = Sequential<Input<1, 8, 8>,
                       Named<"features", Sequential<Conv2D<8, 3, padding<1>>, BatchNorm2D<>, ReLU, MaxPool2D<2>>>,
                       Flatten, Named<"classes", Dense<10>>, Softmax>;
static_assert(runs_as<in_onnx, Net>);
static_assert(runs_as<in_onnx_int8, Folded<Net>>);

int main() {
  Model<Net> model{1};
  const Dataset<float> data = digits();
  fit(model, data, Fit{.optimizer = Adam{}, .epochs = 3});
  export_onnx(model, "digits.onnx");

  DataLoader<float> samples{data, 64, 1};
  const auto numbers = quantize(fold(model), samples);
  export_onnx(*numbers, "digits_int8.onnx");
  std::printf("wrote digits.onnx and digits_int8.onnx\n");
}
