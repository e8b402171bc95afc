#include "unit/zoo/zoo.hpp"

using namespace tenon;
using namespace tenon::zoo;

namespace {

using Mlp = Sequential<Input<7>, Dense<5>, ReLU, Dense<3>, Softmax>;
using Twice = Map<tanh(matmul(matmul(x, param<"W", Shape<5, 5>>), param<"W", Shape<5, 5>>))>;

}  // namespace

TEST_CASE("the zoo: vectors") {
  check_table<
      Network<"Mlp", Mlp>,  //
      Network<"DropoutBatchNorm",
              Sequential<Input<7>, Dense<5>, BatchNorm1D<>, Tanh, Dropout<0.3>, Dense<3>, LogSoftmax>>,              //
      Network<"Norms", Sequential<Input<7>, LayerNorm<>, Dense<5>, GELU, RMSNorm<>, Dense<4>, GLU, L2Normalize<>>>,  //
      Network<"Slopes",
              Sequential<Input<7>, Dense<6>, PReLU<PerFeature>, Dense<5>, PReLU<>, Twice, Dense<1>, Sigmoid>>,  //
      Network<"RootDense", Dense<7, 3>>,                                                                        //
      Network<"QuantizationAware", QuantizationAware<Mlp>>,                                                     //
      Network<"FreezeMiddle",
              Sequential<Input<7>, Dense<5>, Freeze<Sequential<BatchNorm1D<>, Dense<4>, Tanh>>, Dense<3>,
                         Freeze<Softmax>>>,                                                                 //
      Network<"Standardized", Sequential<Input<7>, Standardize, Dense<5>, Tanh, Dense<3>, Unstandardize>>,  //
      Network<"NothingToLearn", Sequential<Input<7>, Tanh, Softmax>>>("Vectors");
}
