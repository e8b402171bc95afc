// A network's layers as a Hana tuple.
#include <boost/hana.hpp>

#include <tenon/net/hana.hpp>
#include <tenon/net/masked.hpp>
#include <tenon/net/networks.hpp>
#include <tenon/net/split_at.hpp>

#include "support/test_layers.hpp"

using namespace tenon;
using namespace test_layers;
namespace hana = boost::hana;

using Net = Sequential<Input<3>, Named<"body", Sequential<Affine<4>, Square>>, Repeat<3, Residual<Affine<4>, HyperTan>>,
                       Add<Affine<2>, Named<"b", Affine<2>>>, Concat<Identity, Square>>;

static_assert(layer_types<Net> ==
              hana::tuple_t<Affine<4>, Square, Affine<4>, HyperTan, Affine<2>, Affine<2>, Identity, Square>);
static_assert(layer_types<Square> == hana::tuple_t<Square>);
static_assert(layer_types<Named<"a", Sequential<>>> == hana::make_tuple());

constexpr auto is_square = hana::equal.to(hana::type_c<Square>);
static_assert(count_layers<Net>(is_square) == 2);
static_assert(hana::size(hana::filter(layer_types<Net>, is_square)) == hana::size_c<2>);
static_assert(contains_layer<Net, HyperTan> && contains_layer<Net, Identity>);
static_assert(!contains_layer<Net, Flatten> && !contains_layer<Net, Affine<3>>);

// What the parameter table names is found, whatever it stands in.
using Wrapped = Sequential<Input<4>, Inline<Residual<Affine<4>>>, Gate<HyperTan>, Freeze<Sequential<Square>>,
                           SplitAt<1, Identity, Affine<3>>, Masked<0, Affine<2>>>;
static_assert(layer_types<Wrapped> == hana::tuple_t<Affine<4>, HyperTan, Square, Identity, Affine<3>, Affine<2>>);
