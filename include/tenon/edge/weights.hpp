#pragma once

#include <algorithm>
#include <cstddef>

#include <tenon/net/checked.hpp>

namespace tenon {

/// The numbers of a network as one constant, in the order and at the offsets of `parameter_table`:
/// trainable parameters, each padded to a multiple of `alignment` numbers, and running statistics
/// likewise. `export_header` writes such a constant.
template <class Net>
struct Weights {
private:
  using Bound = typename Checked<Net>::bound;  // nine lines less in clang's errors than workspace<Net>

public:
  static constexpr size_t parameter_space = layout_of<Bound>.trainable_size;
  static constexpr size_t buffer_space = layout_of<Bound>.buffer_size;

  float parameters[std::max<size_t>(parameter_space, 1)]{};
  float buffers[std::max<size_t>(buffer_space, 1)]{};
};

}  // namespace tenon
