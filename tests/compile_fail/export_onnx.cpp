// What ONNX has no operator for is named, with its place: parts of unlike sizes.
// expect: cannot_run<tenon::layer<tenon::path<1, 0>, tenon::AdaptiveAvgPool2D<2
#include <tenon/model/export_onnx.hpp>

#include <tenon/layers/adaptive_avg_pool.hpp>
#include <tenon/layers/conv2d.hpp>
#include <tenon/layers/relu.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Input<1, 9, 9>, Conv2D<2, 3>, Sequential<AdaptiveAvgPool2D<2, 3>, ReLU>>;
#else
using Net = Sequential<Input<1, 10, 11>, Conv2D<2, 3>, Sequential<AdaptiveAvgPool2D<2, 3>, ReLU>>;
#endif

void write(const Model<Net>& model) { export_onnx(model, "net.onnx"); }
