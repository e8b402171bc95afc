#include "unit/zoo/zoo.hpp"

using namespace tenon;
using namespace tenon::zoo;

namespace {

template <class... L>
using Image = Sequential<Input<2, 5, 7>, L...>;
template <class... L>
using Even = Sequential<Input<2, 4, 4>, L...>;
template <std::size_t C>
using Convs = Sequential<Conv2D<C, 3, padding<1>>, Tanh>;

}  // namespace

TEST_CASE("the zoo: images") {
  check_table<
      Network<"ConvPool", Image<Conv2D<3, 3>, ReLU, MaxPool2D<2>, Flatten, Dense<3>, Softmax>>,  //
      Network<"ConvBatchNorm",
              Image<Conv2D<3, 3, bias<false>>, BatchNorm2D<>, ReLU, AvgPool2D<2>, Flatten, Dense<3>>>,                //
      Network<"Depthwise", Image<Conv2D<4, 3, groups<2>, stride<2>>, ReLU6, Conv2D<3, 1>, GlobalAvgPool, Dense<2>>>,  //
      Network<"InstanceNorm",
              Image<Conv2D<4, 3, dilation<2>>, InstanceNorm<>, Tanh, ZeroPad2D<1>, Flatten, Dense<2>>>,  //
      Network<"SegNet",
              Even<Conv2D<2, 3, padding<1>>, MaxUnpool<MaxPool2D<2>, Conv2D<2, 1>, MaxUnpool<MaxPool2D<2>, Convs<2>>>,
                   Conv2D<1, 1>>>,                                                                       //
      Network<"Transposed", Even<ConvTranspose2D<3, 2, stride<2>>, BatchNorm2D<>, Tanh, Conv2D<1, 3>>>,  //
      Network<"VisionTransformer", Sequential<Input<1, 4, 4>, VisionTransformer<3, 2, 1, 2, 4>>>,        //
      Network<"FreezeConvs",
              Image<Freeze<Sequential<Conv2D<3, 3>, BatchNorm2D<>, ReLU>>, Conv2D<2, 1>, Flatten, Dense<2>>>>("Images");
}
