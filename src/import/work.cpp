#include "work.hpp"

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>

namespace tenon::importing {

namespace {

const Dims* dims_of(const Graph& graph, const std::string& value) {
  if (const auto constant = graph.constants.find(value); constant != graph.constants.end())
    return &constant->second.dims;
  if (const auto known = graph.values.find(value); known != graph.values.end() && known->second.dims)
    return &*known->second.dims;
  for (const Value& input : graph.inputs)
    if (input.name == value && input.dims) return &*input.dims;
  return nullptr;
}

double product(const std::vector<std::int64_t>& sizes, std::size_t from = 0) {
  double all = 1;
  for (std::size_t i = from; i < sizes.size(); ++i) all *= static_cast<double>(sizes[i]);
  return all;
}

/// Multiplications; 0 of operators that have no products or windows.
double products_of(const Graph& graph, const Node& node) {
  const auto dims = [&](std::size_t i) {
    const Dims* known = node.has_input(i) ? dims_of(graph, node.inputs[i]) : nullptr;
    return known != nullptr ? *known : Dims{};
  };
  const Dims in = dims(0), w = dims(1);
  const Dims* const out = dims_of(graph, node.outputs.at(0));
  if (in.empty() || out == nullptr) return 0;
  if (node.op == "Conv" || node.op == "DeformConv") return product(*out) * product(w, 1);
  if (node.op == "ConvTranspose") return product(in) * product(w, 1);
  if (node.op == "Gemm" || node.op == "MatMul")
    return product(*out) * static_cast<double>(node.integer("transA", 0) != 0 ? in[0] : in.back());
  if (node.op == "MaxPool" || node.op == "AveragePool" || node.op == "LpPool")
    return product(*out) * product(node.integers("kernel_shape"));
  if (node.op == "LRN") return product(*out) * static_cast<double>(node.integer("size", 1));
  if ((node.op == "LSTM" || node.op == "GRU" || node.op == "RNN") && in.size() > 1)
    return static_cast<double>(in[0]) * static_cast<double>(in[1]) * (product(w) + product(dims(2)));
  if (node.op == "MultiheadAttention" || node.op == "Attention") {
    const double width = static_cast<double>(in.back());
    return product(in) * (4 * width + 2 * product(in) / width);
  }
  return 0;
}

}  // namespace

double work_of(const Graph& simplified) {
  double all = 0;
  for (const Node& node : simplified.nodes) {
    all += products_of(simplified, node);
    for (const auto* names : {&node.inputs, &node.outputs})
      for (const std::string& name : *names)
        if (const Dims* dims = dims_of(simplified, name)) all += product(*dims);
  }
  return all;
}

std::string too_much_work(double work, const std::string& of, double most_work) {
  return fmt::format("what the network gives takes {:.1e} multiplications to compute for {}, and {:.0e} are the limit",
                     work, of, most_work);
}

}  // namespace tenon::importing
