#include "unit/zoo/zoo.hpp"

using namespace tenon;
using namespace tenon::zoo;

TEST_CASE("the zoo: compositions") {
  check_table<
      Animal<"RootConcat", Concat<Sequential<Input<7>, Dense<3>, Tanh>, Dense<2>>>,                            //
      Animal<"RootAdd", Add<Sequential<Input<7>, Dense<3>, Tanh>, Dense<3>, Sequential<Dense<2>, Dense<3>>>>,  //
      Animal<"RootResidual", Residual<Input<5>, Dense<5>, Tanh>>,                                              //
      Animal<"RootRepeat", Repeat<3, Sequential<Input<5>, Dense<5>, Tanh>>>,                                   //
      Animal<"RootNamed", Named<"net", Sequential<Input<7>, Named<"a", Dense<5>>,
                                                  Inline<Residual<Named<"b", Dense<5>>, SiLU>>>>>,  //
      Animal<"RootGate", Gate<Input<5>, Dense<5>, Sigmoid>>,                                        //
      Animal<"Sums",
             Sequential<Input<7>, Dense<5>, ReLU, Residual<Dense<5>, ReLU>, Add<Dense<5>, Dense<5>>, Dense<3>>>,  //
      Animal<"ThreeBranches",
             Sequential<Input<7>, Add<Dense<5>, Sequential<Dense<4>, ReLU, Dense<5>>, Dense<5, bias<false>>>,
                        Dense<2>>>,                                                                     //
      Animal<"DenseBlock", Sequential<Input<7>, DenseBlock<3, Sequential<Dense<3>, Tanh>>, Dense<2>>>,  //
      Animal<"Split", Sequential<Input<7>, SplitAt<3, Dense<2>, Sequential<Dense<3>, Tanh>>, Dense<2>>>>(
      "Compositions");
}
