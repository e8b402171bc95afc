#include "unit/zoo/zoo.hpp"

using namespace tenon;
using namespace tenon::zoo;

namespace {

using Mlp = Sequential<Input<7>, Dense<5>, ReLU, Dense<3>, Softmax>;
using Twice = Map<tanh(matmul(matmul(x, param<"W", Shape<5, 5>>), param<"W", Shape<5, 5>>))>;

}  // namespace

TEST_CASE("the zoo: vectors") {
  check_table<
      Animal<"Mlp", Mlp>,  //
      Animal<"DropoutBatchNorm",
             Sequential<Input<7>, Dense<5>, BatchNorm1D<>, Tanh, Dropout<0.3>, Dense<3>, LogSoftmax>>,              //
      Animal<"Norms", Sequential<Input<7>, LayerNorm<>, Dense<5>, GELU, RMSNorm<>, Dense<4>, GLU, L2Normalize<>>>,  //
      Animal<"Slopes",
             Sequential<Input<7>, Dense<6>, PReLU<PerFeature>, Dense<5>, PReLU<>, Twice, Dense<1>, Sigmoid>>,  //
      Animal<"RootDense", Dense<7, 3>>,                                                                        //
      Animal<"QuantizationAware", QuantizationAware<Mlp>>,                                                     //
      Animal<"FrozenMiddle", Sequential<Input<7>, Dense<5>, Freeze<Sequential<BatchNorm1D<>, Dense<4>, Tanh>>, Dense<3>,
                                        Freeze<Softmax>>>,                                           //
      Animal<"Scales", Sequential<Input<7>, Standardize, Dense<5>, Tanh, Dense<3>, Unstandardize>>,  //
      Animal<"NothingToLearn", Sequential<Input<7>, Tanh, Softmax>>>("Vectors");
}
