#pragma once

#include "unit/zoo/zoo.hpp"

/// Every composition within every other. A block keeps the width of the vectors it is given; what it is made of is
/// written for any width, since a SplitAt or a TimeDistributed gives its parts fewer numbers.
namespace tenon::zoo {

struct Plain {
  template <std::size_t W>
  using of = Sequential<Dense<W>, Tanh>;
};
template <class I>
struct InSequential {
  template <std::size_t W>
  using of = Sequential<typename I::template of<W>, Tanh>;
};
template <class I>
struct InResidual {
  template <std::size_t W>
  using of = Residual<typename I::template of<W>>;
};
template <class I>
struct InAdd {
  template <std::size_t W>
  using of = Add<typename I::template of<W>, Dense<W>>;
};
template <class I>
struct InConcat {
  template <std::size_t W>
  using of = Sequential<Concat<typename I::template of<W>, Identity>, Dense<W>>;
};
template <class I>
struct InGate {
  template <std::size_t W>
  using of = Gate<typename I::template of<W>, Sigmoid>;
};
template <class I>
struct InSplitAt {
  template <std::size_t W>
  using of = SplitAt<W / 2, typename I::template of<W / 2>, typename I::template of<W - W / 2>>;
};
template <class I>
struct InRepeat {
  template <std::size_t W>
  using of = Repeat<2, typename I::template of<W>>;
};
template <class I>
struct InNamed {
  template <std::size_t W>
  using of = Sequential<Named<"label", typename I::template of<W>>>;
};
template <class I>
struct InMasked {
  template <std::size_t W>
  using of = Masked<0, typename I::template of<W>>;
};
template <class I>
struct InTimeDistributed {
  template <std::size_t W>
  using of = Sequential<Reshape<2, W / 2>, TimeDistributed<typename I::template of<W / 2>>, Flatten>;
};
template <class I>
struct InFreeze {
  template <std::size_t W>
  using of = Sequential<Dense<W>, Freeze<typename I::template of<W>>>;
};
template <class I>
struct InMaxUnpool {
  template <std::size_t W>
  using of = Sequential<Reshape<1, W / 2, 2>,
                        MaxUnpool<MaxPool2D<2>, Flatten, typename I::template of<W / 4>, Reshape<1, W / 4, 1>>,
                        Flatten>;
};

/// Outer of each, one after the other.
template <template <class> class Outer, class... Inner>
using Nested = Sequential<Input<8>, Dense<8>, Sequential<typename Outer<Inner>::template of<8>>..., Dense<3>>;

}  // namespace tenon::zoo
