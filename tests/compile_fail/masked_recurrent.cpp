// Read from behind, a sequence begins with its padding: the layer has to look for it itself.
// expect: mixes_padding_in<tenon::layer<tenon::path<0, 1>, tenon::GRU<4,
// expect: "mask<0> among its options"
#include <tenon/net/networks.hpp>

#include <tenon/layers/dense.hpp>
#include <tenon/layers/embedding.hpp>
#include <tenon/layers/gru.hpp>
#include <tenon/layers/last.hpp>
#include <tenon/net/masked.hpp>

using namespace tenon;

template <auto... Option>
using Net = Sequential<Input<8>, Masked<0, Embedding<20, 4, padding_idx<0>>, GRU<4, bidirectional, Option...>, Last>,
                       Dense<2>>;

#ifdef TENON_WRONG
constexpr auto parameters = parameter_count<Net<>>;
#else
constexpr auto parameters = parameter_count<Net<mask<0>>>;
#endif
