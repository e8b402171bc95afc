// Numbers in int8 are evaluated by a header of their own, which the error names.
// expect: tenon::takes<tenon::a_model>, tenon::but_gets<tenon::QuantizedNumbers<
// expect: "tenon/train/evaluate_quantized.hpp"
#include <tenon/model/quantize.hpp>
#include <tenon/tenon.hpp>
#ifndef TENON_WRONG
#include <tenon/train/evaluate_quantized.hpp>
#endif

using namespace tenon;

using Net = Sequential<Input<7>, Dense<2>, Softmax>;

Scores run(const QuantizedNumbers<Net>& numbers, const Dataset<float>& data) { return evaluate(numbers, data); }
