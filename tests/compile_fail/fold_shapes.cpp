// Shapes that do not fit are one error where the network is folded.
// expect: shape_mismatch<tenon::layer<tenon::path<tenon::fixed_string<4>{"sum"}>, tenon::Add<> >
// expect: from_layer<tenon::path<tenon::fixed_string<6>{"right"}>, tenon::Dense<8> >
#include <tenon/model/fold.hpp>

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

void run(const Model<Net>& model, const float (&sample)[3], float (&output)[4]) {
  const auto fast = fold(model);
  fast.predict(sample, output);
}
