#include <numeric>

#include "writer.hpp"

namespace tenon::importing {

namespace {

/// Of each row the product, as one of values: the numbers at each place of the rows are one.
void product_of_rows(Writer& w, const std::string& from, const Dims& before, const Dims& order, std::int64_t rows,
                     std::int64_t length) {
  w.require(length <= 32, "multiplies {} numbers; Multiply takes at most 32", length);
  const auto bring = [&] {
    w.permute(order);
    w.reshape({rows, length});
  };
  if (length == 1) return bring(), w.reshape({rows});
  std::vector<std::string> reads;
  for (std::int64_t i = 0; i < length; ++i)
    reads.push_back(w.aside(from, before, [&] {
      bring();
      w.layer(fmt::format("Select<1, {}>", i), {rows});
    }));
  w.start(0, reads, {rows});
  w.layer("Multiply", {rows});
}

/// The axes that go stand last, as one; then a pool over whole channels takes them away.
void reduce(Writer& w, const char* pool) {
  auto named = w.integers(1, "axes");
  const Place& in = w.place(0);
  if ((!named || named->empty()) && w.node.integer("noop_with_empty_axes", 0) != 0) return;
  if ((!named || named->empty()) && in.batch == no_batch) {
    named = Dims(in.dims.size());
    std::iota(named->begin(), named->end(), 0);
    if (named->empty()) return;
  }
  w.require(named.has_value() && !named->empty(), "reduces all axes, the batch too");
  const Dims shape = w.shape();
  std::vector<bool> goes(shape.size(), false);
  std::size_t batch = in.batch;
  for (const std::int64_t a : *named) {
    const std::size_t axis = w.axis(a);
    goes[axis] = true;
    if (w.node.integer("keepdims", 1) == 0 && in.batch != no_batch && axis < in.batch) --batch;
  }
  w.batch_at(batch);
  Dims order, kept;
  for (const bool going : {false, true})
    for (std::size_t k = 0; k < shape.size(); ++k)
      if (goes[k] == going) order.push_back(static_cast<std::int64_t>(k));
  for (std::size_t k = 0; k < shape.size(); ++k)
    if (!goes[k]) kept.push_back(shape[k]);
  const std::int64_t rows = count_of(kept), length = count_of(shape) / rows;
  if (std::string_view(pool) == "Multiply") {
    product_of_rows(w, w.node.inputs[0], shape, order, rows, length);
  } else if (std::string_view(pool) == "GlobalAvgPool" && shape.size() == 2 && goes[0] && !goes[1]) {
    w.layer("MeanSteps", {rows});
  } else {
    w.permute(order);
    if (w.shape().size() < 2 || w.shape().size() > 3 || kept.size() != 1) w.reshape({rows, length});
    w.layer(pool, {rows});
  }
  w.reshape(kept);
}

/// A sum is a mean times how many they are.
void sum_up(Writer& w) {
  const std::int64_t before = count_of(w.shape());
  reduce(w, "GlobalAvgPool");
  const std::int64_t length = before / count_of(w.shape());
  if (length > 1) w.formula(fmt::format("x * {}", length));
}

void reduce_mean(Writer& w) { reduce(w, "GlobalAvgPool"); }
void reduce_product(Writer& w) { reduce(w, "Multiply"); }
void reduce_max(Writer& w) { reduce(w, "GlobalMaxPool"); }
void reduce_min(Writer& w) {
  w.formula("-x");
  reduce(w, "GlobalMaxPool");
  w.formula("-x");
}
void reduce_sum(Writer& w) { sum_up(w); }

/// A sum of what each number becomes first, and what becomes of the sum.
template <const char* Each, const char* Sum>
void reduce_sum_of(Writer& w) {
  if (*Each != '\0') w.formula(Each);
  sum_up(w);
  if (*Sum != '\0') w.formula(Sum);
}
constexpr char nothing[] = "", square[] = "x * x", root[] = "sqrt(x)", size[] = "abs(x)", logarithm[] = "log(x)";

}  // namespace

void add_reductions(LayerTable& table) {
  table.insert({{"ReduceMean", reduce_mean},
                {"ReduceMax", reduce_max},
                {"ReduceMin", reduce_min},
                {"ReduceSum", reduce_sum},
                {"ReduceProd", reduce_product},
                {"ReduceL1", reduce_sum_of<size, nothing>},
                {"ReduceL2", reduce_sum_of<square, root>},
                {"ReduceSumSquare", reduce_sum_of<square, nothing>},
                {"ReduceLogSum", reduce_sum_of<nothing, logarithm>}});
}

}  // namespace tenon::importing
