// With TENON_STRICT, what is legal and hardly ever meant is refused: a Softmax that reads a Softmax, in whatever chains
// they stand.
// expect: softmax_twice<tenon::layer<tenon::path<3>, tenon::LogSoftmax>
// expect: from_layer<tenon::path<2>, tenon::Sequential<tenon::Dense<10>, tenon::Softmax>
#define TENON_STRICT
#include <tenon/net/networks.hpp>

#include <tenon/layers/dense.hpp>
#include <tenon/layers/log_softmax.hpp>
#include <tenon/layers/relu.hpp>
#include <tenon/layers/softmax.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Dense<64, 32>, ReLU, Sequential<Dense<10>, Softmax>, LogSoftmax>;
#else
using Net = Sequential<Dense<64, 32>, Softmax, Sequential<Dense<10>, ReLU>, LogSoftmax>;
#endif

constexpr auto parameters = parameter_count<Net>;
