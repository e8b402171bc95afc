#pragma once

#include <cstddef>

#include <tenon/layers/slice.hpp>

namespace tenon {

/// The steps of a sequence behind the first N: the name of `Slice<0, N>` in the first versions.
template <size_t N>
using DropSteps [[deprecated("write Slice<0, N> instead of DropSteps<N>")]] = Slice<0, static_cast<std::ptrdiff_t>(N)>;

}  // namespace tenon
