// Among the first 12 of 10 is always.
// expect: metric_mismatch<tenon::TopKAccuracy<12>, tenon::takes<tenon::at_least_so_many_classes<12>>
// expect: Shape<10>
#include <tenon/tenon.hpp>

using namespace tenon;

using Net = Sequential<Dense<64, 10>, Softmax>;

#ifdef TENON_WRONG
void run(const Model<Net>& model, const Dataset<float>& data) {
  TopKAccuracy<12> top;
  measure(model, data, top);
}
#else
void run(const Model<Net>& model, const Dataset<float>& data) {
  TopKAccuracy<10> top;
  measure(model, data, top);
}
#endif
