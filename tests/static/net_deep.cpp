// Depth: more layers than a fold of clang's may have elements, and no recursion per layer that
// would meet a compiler's limits.
#include <cstddef>
#include <utility>

#include <tenon/net/networks.hpp>

#include "support/test_layers.hpp"

using namespace tenon;
using namespace test_layers;

template <class Index>
struct tower;
template <std::size_t... I>
struct tower<std::index_sequence<I...>> {
  using type = Sequential<Affine<I + 1, I + 2>...>;
};
using Tower = tower<std::make_index_sequence<300>>::type;

static_assert(parameter_table<Tower>.size() == 600);
static_assert(parameter_index<Tower, "299.bias"> == 599);
static_assert(layer_table<Tower>.size() == 300);
static_assert(unit_table<Tower>.size() == 300);
static_assert(std::is_same_v<output_shape<Tower>, Shape<301>>);
static_assert(layer_count<without_last<Tower>> == 299);

using Stack = Repeat<1000, Affine<8, 8>>;
static_assert(parameter_count<Stack> == 72'000);
static_assert(parameter_table<Stack>[1999].name == "999.bias");

using Conditioned = Graph<In<"x">, In<"t">, Node<"a", Affine<4>, "x">, Node<"b", Affine<4>, "t">,
                          Node<"y", Add<>, "a", "b">, Out<"y">>;
using ConditionedOften = Graph<In<"x", 4>, In<"t", 3>, Node<"body", Repeat<300, Conditioned>, "x", "t">, Out<"body">>;
static_assert(parameter_table<ConditionedOften>.size() == 1200);
static_assert(parameter_table<ConditionedOften>[1199].name == "body.299.b.bias");
