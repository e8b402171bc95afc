#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

/// Weights of a loss as its loops want them.
namespace tenon::detail {

/// The weights in the precision of the loops; ones where there are none. Throws an Error unless there is
/// one for each of `width` outputs. What is returned holds until the thread's next call: memory is kept
/// from one batch to the next, because a training step allocates nothing.
template <class T>
std::span<const T> weights_for(std::span<const double> weights, std::size_t width, const char* name);

/// What a mean over class indices is divided by: a sample counts as much as its class, and
/// one that is ignored for nothing.
double total_weight(std::span<const std::int32_t> labels, std::span<const double> class_weight);

}  // namespace tenon::detail
