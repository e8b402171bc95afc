#include <cstdint>
#include <vector>

#include "unit/train/callbacks/rig.hpp"

using namespace tenon;
using namespace tenon::test;

namespace {

struct Mine : Map<x * sigmoid(x)> {};
struct Renamed : Map<x * sigmoid(x)> {};
struct Other : Map<x * sigmoid(2 * x)> {};
template <class Activation>
struct Block : Residual<Dense<16>, Activation> {};
template <class Activation>
struct Wall : Residual<Dense<16>, Activation> {};
template <class B>
using Images = Sequential<Input<1, 12, 12>, Conv2D<4, 3, padding<same>>, BatchNorm2D<>, ReLU, MaxPool2D<2>,
                          Dropout<0.25>, Flatten, Dense<16>, B, Repeat<2, B>, Dense<10>, Softmax>;
using Words = Sequential<Input<6>, Embedding<20, 8>, Concat<MultiheadAttention<2, causal>, Dense<8, bias<false>>>,
                         LSTM<5>, GRU<4>, Last, LayerNorm<>, Dense<2>>;

template <class N>
std::uint64_t print_of() {
  return network_identity<N>().fingerprint;
}

}  // namespace

TEST_CASE("a network's fingerprint is made of what it does, not of what its types are called") {
  CHECK(print_of<Images<Block<Mine>>>() == print_of<Images<Wall<Renamed>>>());
  CHECK(print_of<Images<Block<Mine>>>() != print_of<Images<Block<Other>>>());
  // a layer, an option, a rate, a name, a composition, what is frozen, the input
  const std::vector<std::uint64_t> all{
      print_of<Sequential<Dense<4, 3>, ReLU>>(),
      print_of<Sequential<Dense<4, 3>, Tanh>>(),
      print_of<Sequential<Dense<4, 3>, LeakyReLU<0.1>>>(),
      print_of<Sequential<Dense<4, 3>, LeakyReLU<0.2>>>(),
      print_of<Sequential<Dense<4, 3>, Dropout<0.1>, ReLU>>(),
      print_of<Sequential<Dense<4, 3>, Dropout<0.2>, ReLU>>(),
      print_of<Sequential<Named<"first", Dense<4, 3>>, ReLU>>(),
      print_of<Sequential<Dense<4, 3>, Residual<ReLU>>>(),
      print_of<Sequential<Dense<4, 3>, Concat<ReLU, Tanh>>>(),
      print_of<Sequential<Dense<4, 3>, Concat<Tanh, ReLU>>>(),
      print_of<freeze<Sequential<Dense<4, 3>, ReLU>, "0">>(),
      print_of<Sequential<Dense<5, 3>, ReLU>>(),
      print_of<Sequential<Input<1, 4, 4>, Conv2D<2, 3>>>(),
      print_of<Sequential<Input<1, 4, 4>, Conv2D<2, 3, padding<same>>>>(),
      print_of<Sequential<Input<1, 4, 4>, MaxPool2D<2>>>(),
      print_of<Sequential<Input<1, 4, 4>, AvgPool2D<2>>>(),
      print_of<Sequential<Input<3>, Masked<0, Embedding<5, 2>>>>(),
      print_of<Sequential<Input<3>, Masked<1, Embedding<5, 2>>>>(),
  };
  for (std::size_t i = 0; i < all.size(); ++i)
    for (std::size_t j = 0; j < i; ++j) {
      CAPTURE(i, j);
      CHECK(all[i] != all[j]);
    }
  // The same numbers with every compiler. Where they change, checkpoints of before are of other networks, and the
  // format in src/train/archive.cpp has to become another.
  CHECK(print_of<Images<Block<Mine>>>() == 0x994f0e3dc0a13278U);
  CHECK(print_of<Words>() == 0x8df4d9ec5191ed07U);
}
