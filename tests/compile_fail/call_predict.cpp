// Plain memory is of the model's own precision.
// expect: "predict"}
// expect: takes<std::span<const float
// expect: but_gets<std::vector<double
#include <tenon/tenon.hpp>

using namespace tenon;

using Net = Sequential<Dense<7, 2>>;

#ifdef TENON_WRONG
void run(const Model<Net>& model, std::vector<double>& from, std::vector<double>& to) { model.predict(from, to); }
#else
void run(const Model<Net>& model, std::vector<float>& from, std::vector<float>& to) { model.predict(from, to); }
#endif
