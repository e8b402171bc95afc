#pragma once

#include <cstddef>
#include <cstdint>

#include <tenon/net/layer.hpp>

namespace tenon {

/// What the arenas must hold for one bound layer or a whole composition of them, in numbers.
struct Layout {
  Needs needs{};
  size_t input_size = 0;
  size_t output_size = 0;
  size_t trainable_size = 0;     // arena numbers, each parameter `aligned`
  size_t buffer_size = 0;        // likewise, running statistics
  size_t parameter_entries = 0;  // parameters and buffers, those of repeats counted each
  size_t parameter_count = 0;    // numbers an optimizer changes, without padding
  std::uint32_t units = 0;       // how many passes over the data it makes
  bool tied = false;             // it works with the parameters of the first layer of its composition
  bool looks_at_batch = false;   // a layer in it looks at all samples of a batch
  bool keeps_apart = false;      // one has running statistics of those samples alone that it is given

  /// Has nothing to learn.
  constexpr bool fixed() const { return trainable_size == 0; }
};

namespace detail {

/// A bound layer that declares its own parameters is a leaf; compositions sum up their children.
template <class Bound>
concept Leaf = requires {
  Bound::parameters;
};

/// A bound layer that only gives the numbers of its input another shape, and costs nothing.
template <class Bound>
concept Passthrough = requires {
  requires Bound::passthrough;
};

template <class Specs>
constexpr Layout leaf_layout(const Specs& parameters, const Needs& needs, size_t input_size, size_t output_size,
                             bool passthrough) {
  Layout layout{.needs = needs,
                .input_size = input_size,
                .output_size = output_size,
                .parameter_entries = parameters.size(),
                .units = passthrough ? 0u : 1u};
  for (size_t i = 0; i < parameters.size(); ++i) {
    const size_t size = parameters[i].size();
    (parameters[i].trainable ? layout.trainable_size : layout.buffer_size) += aligned(size);
    if (parameters[i].trainable) layout.parameter_count += size;
  }
  return layout;
}

template <class Bound>
constexpr Layout make_layout() {
  if constexpr (Leaf<Bound>) {
    Layout layout = leaf_layout(Bound::parameters, Bound::needs, Bound::input::size, Bound::output::size,
                                Passthrough<Bound>);
    layout.tied = requires { requires Bound::tied; };
    if constexpr (requires { Bound::looks_at_batch; }) layout.looks_at_batch = Bound::looks_at_batch;
    else layout.keeps_apart = layout.buffer_size > 0;
    return layout;
  } else {
    return Bound::layout;
  }
}

}  // namespace detail

/// The layout of a bound layer.
template <class Bound>
inline constexpr Layout layout_of = detail::make_layout<Bound>();

}  // namespace tenon
