// What is not written of a network in int8 is named, with its place: a recurrent layer.
// expect: cannot_run<tenon::layer<tenon::path<1, 0>, tenon::LSTM<4
#include <tenon/model/export_onnx_int8.hpp>

#include <tenon/layers/conv1d.hpp>
#include <tenon/layers/lstm.hpp>
#include <tenon/layers/relu.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Input<6, 3>, Dense<3>, Sequential<LSTM<4>, ReLU>>;
#else
using Net = Sequential<Input<6, 3>, Dense<3>, Sequential<Conv1D<4, 2>, ReLU>>;
#endif

void write(const QuantizedNumbers<Net>& numbers) { export_onnx(numbers, "net.onnx"); }
