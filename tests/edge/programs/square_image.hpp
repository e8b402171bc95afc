#pragma once

#include <cstddef>

#include <tenon/kernels/convolution.hpp>

/// A convolution over a square image, as the programs that test kernels by themselves say it.
struct SquareImage {
  std::size_t channels, features, size, kernel, stride = 1, before = 1, groups = 1, dilation = 1;

  tenon::kernels::Convolution convolution() const {
    const tenon::kernels::ConvolutionAxis axis{.image = size,
                                               .map = (size + 2 * before - dilation * (kernel - 1) - 1) / stride + 1,
                                               .kernel = kernel,
                                               .stride = stride,
                                               .dilation = dilation,
                                               .before = before};
    return {.channels = channels, .features = features, .groups = groups, .y = axis, .x = axis};
  }
};
