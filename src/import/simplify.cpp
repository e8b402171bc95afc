#include "simplify.hpp"

#include <array>

#include "passes/passes.hpp"

namespace tenon::importing {

void simplify(Graph& graph, const Simplify& options) {
  const bool batched = settle_inputs(graph, options);
  fold_constants(graph);
  {
    constexpr std::array<Rule, 14> rules{remove_idle,    modernize,      join_reshapes,   join_transposes, sink_transpose,
                                         lift_transpose, order_rows,     pad_windows,     pool_globally,   make_gemm,
                                         unroll_rows,    scale_channels, normalize_layer, name_function};
    Edit(graph).run(rules);
  }
  for (Value& output : graph.outputs) {
    if (const auto known = graph.values.find(output.name); known != graph.values.end()) output.dims = known->second.dims;
    if (const auto known = graph.constants.find(output.name); known != graph.constants.end()) output.dims = known->second.dims;
    output.axis_names.clear();
  }
  if (batched) check_samples(graph);
}

}  // namespace tenon::importing
