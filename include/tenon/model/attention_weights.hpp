#pragma once

#include <tenon/net/refuse.hpp>  // first: compilers print the path of includes that leads to an error

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

#include <tenon/model/arguments.hpp>
#include <tenon/model/model.hpp>
#include <tenon/net/summary.hpp>

namespace tenon {

/// What one attention looked at, for one sample: of each head, for each query, the share of each key.
struct AttentionMap {
  std::string_view layer{};  // "3.0.self_attn", as in the summary
  size_t heads = 0, queries = 0, keys = 0;
  std::vector<double> weights{};  // (heads, queries, keys)

  double operator()(size_t head, size_t query, size_t key) const {
    return weights[(head * queries + query) * keys + key];
  }
};

/// The weights of all attentions of a network for one sample, in the order of its layers:
///
///     const auto maps = attention_weights(model, sample);
///     write_heatmap("attention.svg", ...);
///
/// Throws an Error where the sample has another size.
template <class M>
std::vector<AttentionMap> attention_weights(const M& model, std::span<const typename M::scalar> sample) {
  using T = typename M::scalar;
  using Net = typename M::network;
  constexpr Layout layout = layout_of<bound_network<Net>>;
  if (sample.size() != M::input::size)
    throw Error("attention_weights: expected a sample of " + std::to_string(M::input::size) + " numbers, got " +
                std::to_string(sample.size()));
  Arena<T> scratch(layout.needs.inference.sample), fixed(layout.needs.inference.fixed), output(M::output::size);
  AttentionTrace<T> trace;
  typename M::context context;
  context.attention = &trace;
  const Memory<T> memory{.parameters = {.values = model.parameters().data(), .constants = model.buffers().data()},
                         .workspace = {.scratch = scratch.data(), .scratch_fixed = fixed.data()}};
  run_forward<bound_network<Net>>(context, memory, Rows<const T>{sample.data(), 1, sample.size()},
                                  Rows<T>{output.data(), 1, output.size()}, Evaluation{});
  std::vector<AttentionMap> maps;
  for (auto& seen : trace.seen)
    maps.push_back({unit_table<Net>[seen.unit].path,
                    seen.heads,
                    seen.queries,
                    seen.keys,
                    {seen.weights.begin(), seen.weights.end()}});
  return maps;
}
template <detail::IsModel M, class Sample>
  requires(!std::is_convertible_v<const Sample&, std::span<const typename M::scalar>>)
std::vector<AttentionMap> attention_weights(const M&, const Sample&) {
  detail::refuse_sample<"attention_weights", M, Sample>();
  return {};
}
template <detail::NoModel M, class Sample>
std::vector<AttentionMap> attention_weights(const M&, const Sample&) {
  detail::refuse_no_model<"attention_weights", M>();
  return {};
}

}  // namespace tenon
