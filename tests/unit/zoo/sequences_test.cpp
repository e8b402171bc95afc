#include "unit/zoo/zoo.hpp"

using namespace tenon;
using namespace tenon::zoo;

namespace {

template <class... L>
using Steps = Sequential<Input<5, 3>, L...>;

}  // namespace

TEST_CASE("the zoo: sequences") {
  check_table<
      Animal<"RNN", Steps<RNN<4>, Dense<2>>>,                                                                   //
      Animal<"GRU", Steps<GRU<4, layers<2>>, LayerNorm<>, Dense<3>, Softmax>>,                                  //
      Animal<"LSTM", Steps<LSTM<4>, Dropout<0.2>, LSTM<3, peepholes>, Dense<2>>>,                               //
      Animal<"Bidirectional", Steps<LSTM<3, bidirectional>, Dense<2>>>,                                         //
      Animal<"Last", Steps<GRU<4>, Last, Dense<2>>>,                                                            //
      Animal<"LastState", Steps<GRU<4, last>, Dense<2>>>,                                                       //
      Animal<"MaskedLSTM", Steps<LSTM<4, mask<0>>, Dense<2>>>,                                                  //
      Animal<"ResetBefore", Steps<GRU<4, linear_before_reset<false>>, RNN<3, nonlinearity<ReLU>>>>,             //
      Animal<"RecurrentAndDense", Steps<Add<GRU<4>, Dense<4>>, Dense<2>>>,                                      //
      Animal<"RecurrentRepeat", Steps<Dense<4>, Repeat<2, Residual<LayerNorm<>, LSTM<4>>>, Dense<2>>>,          //
      Animal<"RecurrentFrozen", Steps<Freeze<Sequential<GRU<4>, Tanh>>, Dense<2>>>,                             //
      Animal<"Stateful", Steps<GRU<4, stateful>, Dense<2>>>,                                                    //
      Animal<"OneStep", Sequential<Input<1, 3>, LSTM<4, stateful>, Dense<2>>>,                                  //
      Animal<"BothWaysInBranch", Steps<Add<GRU<4, bidirectional>, Dense<8>>, Dense<2>>>,                        //
      Animal<"EachStep", Steps<TimeDistributed<Sequential<Dense<4>, BatchNorm1D<>, Tanh, Dense<3>>>, GRU<2>>>,  //
      Animal<"EachImage", Sequential<Input<3, 1, 4, 4>, TimeDistributed<Sequential<Conv2D<2, 3>, ReLU, Flatten>>,
                                     LSTM<3>, Dense<2>>>,                              //
      Animal<"MeanOfSteps", Steps<Dense<4>, Tanh, MeanSteps, Dense<2>>>,               //
      Animal<"StepsJoined", Steps<Concat<GRU<3>, Dense<3>>, Dense<2>>>,                //
      Animal<"RepeatVector", Steps<GRU<4, last>, RepeatVector<4>, GRU<3>, Dense<2>>>,  //
      Animal<"GatedSteps", Steps<Dense<6>, GLU, Gate<Dense<1>, Flatten, Sigmoid>, Dense<2>>>>("Sequences");
}
