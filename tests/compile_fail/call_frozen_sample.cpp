// A frozen network takes as many numbers as its type says.
// expect: argument<tenon::fixed_string<7>{"Frozen"}, tenon::fixed_string<7>{"sample"}>, tenon::takes<std::span<const float, 4
#include <tenon/edge/frozen.hpp>
#include <tenon/layers/dense.hpp>
#include <tenon/net/networks.hpp>

#include <vector>

using namespace tenon;

using Net = Sequential<Input<4>, Dense<3>>;

#ifdef TENON_WRONG
float first(Frozen<Net>& net, const std::vector<float>& sample, std::vector<float>& y) {
  net(sample, y);
  return y[0];
}
#else
float first(Frozen<Net>& net, const std::vector<float>& sample, std::vector<float>& y) {
  net(std::span<const float, 4>(sample.data(), 4), std::span<float, 3>(y.data(), 3));
  return y[0];
}
#endif
