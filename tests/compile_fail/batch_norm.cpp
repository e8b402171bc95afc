// Batch normalisation of images wants images.
// expect: layer<tenon::path<1>, tenon::BatchNorm2D<>>
// expect: takes<tenon::images_of_channels_height_width>, tenon::but_gets<tenon::Shape<8>>, tenon::from_layer<tenon::path<0>, tenon::Dense<8
#include <tenon/net/networks.hpp>

#include <tenon/layers/batch_norm.hpp>
#include <tenon/layers/dense.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Input<5>, Dense<8>, BatchNorm2D<>>;
#else
using Net = Sequential<Input<5>, Dense<8>, BatchNorm1D<>>;
#endif

constexpr auto parameters = parameter_count<Net>;
