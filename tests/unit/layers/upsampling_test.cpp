#include <catch2/catch.hpp>

#include <cstddef>
#include <string_view>
#include <type_traits>

#include <tenon/layers/channel_dropout.hpp>
#include <tenon/layers/conv2d.hpp>
#include <tenon/layers/max_pool1d.hpp>
#include <tenon/layers/max_pool2d.hpp>
#include <tenon/layers/max_unpool.hpp>
#include <tenon/layers/tanh.hpp>
#include <tenon/layers/unpool.hpp>
#include <tenon/layers/upsample.hpp>
#include <tenon/layers/zero_pad.hpp>

#include "support/layer_check.hpp"

using namespace tenon;
using namespace tenon::test;

static_assert(std::is_same_v<output_shape<Alone<Upsample<2>, 3, 7, 5>>, Shape<3, 14, 10>>);
static_assert(std::is_same_v<output_shape<Alone<Upsample<2, bilinear>, 3, 7>>, Shape<3, 14>>);
static_assert(std::is_same_v<output_shape<Alone<ZeroPad2D<1, 0, 2, 3>, 2, 3, 4>>, Shape<2, 8, 5>>);
static_assert(std::is_same_v<output_shape<Alone<Unpool1D<4>, 2, 3>>, Shape<2, 12>>);

// Two levels, each with something to learn on either side of its pool.
using Inner = MaxUnpool<MaxPool2D<2>, Conv2D<3, 3, padding<same>>, Tanh>;
using Segmenter = Sequential<Input<1, 6, 8>, Conv2D<2, 3, padding<same>>,
                             MaxUnpool<MaxPool2D<2>, Conv2D<3, 1>, Inner, Conv2D<2, 1>>, Conv2D<1, 1>>;
static_assert(parameter_table<Segmenter>[2].name == std::string_view{"1.1.weight"});
static_assert(parameter_table<Segmenter>[4].name == std::string_view{"1.2.1.weight"});

TEST_CASE("what makes images larger gives what PyTorch gives") {
  const Golden golden{"upsampling"};
  const GoldenOptions sums{.floor = 0.1};
  check_golden<Alone<MaxUnpool<MaxPool2D<2>, Tanh>, 2, 6, 4>>(golden, "unpool");
  check_golden<Alone<MaxUnpool<MaxPool2D<2, stride<3>>, Tanh>, 2, 8, 7>>(golden, "unpool_odd");
  check_golden<Alone<MaxUnpool<MaxPool1D<3>>, 2, 10>>(golden, "unpool1d");
  check_golden<Alone<Unpool2D<3>, 2, 3, 4>>(golden, "middle");
  check_golden<Alone<Unpool2D<2, 5>, 2, 3, 2>>(golden, "middle_uneven");
  check_golden<Alone<Upsample<2, 3>, 2, 3, 4>>(golden, "nearest", sums);
  check_golden<Alone<Upsample<3>, 2, 5>>(golden, "nearest1d", sums);
  check_golden<Alone<Upsample<2, bilinear>, 2, 3, 20>>(golden, "bilinear", sums);
  check_golden<Alone<Upsample<3, 4, bilinear>, 2, 3, 1>>(golden, "bilinear_uneven", sums);
  check_golden<Alone<Upsample<4, bilinear>, 2, 5>>(golden, "linear", sums);
  check_golden<Alone<ZeroPad2D<2>, 2, 3, 4>>(golden, "pad");
  check_golden<Alone<ZeroPad2D<1, 0, 2, 3>, 2, 3, 4>>(golden, "pad_uneven");
  check_golden<Alone<ZeroPad1D<1, 2>, 2, 4>>(golden, "pad1d");
}

TEST_CASE("gradients through a pool and its unpool, and through dropped channels") {
  check_gradients<Segmenter>();
  check_gradients<Sequential<Input<3, 2, 3>, Dropout2D<0.4>, Upsample<2, bilinear>>>();
}

TEST_CASE("whole channels are dropped, and the others keep the mean") {
  constexpr std::size_t batch = 200, channels = 8, size = 6;
  NetworkRun<Alone<Dropout2D<0.25>, channels, 2, 3>, double> run{batch};
  for (std::size_t s = 0; s < batch; ++s)
    for (std::size_t i = 0; i < channels * size; ++i) run.x(s, i) = 1 + static_cast<double>(i);
  run.forward(Training{});
  std::size_t kept = 0;
  for (std::size_t s = 0; s < batch; ++s)
    for (std::size_t c = 0; c < channels; ++c) {
      const bool keeps = run.y(s, c * size) != 0;
      kept += keeps;
      for (std::size_t i = c * size; i < (c + 1) * size; ++i)
        REQUIRE(run.y(s, i) == (keeps ? run.x(s, i) * (1 / 0.75) : 0.0));
    }
  CHECK(kept > 1130);  // of 1600, 1200 expected, deviation 17
  CHECK(kept < 1270);
  run.forward(Evaluation{});
  CHECK(run.y.values() == run.x.values());
}
