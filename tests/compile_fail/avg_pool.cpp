// A mean of a signal wants a window that fits into it, too.
// expect: layer<tenon::path<0>, tenon::AvgPool1D<9
// expect: takes<tenon::kernel_within<tenon::kernel_of<9>, tenon::padded_input<8>>>, tenon::but_gets<tenon::Shape<2, 6>>
#include <tenon/net/networks.hpp>

#include <tenon/layers/avg_pool1d.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Input<2, 6>, AvgPool1D<9, padding<1>>>;
#else
using Net = Sequential<Input<2, 6>, AvgPool1D<8, padding<1>>>;
#endif

constexpr auto parameters = parameter_count<Net>;
