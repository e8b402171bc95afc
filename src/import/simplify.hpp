#pragma once

#include <map>
#include <string>
#include <vector>

#include "graph.hpp"

namespace tenon::importing {

/// What the caller says about axes that the file leaves open: whole shapes by the name of the input ("input" =
/// 1,3,224,224). A free first axis that no one says anything of is the batch, and becomes 1.
struct Simplify {
  std::map<std::string, Dims> shapes{};
  Refusals refusals = Refusals::thrown;
};

/// Makes a constant of an input, with the numbers that the caller gives for it ("sr" = 16000), as of a rate of sampling
/// on which an If chooses. One axis that the file leaves open follows from how many they are; a free one besides is 1.
/// An Error where there is no such input, or where the numbers do not fit its axes or its type.
void set_input(Graph& graph, const std::string& name, const std::vector<double>& numbers);

/// Brings a graph into the form of which types are written: every axis has a size and is in `values`, what does not
/// depend on the inputs is a constant, what training alone needs is gone (Dropout, Identity), pieces are put together
/// to the operator they stand for (BatchNormalization, LayerNormalization, Gelu, HardSwish, Gemm, ...), and no
/// Transpose is left that another undoes. Each rewrite gives the same numbers as before, which `interpret` checks.
/// An Error asks for the free axes by name and for the inputs they belong to. Refusals that are kept: what cannot be
/// is left out, and all that follows from it, and the rest is brought as far as it goes.
void simplify(Graph& graph, const Simplify& options = {});

}  // namespace tenon::importing
