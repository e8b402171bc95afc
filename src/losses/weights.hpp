#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <tenon/losses/batch_weight.hpp>

/// Weights of a loss as its loops want them.
namespace tenon::detail {

/// The weights in the precision of the loops; ones where there are none. Throws an Error unless there is
/// one for each of `width` outputs, or, where that will do, one for all. What is returned holds until the thread's next
/// call: memory is kept from one batch to the next, because a training step allocates nothing.
template <class T>
std::span<const T> weights_for(std::span<const double> weights, std::size_t width, const char* name,
                               bool one_for_all = false);

}  // namespace tenon::detail
