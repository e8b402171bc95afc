#pragma once

#include <map>
#include <string>

#include "graph.hpp"

namespace tenon::importing {

/// What the caller says about axes that the file leaves open: whole shapes by the name of the input ("input" =
/// 1,3,224,224). A free first axis that no one says anything of is the batch, and becomes 1.
struct Simplify {
  std::map<std::string, Dims> shapes{};
};

/// Brings a graph into the form of which types are written: every axis has a size and is in `values`, what does not
/// depend on the inputs is a constant, what training alone needs is gone (Dropout, Identity), pieces are put together
/// to the operator they stand for (BatchNormalization, LayerNormalization, Gelu, HardSwish, Gemm, ...), and no
/// Transpose is left that another undoes. Each rewrite gives the same numbers as before, which `interpret` tells.
/// An Error asks for the free axes by name and for the inputs they belong to.
void simplify(Graph& graph, const Simplify& options = {});

}  // namespace tenon::importing
