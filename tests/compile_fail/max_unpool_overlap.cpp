// Where windows overlap, two of them may have the same largest number, and nobody could put both back.
// expect: layer<tenon::path<0>, tenon::MaxUnpool<tenon::MaxPool2D<3
// expect: takes<tenon::a_max_pool_whose_windows_lie_apart>, tenon::but_gets<tenon::Shape<1, 9, 9>>
#include <tenon/net/networks.hpp>

#include <tenon/layers/max_pool2d.hpp>
#include <tenon/layers/max_unpool.hpp>
#include <tenon/layers/tanh.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Input<1, 9, 9>, MaxUnpool<MaxPool2D<3, stride<2>>, Tanh>>;
#else
using Net = Sequential<Input<1, 9, 9>, MaxUnpool<MaxPool2D<3, stride<3>>, Tanh>>;
#endif

constexpr auto parameters = parameter_count<Net>;
