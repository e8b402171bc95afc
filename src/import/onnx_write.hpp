#pragma once

#include <string>

#include "graph.hpp"

namespace tenon::importing {

/// A graph as the bytes of a .onnx file of its opset; the reader makes the same graph of them. Constants are
/// initializers with raw data, whatever they were; the numbers of attributes are rounded to float, as the format has
/// them; operators of other domains than ONNX's are given version 1. An Error names what the format cannot say:
/// a number that is none of its tensor's type, a tensor with more or fewer numbers than its axes hold, constant texts.
std::string to_onnx(const Graph& graph);

}  // namespace tenon::importing
