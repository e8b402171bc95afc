// Shapes that do not fit are one error where only the weights of the network are constants.
// expect: shape_mismatch<tenon::layer<tenon::path<tenon::fixed_string<4>{"sum"}>, tenon::Add<> >
// expect: from_layer<tenon::path<tenon::fixed_string<6>{"right"}>, tenon::Dense<8> >
#include <tenon/edge/frozen.hpp>
#include <tenon/layers/dense.hpp>
#include <tenon/net/networks.hpp>

using namespace tenon;

#ifdef TENON_WRONG
constexpr std::size_t width = 8;
#else
constexpr std::size_t width = 4;
#endif
using Net = Graph<In<"x", 3>, Node<"left", Dense<4>, "x">, Node<"right", Dense<width>, "x">,
                  Node<"sum", Add<>, "left", "right">, Out<"sum">>;

constexpr Weights<Net> weights{};

void run(const float (&sample)[3], float (&output)[4]) {
  Frozen<Net, weights> net;
  net(sample, output);
}
