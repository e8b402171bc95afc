// Shapes that do not fit are one error where the network is run step by step, too.
// expect: shape_mismatch<tenon::layer<tenon::path<tenon::fixed_string<4>{"sum"}>, tenon::Add<> >
// expect: from_layer<tenon::path<tenon::fixed_string<5>{"wide"}>, tenon::Dense<8> >
#include <tenon/edge/frozen_step.hpp>
#include <tenon/model/session.hpp>

#include <tenon/layers/dense.hpp>
#include <tenon/layers/gru.hpp>
#include <tenon/net/networks.hpp>

using namespace tenon;

#ifdef TENON_WRONG
constexpr std::size_t width = 8;
#else
constexpr std::size_t width = 4;
#endif
using Net = Graph<In<"sound", 50, 3>, Node<"seen", GRU<4>, "sound">, Node<"wide", Dense<width>, "sound">,
                  Node<"sum", Add<>, "seen", "wide">, Node<"y", Dense<2>>, Out<"y">>;

void run(const Model<Net>& model, const Weights<Net>& weights) {
  Session session{model, session::stepped};
  Frozen<Net>::Stepped steps{weights};
  const float sample[3]{};
  float output[2]{};
  session.step(sample, output);
  steps.step(sample, output);
}
