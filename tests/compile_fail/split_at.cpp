// What both parts give is one sequence: the width of their steps is the same.
// expect: takes<tenon::joinable_with<tenon::Shape<12, 32> > >, tenon::but_gets<tenon::Shape<8, 48> >
#include <tenon/tenon.hpp>

using namespace tenon;

#ifdef TENON_WRONG
constexpr std::size_t width = 48;
#else
constexpr std::size_t width = 32;
#endif

using Net = Sequential<Input<20>, SplitAt<12, Embedding<30, 32>, Embedding<40, width>>, Residual<CrossAttention<4, 12>>,
                       Dense<40>, Softmax>;

History train(const Dataset<float>& data) {
  Model<Net> model{1};
  return fit(model, data, Fit{});
}
