#pragma once

#include <cstddef>
#include <span>

#include <tenon/random.hpp>

namespace tenon {

/// What `Augment<...>` is for a data set and its loader: shapes known at run time, and functions.
struct Augmentation {
  std::span<const size_t> input;   // shape of a sample as stored
  std::span<const size_t> output;  // and as the network is given it
  size_t scratch = 0;              // numbers of scratch that a call needs
  double mixup = 0;                // Beta(mixup, mixup) mixes two samples; 0: none

  /// Changes one sample; a null stream leaves out all that is random, as evaluation does.
  void (*apply_float)(const float* from, float* to, float* scratch, Stream*) = nullptr;
  void (*apply_double)(const double* from, double* to, double* scratch, Stream*) = nullptr;

  void apply(const float* from, float* to, float* scratch_space, Stream* stream) const {
    apply_float(from, to, scratch_space, stream);
  }
  void apply(const double* from, double* to, double* scratch_space, Stream* stream) const {
    apply_double(from, to, scratch_space, stream);
  }
  constexpr size_t output_size() const {
    size_t size = 1;
    for (const size_t extent : output) size *= extent;
    return size;
  }
};

/// One thread less than the processor runs at a time, at least 1 and at most 4.
size_t default_workers() noexcept;

}  // namespace tenon
