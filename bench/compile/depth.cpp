// LAYERS dense layers, no two of one shape, forward and backward; with GRAPH as the nodes of a graph.
#include <tenon/tenon.hpp>

#include <utility>

using namespace tenon;

#ifdef GRAPH
constexpr auto name(std::size_t i) {
  const auto digit = [i](std::size_t unit) { return static_cast<char>('0' + i / unit % 10); };
  return fixed_string<5>{{'n', digit(100), digit(10), digit(1), '\0'}};
}
template <std::size_t... I>
auto tower(std::index_sequence<I...>) {
  return Graph<In<"x", 16>, Node<name(I), Dense<16 + I, 17 + I>>..., Out<name(LAYERS - 1)>>{};
}
#else
template <std::size_t... I>
auto tower(std::index_sequence<I...>) {
  return Sequential<Dense<16 + I, 17 + I>...>{};
}
#endif
using Net = decltype(tower(std::make_index_sequence<LAYERS>{}));
using Context = Model<Net>::context;

void forward(Context& context, const Memory<float>& memory, Rows<const float> x, Rows<float> y) {
  run_forward<bound_network<Net>>(context, memory, x, y, Training{});
}
void backward(Context& context, const Memory<float>& memory, Rows<const float> x, Rows<const float> y,
              Rows<const float> dy, Rows<float> dx) {
  run_backward<bound_network<Net>>(context, memory, x, y, dy, dx);
}
