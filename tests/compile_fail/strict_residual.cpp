// With TENON_STRICT a Softmax that is added to a Residual's input is refused; nested at the end of a chain it is the
// network's last layer.
// expect: softmax_in_a_residual_sum<tenon::layer<tenon::path<
// expect: "block"}, 1>, tenon::Softmax
#define TENON_STRICT
#include <tenon/net/networks.hpp>

#include <tenon/layers/dense.hpp>
#include <tenon/layers/relu.hpp>
#include <tenon/layers/softmax.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Dense<64, 32>, Named<"block", Residual<Dense<32>, Softmax>>, Dense<10>, Softmax>;
#else
using Net = Sequential<Dense<64, 32>, Named<"block", Residual<Softmax, Dense<32>>>, Sequential<Dense<10>, Softmax>>;
#endif

constexpr auto parameters = parameter_count<Net>;
