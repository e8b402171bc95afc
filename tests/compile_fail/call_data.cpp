// The samples of a data set are a tensor when they are asked for.
// expect: "samples"}>
// expect: but_gets<tenon::Dataset<float>>
// expect: features_tensor<2>(data)
#include <tenon/tenon.hpp>

using namespace tenon;

using Net = Sequential<Dense<7, 2>>;

#ifdef TENON_WRONG
auto run(const Model<Net>& model, const Dataset<float>& data) { return model(data); }
#else
auto run(const Model<Net>& model, const Dataset<float>& data) { return model(features_tensor<2>(data)); }
#endif
