#pragma once

#include <cstddef>
#include <cstdint>

/// Steps of int8 sequences that are padding.
namespace tenon::kernels {

/// y[t] = 1 where all bytes of step t are those of `padding`, whose two alternate (a token has two bytes, of an int8
/// both are the same), else 0. x: (count, step_bytes).
constexpr void mark_padding(const std::int8_t* x, size_t count, size_t step_bytes, const std::int8_t (&padding)[2],
                            std::int8_t* y) {
  for (size_t t = 0; t < count; ++t, x += step_bytes) {
    size_t i = 0;
    while (i < step_bytes && x[i] == padding[i % 2]) ++i;
    y[t] = i == step_bytes ? 1 : 0;
  }
}

/// The mean over the steps of x, (count, width), that are not padding (padding[t] = 0), rounded halves away from zero
/// as an average pool does. Where all are, it is the zero point.
constexpr void mean_of_steps(const std::int8_t* x, const std::int8_t* padding, size_t count, size_t width,
                             std::int8_t zero, std::int8_t* y) {
  std::int32_t steps = 0;
  for (size_t t = 0; t < count; ++t) steps += padding[t] == 0 ? 1 : 0;
  for (size_t j = 0; j < width; ++j) {
    std::int32_t sum = 0;
    for (size_t t = 0; t < count; ++t) sum += padding[t] == 0 ? x[t * width + j] : 0;
    y[j] = steps == 0 ? zero : static_cast<std::int8_t>((sum + (sum > 0 ? steps / 2 : -(steps / 2))) / steps);
  }
}

}  // namespace tenon::kernels
