// Instructions of networks of MLPerf Tiny in int8: TENON_AD, the autoencoder that finds anomalies in 640 numbers;
// TENON_DS_CNN, the DS-CNN of keyword spotting, 1x49x10; TENON_RESNET, ResNet-8, which in int8 has a program of its
// own; else MobileNetV1 0.25 of visual wake words, 3x96x96. TENON_WEIGHTS says how their weights are kept, such as
// weight_bits<4>, and TENON_ACTIVATIONS how activations are, such as activation_bits<16>. The weights are seeded: they
// do not change what is counted.
#include "counted_run.hpp"
#include "seeded_numbers.hpp"

#include <tenon/edge/quantized.hpp>
#include <tenon/layers/conv2d.hpp>
#include <tenon/layers/dense.hpp>
#include <tenon/layers/flatten.hpp>
#include <tenon/layers/global_avg_pool.hpp>
#include <tenon/layers/relu.hpp>
#include <tenon/layers/zero_pad.hpp>
#include <tenon/net/networks.hpp>
#include <tenon/networks/store_activations.hpp>
#include <tenon/networks/store_weights.hpp>

namespace {

using namespace tenon;

#if defined(TENON_AD)
template <std::size_t Size>
using Layer = Sequential<Dense<Size>, ReLU>;
using Net = Sequential<Input<640>, Layer<128>, Layer<128>, Layer<128>, Layer<128>, Layer<8>, Layer<128>, Layer<128>,
                       Layer<128>, Layer<128>, Dense<640>>;
#elif defined(TENON_DS_CNN)
using Block = Sequential<Conv2D<64, 3, padding<1>, groups<64>>, ReLU, Conv2D<64, 1>, ReLU>;
using Net = Sequential<Input<1, 49, 10>, ZeroPad2D<1, 1, 4, 5>, Conv2D<64, kernel<10, 4>, stride<2>>, ReLU, Block,
                       Block, Block, Block, GlobalAvgPool, Dense<12>>;
#elif defined(TENON_RESNET)
template <std::size_t Channels>
using Block = Sequential<
    Add<Sequential<Conv2D<Channels, 3, stride<2>, padding<1>>, ReLU, Conv2D<Channels, 3, padding<1>>>,
        Conv2D<Channels, 1, stride<2>>>,
    ReLU>;
using Net = Sequential<Input<3, 32, 32>, Conv2D<16, 3, padding<1>>, ReLU,
                       Residual<Conv2D<16, 3, padding<1>>, ReLU, Conv2D<16, 3, padding<1>>>, ReLU, Block<32>, Block<64>,
                       GlobalAvgPool, Dense<10>>;
#else
// TensorFlow's `same` of an even image and a stride of 2 has its zeros behind the image.
template <std::size_t From, std::size_t To>
using Near = Sequential<Conv2D<From, 3, padding<1>, groups<From>>, ReLU, Conv2D<To, 1>, ReLU>;
template <std::size_t From, std::size_t To>
using Half = Sequential<ZeroPad2D<0, 1, 0, 1>, Conv2D<From, 3, stride<2>, groups<From>>, ReLU, Conv2D<To, 1>, ReLU>;
using Net = Sequential<Input<3, 96, 96>, ZeroPad2D<0, 1, 0, 1>, Conv2D<8, 3, stride<2>>, ReLU, Near<8, 16>,
                       Half<16, 32>, Near<32, 32>, Half<32, 64>, Near<64, 64>, Half<64, 128>, Near<128, 128>,
                       Near<128, 128>, Near<128, 128>, Near<128, 128>, Near<128, 128>, Half<128, 256>, Near<256, 256>,
                       GlobalAvgPool, Dense<2>>;
#endif

#if defined(TENON_WEIGHTS)
using Run = store_weights<Net, TENON_WEIGHTS>;
#elif defined(TENON_ACTIVATIONS)
using Run = StoreActivations<Net, TENON_ACTIVATIONS>;
#else
using Run = Net;
#endif
constexpr QuantizedNumbers<Run> numbers = bench::seeded_numbers<Run>();
#ifdef TENON_WRITE_EXPECTED  // on a host, by tests/edge: with tables that are made when it runs
edge::QuantizedTables<Run> tables;
Quantized<Run> net{tables};
void make_tables() { tables = edge::make_tables(numbers); }
#else
Quantized<Run, numbers> net;
void make_tables() {}
#endif

}  // namespace

int main() {
  make_tables();
  bench::counted_run(net, Quantized<Run>::macs);
}
