// A mask that is an input of its own has a number for each step.
// expect: shape_mismatch<tenon::layer<tenon::path<tenon::fixed_string<5>{"seen"}>, tenon::Masked<
// expect: tenon::takes<tenon::a_sequence_and_a_mask_of_its_steps>, tenon::but_gets<tenon::Inputs<tenon::Shape<5, 4>, tenon::Shape<4> >
#include <tenon/net/networks.hpp>
#include <tenon/networks/transformer.hpp>

#include <tenon/layers/mean_steps.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Graph<In<"x", 5, 4>, In<"padding", 4>,
#else
using Net = Graph<In<"x", 5, 4>, In<"padding", 5>,
#endif
                  Node<"seen", Masked<mask_input, MultiheadAttention<2>, MeanSteps>, "x", "padding">, Out<"seen">>;

constexpr auto parameters = parameter_count<Net>;
