#pragma once

#include <optional>

#include "../edit.hpp"

namespace tenon::importing {

/// A node that reads Transposes, and what it is on what these read: it gives the same, but for a Transpose with `perm`.
struct Carried {
  Node node;
  Dims perm;
};

/// The node with the Transposes in front of it taken away, all of which have this perm. None where there is no such
/// node. With `x` the first input is taken to be a Transpose of x, whatever it is.
std::optional<Carried> carry(Edit& edit, Node& place, const Node& node, const Dims& perm, const std::string& x = {});

}  // namespace tenon::importing
