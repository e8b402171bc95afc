// A tensor of other axes than a sample or a batch of them has.
// expect: argument<tenon::fixed_string<6>{"model"}, tenon::fixed_string<8>{"samples"}>, tenon::takes<tenon::one_sample_or_a_batch_of<tenon::Shape<7>>>, tenon::but_gets<tenon::tensor_of_rank<4>>
#include <tenon/tenon.hpp>

using namespace tenon;

using Net = Sequential<Dense<7, 2>>;

#ifdef TENON_WRONG
auto run(const Model<Net>& model, const xt::xtensor<float, 4>& images) { return model(images); }
#else
auto run(const Model<Net>& model, const std::vector<double>& sample) {
  return model(sample)(0) + model({1, 2, 3, 4, 5, 6, 7})(1);
}
#endif
