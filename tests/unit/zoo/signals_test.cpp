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

TEST_CASE("the zoo: images through blocks, and signals") {
  check_table<
      Network<"ResidualBlock", Image<Residual<Conv2D<2, 3, padding<1>>, BatchNorm2D<>, ReLU, Conv2D<2, 3, padding<1>>>,
                                     Tanh, GlobalMaxPool>>,  //
      Network<"Projection",
              Image<Add<Sequential<Conv2D<3, 3, padding<1>>, Tanh>, Conv2D<3, 1>>, ReLU, Flatten, Dense<2>>>,  //
      Network<"Inception", Image<Concat<Conv2D<2, 1>, Sequential<Conv2D<3, 3, padding<1>>, ReLU>, Identity>,
                                 Dropout2D<0.2>, Flatten, Dense<2>>>,                                             //
      Network<"SqueezeExcite", Image<Conv2D<4, 3>, SqueezeExcite<2>, GroupNorm<2>, Tanh, Flatten, Dense<2>>>,     //
      Network<"UNet", Even<UNet<Level<Convs<2>, MaxPool2D<2>, Upsample<2>, Convs<2>>, Convs<3>>, Conv2D<1, 1>>>,  //
      Network<"Signal", Sequential<Input<2, 13>, Conv1D<4, 3>, Tanh, Conv1D<4, 3, dilation<2>>, BatchNorm1D<>, Tanh,
                                   Conv1D<1, 1>>>,  //
      Network<
          "GatedSignal",
          Sequential<Input<2, 13>,
                     Add<Sequential<Conv1D<3, 2, dilation<2>>, Tanh>, Sequential<Conv1D<3, 2, dilation<2>>, Sigmoid>>,
                     Residual<Conv1D<3, 1>>, Concat<Conv1D<2, 3>, Sequential<Conv1D<2, 3>, SiLU>>>>,                 //
      Network<"PaddedSignal", Sequential<Input<2, 9>, Conv1D<4, 3, padding<1>>, ReLU, MaxPool1D<2>, Conv1D<2, 1>>>,  //
      Network<"NormedSignal", Sequential<Input<2, 9>, Conv1D<4, 3>, GroupNorm<2>, Tanh, Dropout1D<0.2>, Conv1D<2, 1>>>>(
      "Images through blocks, and signals");
}
