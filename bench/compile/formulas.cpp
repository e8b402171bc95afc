// FORMULAS different formula layers side by side, where they cannot fuse, forward and backward. Those
// that are HEAVY call functions.
#include <tenon/tenon.hpp>

#include <utility>

using namespace tenon;

constexpr auto formula(auto kind, double c) {
  constexpr int k = decltype(kind)::value % 8;
#ifdef HEAVY
  if constexpr (k == 0) return x * sigmoid(c * x);
  else if constexpr (k == 1) return x * tanh(softplus(x + c));
  else if constexpr (k == 2) return exp(-c * x * x);
  else if constexpr (k == 3) return log(c + abs(x));
  else if constexpr (k == 4) return tanh(x) * sigmoid(x - c);
  else if constexpr (k == 5) return 0.5 * x * (1 + erf(c * x));
  else if constexpr (k == 6) return sin(c * x) + x;
  else return exp(x - stop_gradient(max(x))) / sum(exp(x - stop_gradient(max(x)))) + c;
#else
  if constexpr (k == 0) return max(x, c * x);
  else if constexpr (k == 1) return x * x + c;
  else if constexpr (k == 2) return select(x > c, x, 0.25 * x);
  else if constexpr (k == 3) return x / (c + abs(x));
  else if constexpr (k == 4) return clamp(x, -c, c);
  else if constexpr (k == 5) return x * min(max(x + c, 0), 2 * c) / 6;
  else if constexpr (k == 6) return sqrt(x * x + c) - c;
  else return c * x - x * x * x;
#endif
}

template <std::size_t I>
using Formula = Map<formula(std::integral_constant<int, I>{}, 1.5 + I)>;
template <std::size_t... I>
auto side_by_side(std::index_sequence<I...>) {
  return Sequential<Input<32>, Concat<Formula<I>..., Identity>>{};
}
using Net = decltype(side_by_side(std::make_index_sequence<FORMULAS>{}));
using Context = Model<Net>::context;

void forward(Context& context, const Memory<float>& memory, Rows<const float> in, Rows<float> out) {
  run_forward<bound_network<Net>>(context, memory, in, out, Training{});
}
void backward(Context& context, const Memory<float>& memory, Rows<const float> in, Rows<const float> out,
              Rows<const float> dy, Rows<float> dx) {
  run_backward<bound_network<Net>>(context, memory, in, out, dy, dx);
}
