#include "unit/zoo/zoo.hpp"

using namespace tenon;
using namespace tenon::zoo;

namespace {

template <class... L>
using Steps = Sequential<Input<5, 3>, L...>;

}  // namespace

TEST_CASE("the zoo: sequences through compositions") {
  check_table<
      Animal<"RecurrentAndDense", Steps<Add<GRU<4>, Dense<4>>, Dense<2>>>,                                      //
      Animal<"RecurrentRepeat", Steps<Dense<4>, Repeat<2, Residual<LayerNorm<>, LSTM<4>>>, Dense<2>>>,          //
      Animal<"RecurrentFrozen", Steps<Freeze<Sequential<GRU<4>, Tanh>>, Dense<2>>>,                             //
      Animal<"BothWaysInBranch", Steps<Add<GRU<4, bidirectional>, Dense<8>>, Dense<2>>>,                        //
      Animal<"EachStep", Steps<TimeDistributed<Sequential<Dense<4>, BatchNorm1D<>, Tanh, Dense<3>>>, GRU<2>>>,  //
      Animal<"EachImage", Sequential<Input<3, 1, 4, 4>, TimeDistributed<Sequential<Conv2D<2, 3>, ReLU, Flatten>>,
                                     LSTM<3>, Dense<2>>>,                              //
      Animal<"MeanOfSteps", Steps<Dense<4>, Tanh, MeanSteps, Dense<2>>>,               //
      Animal<"StepsJoined", Steps<Concat<GRU<3>, Dense<3>>, Dense<2>>>,                //
      Animal<"RepeatVector", Steps<GRU<4, last>, RepeatVector<4>, GRU<3>, Dense<2>>>,  //
      Animal<"GatedSteps", Steps<Dense<6>, GLU, Gate<Dense<1>, Flatten, Sigmoid>, Dense<2>>>>(
      "Sequences through compositions");
}
