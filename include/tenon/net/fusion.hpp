#pragma once

namespace tenon {

/// How two neighbours in a Sequential become one unit: `type` is the bound layer that does the work
/// of `Bound` followed by the layer description `Next`, or void where they stay apart. Specialised
/// where formulas live; nothing here knows which layers fuse.
template <class Bound, class Next>
struct fusion {
  using type = void;
};

}  // namespace tenon
