#include <numeric>

#include "writer.hpp"

namespace tenon::importing {

namespace {

/// The axes that go stand last, as one; then a pool over whole channels takes them away.
void reduce(Writer& w, const char* pool) {
  const auto named = w.integers(1, "axes");
  const Place& in = w.place(0);
  if ((!named || named->empty()) && w.node.integer("noop_with_empty_axes", 0) != 0) return;
  w.require(named.has_value() && !named->empty(), "reduces all axes, the batch too");
  const Dims shape = w.shape();
  std::vector<bool> goes(shape.size(), false);
  std::size_t batch = in.batch;
  for (const std::int64_t a : *named) {
    const std::size_t axis = w.axis(a);
    goes[axis] = true;
    if (w.node.integer("keepdims", 1) == 0 && axis < in.batch) --batch;
  }
  w.batch_at(batch);
  Dims order, kept;
  for (const bool going : {false, true})
    for (std::size_t k = 0; k < shape.size(); ++k)
      if (goes[k] == going) order.push_back(static_cast<std::int64_t>(k));
  for (std::size_t k = 0; k < shape.size(); ++k)
    if (!goes[k]) kept.push_back(shape[k]);
  const std::int64_t rows = count_of(kept), length = count_of(shape) / rows;
  if (std::string_view(pool) == "GlobalAvgPool" && shape.size() == 2 && goes[0] && !goes[1]) {
    w.layer("MeanSteps", {rows});
  } else {
    w.permute(order);
    if (w.shape().size() < 2 || w.shape().size() > 3 || kept.size() != 1) w.reshape({rows, length});
    w.layer(pool, {rows});
  }
  w.reshape(kept);
}

void reduce_mean(Writer& w) { reduce(w, "GlobalAvgPool"); }
void reduce_max(Writer& w) { reduce(w, "GlobalMaxPool"); }
void reduce_min(Writer& w) {
  w.formula("-x");
  reduce(w, "GlobalMaxPool");
  w.formula("-x");
}
void reduce_sum(Writer& w) {
  const std::int64_t before = count_of(w.shape());
  reduce(w, "GlobalAvgPool");
  const std::int64_t length = before / count_of(w.shape());
  if (length > 1) w.formula(fmt::format("x * {}", length));
}

}  // namespace

void add_reductions(LayerTable& table) {
  table.insert({{"ReduceMean", reduce_mean}, {"ReduceMax", reduce_max}, {"ReduceMin", reduce_min}, {"ReduceSum", reduce_sum}});
}

}  // namespace tenon::importing
