#pragma once

#include <cstddef>
#include <cstdint>

#include <tenon/kernels/int8_images.hpp>

/// Convolutions that are given one step of a signal a call. A state holds the last steps, as many as the kernel reaches
/// back, and the usual kernels run over them as over a signal of that length.
namespace tenon::edge::detail {

/// What the state of a window of `size` numbers takes: whether it has begun, the window, and three bytes that a
/// depthwise kernel may read behind it.
constexpr size_t window_bytes(size_t size) { return 4 + (size + 3) / 4 * 4 + 4; }

/// Puts a step of `channels` numbers behind those before, the oldest of which is forgotten, and gives the window. Steps
/// before the first are zeros.
constexpr const std::int8_t* next_window(std::int8_t* state, size_t channels, size_t size, std::int8_t zero,
                                         const std::int8_t* x) {
  std::int8_t* const window = state + 4;
  if (state[0] == 0) kernels::detail::fill_numbers(window, size, zero);
  state[0] = 1;
  const size_t kept = size - channels;
  for (size_t i = 0; i < kept; ++i) window[i] = window[i + channels];
  for (size_t i = 0; i < channels; ++i) window[kept + i] = x[i];
  return window;
}

}  // namespace tenon::edge::detail
