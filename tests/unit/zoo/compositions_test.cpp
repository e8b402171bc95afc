#include "unit/zoo/zoo.hpp"

using namespace tenon;
using namespace tenon::zoo;

TEST_CASE("the zoo: compositions") {
  check_table<
      Network<"RootConcat", Concat<Sequential<Input<7>, Dense<3>, Tanh>, Dense<2>>>,                            //
      Network<"RootAdd", Add<Sequential<Input<7>, Dense<3>, Tanh>, Dense<3>, Sequential<Dense<2>, Dense<3>>>>,  //
      Network<"RootResidual", Residual<Input<5>, Dense<5>, Tanh>>,                                              //
      Network<"RootRepeat", Repeat<3, Sequential<Input<5>, Dense<5>, Tanh>>>,                                   //
      Network<"RootNamed", Named<"net", Sequential<Input<7>, Named<"a", Dense<5>>,
                                                   Inline<Residual<Named<"b", Dense<5>>, SiLU>>>>>,  //
      Network<"RootGate", Gate<Input<5>, Dense<5>, Sigmoid>>,                                        //
      Network<"ResidualAndAdd",
              Sequential<Input<7>, Dense<5>, ReLU, Residual<Dense<5>, ReLU>, Add<Dense<5>, Dense<5>>, Dense<3>>>,  //
      Network<"ThreeBranches",
              Sequential<Input<7>, Add<Dense<5>, Sequential<Dense<4>, ReLU, Dense<5>>, Dense<5, bias<false>>>,
                         Dense<2>>>,                                                                     //
      Network<"DenseBlock", Sequential<Input<7>, DenseBlock<3, Sequential<Dense<3>, Tanh>>, Dense<2>>>,  //
      Network<"Split", Sequential<Input<7>, SplitAt<3, Dense<2>, Sequential<Dense<3>, Tanh>>, Dense<2>>>>(
      "Compositions");
}
