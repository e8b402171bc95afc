#include "unit/zoo/zoo.hpp"

using namespace tenon;
using namespace tenon::zoo;

namespace {

template <class... L>
using Steps = Sequential<Input<5, 3>, L...>;

}  // namespace

TEST_CASE("the zoo: sequences through compositions") {
  check_table<Network<"RecurrentAndDense", Steps<Add<GRU<4>, Dense<4>>, Dense<2>>>,                              //
              Network<"RecurrentRepeat", Steps<Dense<4>, Repeat<2, Residual<LayerNorm<>, LSTM<4>>>, Dense<2>>>,  //
              Network<"RecurrentFreeze", Steps<Freeze<Sequential<GRU<4>, Tanh>>, Dense<2>>>,                     //
              Network<"BidirectionalInBranch", Steps<Add<GRU<4, bidirectional>, Dense<8>>, Dense<2>>>,           //
              Network<"TimeDistributedDense",
                      Steps<TimeDistributed<Sequential<Dense<4>, BatchNorm1D<>, Tanh, Dense<3>>>, GRU<2>>>,  //
              Network<"TimeDistributedConv",
                      Sequential<Input<3, 1, 4, 4>, TimeDistributed<Sequential<Conv2D<2, 3>, ReLU, Flatten>>, LSTM<3>,
                                 Dense<2>>>,                                                    //
              Network<"MeanSteps", Steps<Dense<4>, Tanh, MeanSteps, Dense<2>>>,                 //
              Network<"ConcatSteps", Steps<Concat<GRU<3>, Dense<3>>, Dense<2>>>,                //
              Network<"RepeatVector", Steps<GRU<4, last>, RepeatVector<4>, GRU<3>, Dense<2>>>,  //
              Network<"GatedSteps", Steps<Dense<6>, GLU, Gate<Dense<1>, Flatten, Sigmoid>, Dense<2>>>>(
      "Sequences through compositions");
}
