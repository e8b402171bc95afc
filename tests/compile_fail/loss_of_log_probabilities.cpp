// The negative log-likelihood takes logarithms of probabilities, not probabilities.
// expect: loss_mismatch<tenon::NegativeLogLikelihood
// expect: takes<tenon::output_of<tenon::LogSoftmax>>, tenon::but_gets<tenon::Shape<10>>
// expect: from_layer<tenon::path<tenon::fixed_string<5>{"head"}, 1>, tenon::Softmax>
#include <tenon/tenon.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Head = Sequential<Dense<10>, Softmax>;
#else
using Head = Sequential<Dense<10>, LogSoftmax>;
#endif
using Net = Sequential<Dense<64, 32>, ReLU, Named<"head", Head>>;

void train(Model<Net>& model, const Dataset<float>& data) {
  fit(model, data, Fit{.loss = NegativeLogLikelihood{}, .optimizer = Adam{}});
}
