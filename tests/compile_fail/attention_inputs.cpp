// A mask has one number for each step of the memory.
// expect: tenon::layer<tenon::path<tenon::fixed_string<2>{"y"}>, tenon::CrossAttention<2>>, tenon::takes<tenon::a_mask_of_as_many_numbers_as_steps>
// expect: tenon::but_gets<tenon::Inputs<tenon::Shape<3, 4>, tenon::Shape<5, 4>, tenon::Shape<3>>>
#include <tenon/net/networks.hpp>

#include <tenon/layers/cross_attention.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Graph<In<"x", 3, 4>, In<"read", 5, 4>, In<"mask", 3>, Node<"y", CrossAttention<2>, "x", "read", "mask">,
                  Out<"y">>;
#else
using Net = Graph<In<"x", 3, 4>, In<"read", 5, 4>, In<"mask", 5>, Node<"y", CrossAttention<2>, "x", "read", "mask">,
                  Out<"y">>;
#endif

constexpr auto parameters = parameter_count<Net>;
