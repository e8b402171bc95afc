#include "simplify.hpp"

#include <array>
#include <optional>
#include <span>

#include <tenon/error.hpp>

#include "passes/passes.hpp"

namespace tenon::importing {

namespace {

void rewrite(Graph& graph) {
  constexpr std::array<Rule, 15> rules{remove_idle,   modernize,       join_reshapes, join_transposes, sink_transpose,
                                       order_rows,    normalize_layer, name_groups,   name_function,   pad_windows,
                                       pool_globally, make_gemm,       unroll_rows,   scale_channels,  lift_transpose};
  {
    Edit edit(graph);
    edit.run(std::span(rules).first(rules.size() - 1));
    // Only what could not sink is lifted.
    edit.run(rules);
    // Attention is looked for when its pieces are in order.
    constexpr std::array<Rule, 1> attention{name_attention}, anywhere{name_attention_anywhere};
    edit.run(attention);
    edit.run(anywhere);
    edit.run(rules);
  }
  for (Value& output : graph.outputs) {
    if (const auto known = graph.values.find(output.name); known != graph.values.end())
      output.dims = known->second.dims;
    if (const auto known = graph.constants.find(output.name); known != graph.constants.end())
      output.dims = known->second.dims;
    output.axis_names.clear();
  }
}

/// Where something has been left out already, a rewrite may make nothing of the rest.
void rewrite_what_is_left(Graph& graph) {
  try {
    rewrite(graph);
  } catch (const Error&) {
    if (graph.refused.empty()) throw;
  }
}

}  // namespace

void simplify(Graph& graph, const Simplify& options) {
  const bool batched = settle_inputs(graph, options);
  fold_constants(graph, batched, options.refusals);
  std::optional<Graph> apart = batched ? with_steps_apart(graph) : std::nullopt;
  rewrite_what_is_left(graph);
  if (!batched) return;
  // Where each step goes through one matrix, that is a product along the last axis, and nothing was taken apart.
  try {
    return check_samples(graph);
  } catch (const Error&) {
    if (!apart && options.refusals == Refusals::thrown) throw;
  }
  if (apart) {
    graph = std::move(*apart);
    rewrite_what_is_left(graph);
  }
  options.refusals == Refusals::kept ? refuse_mixed_samples(graph) : check_samples(graph);
}

}  // namespace tenon::importing
