// The parts of a Split are as long as the axis together.
// expect: tenon::shape_mismatch<tenon::layer<tenon::path<tenon::fixed_string<6>{"parts"}>, tenon::Split<0, 2, 3>
// expect: tenon::takes<tenon::shapes_whose_axis<0, tenon::has_exactly<5>
// expect: tenon::but_gets<tenon::Shape<6, 4>
#include <tenon/net/networks.hpp>

#include <tenon/layers/multiply.hpp>
#include <tenon/layers/split.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Graph<In<"x", 6, 4>, Node<"parts", Split<0, 2, 3>>, Node<"y", Multiply, "parts.0", "parts.1">, Out<"y">>;
#else
using Net = Graph<In<"x", 6, 4>, Node<"parts", Split<0, 3, 3>>, Node<"y", Multiply, "parts.0", "parts.1">, Out<"y">>;
#endif

constexpr auto size = output_shape<Net>::size;
