// Steps are chosen for a shape, and a plain data set's type says none.
// expect: argument<tenon::fixed_string<10>{"augmented"}, tenon::fixed_string<5>{"data"}
// expect: takes<tenon::data_of_a_known_shape>, tenon::but_gets<tenon::Dataset<
// expect: typed<Shape<4>, Classes<2>>(data)
#include <tenon/tenon.hpp>

using namespace tenon;

using Pipeline = Augment<GaussianNoise<0.1>>;

#ifdef TENON_WRONG
auto run(const Dataset<float>& data) { return augmented<Pipeline>(data); }
#else
auto run(const Dataset<float>& data) { return augmented<Pipeline>(typed<Shape<4>, Classes<2>>(data)); }
#endif
