#include "unit/zoo/zoo.hpp"

using namespace tenon;
using namespace tenon::zoo;

namespace {

template <class... L>
using Steps = Sequential<Input<5, 3>, L...>;

}  // namespace

TEST_CASE("the zoo: sequences") {
  check_table<Network<"RNN", Steps<RNN<4>, Dense<2>>>,                                                        //
              Network<"GRU", Steps<GRU<4, layers<2>>, LayerNorm<>, Dense<3>, Softmax>>,                       //
              Network<"LSTM", Steps<LSTM<4>, Dropout<0.2>, LSTM<3, peepholes>, Dense<2>>>,                    //
              Network<"Bidirectional", Steps<LSTM<3, bidirectional>, Dense<2>>>,                              //
              Network<"Last", Steps<GRU<4>, Last, Dense<2>>>,                                                 //
              Network<"LastState", Steps<GRU<4, last>, Dense<2>>>,                                            //
              Network<"MaskedLSTM", Steps<LSTM<4, mask<0>>, Dense<2>>>,                                       //
              Network<"ResetBefore", Steps<GRU<4, linear_before_reset<false>>, RNN<3, nonlinearity<ReLU>>>>,  //
              Network<"Stateful", Steps<GRU<4, stateful>, Dense<2>>>,                                         //
              Network<"OneStep", Sequential<Input<1, 3>, LSTM<4, stateful>, Dense<2>>>>("Sequences");
}
