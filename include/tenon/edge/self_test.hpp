#pragma once

#include <tenon/edge/frozen.hpp>

namespace tenon {

/// One sample with the output that the exporting host computed for it.
template <class Net>
struct SelfTest {
  float input[input_shape<Net>::size]{};
  float output[output_shape<Net>::size]{};
};

/// The largest difference between what a `Frozen` network gives and what it gave on the host, relative
/// to the expected number where that is above 1. Rounding alone stays below 1e-6 times the number of
/// layers; anything larger is a damaged flash or a miscompiled kernel.
///
///     if (self_test_error(net, digits::self_test) > 1e-5F) refuse_to_start();
template <class F>
constexpr float self_test_error(F& net, const SelfTest<typename F::network>& test) {
  float output[F::output::size]{};
  net(test.input, output);
  float worst = 0;
  for (size_t i = 0; i < F::output::size; ++i) {
    const float difference = output[i] < test.output[i] ? test.output[i] - output[i] : output[i] - test.output[i];
    const float size = test.output[i] < 0 ? -test.output[i] : test.output[i];
    const float error = size > 1 ? difference / size : difference;
    if (!(error <= worst)) worst = error;  // a NaN stays
  }
  return worst;
}

}  // namespace tenon
