// A trained network as an ONNX file, for everything that runs those.
// prints: wrote digits.onnx
#include <tenon/model/export_onnx.hpp>
#include <tenon/tenon.hpp>

#include <cstdio>

using namespace tenon;

using Net = Sequential<Input<1, 8, 8>,
                       Named<"features", Sequential<Conv2D<8, 3, padding<1>>, BatchNorm2D<>, ReLU, MaxPool2D<2>>>,
                       Flatten, Named<"classes", Dense<10>>, Softmax>;
static_assert(runs_as<in_onnx, Net>);

int main() {
  Model<Net> model{1};
  fit(model, digits(), Fit{.optimizer = Adam{}, .epochs = 3});
  export_onnx(model, "digits.onnx");
  std::printf("wrote digits.onnx\n");
}
