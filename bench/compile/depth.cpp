// LAYERS dense layers, no two of one shape, forward and backward.
#include <tenon/tenon.hpp>

#include <utility>

using namespace tenon;

template <std::size_t... I>
auto tower(std::index_sequence<I...>) {
  return Sequential<Dense<16 + I, 17 + I>...>{};
}
using Net = decltype(tower(std::make_index_sequence<LAYERS>{}));
using Context = Model<Net>::context;

void forward(Context& context, const Memory<float>& memory, Rows<const float> x, Rows<float> y) {
  run_forward<bound_network<Net>>(context, memory, x, y, Training{});
}
void backward(Context& context, const Memory<float>& memory, Rows<const float> x, Rows<const float> y,
              Rows<const float> dy, Rows<float> dx) {
  run_backward<bound_network<Net>>(context, memory, x, y, dy, dx);
}
