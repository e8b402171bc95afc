#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include <tenon/error.hpp>

#include "body.hpp"

namespace tenon::importing {

namespace {

constexpr double nothing = -std::numeric_limits<double>::infinity();
/// What a score becomes that a mask of the network's inputs takes away: were it infinite, a row of these would be NaN.
constexpr double least = -1e30;

const Dims heads_before_steps{0, 2, 1, 3};

/// (batch, heads, steps, depth) of (batch, steps, features).
std::string by_heads(Body& b, std::size_t input, std::int64_t heads) {
  if (b.dims(input).size() == 4) return b.input(input);
  const std::string cut = b.add("Reshape", {b.input(input), b.add(Dims{0, 0, heads, -1})});
  return b.add("Transpose", {cut}, {{"perm", heads_before_steps}});
}

/// Several heads of queries see the same keys: these are repeated.
std::string repeated(Body& b, const std::string& value, std::int64_t heads, std::int64_t times) {
  if (times == 1) return value;
  Dims which;
  for (std::int64_t h = 0; h < heads * times; ++h) which.push_back(h / times);
  return b.add("Gather", {value, b.add(which)}, {{"axis", std::int64_t{1}}});
}

/// Who is seen, as far as the file says it: what `is_causal`, lengths of keys and a constant mask leave, and what the
/// latter adds.
struct Seen {
  Array keep{Type::boolean, {1}, {1}}, added{Type::float32, {1}, {0}};
  bool all = true;

  bool at(std::size_t i) const { return keep.values[i] != 0; }
};

/// `scores` are (batch, heads, queries, keys); the arrays get as many of these as they need.
Seen known_masks(const Body& b, Dims scores, std::int64_t before) {
  const Array *mask = b.constant(3), *lengths = b.constant(6);
  const bool causal = b.node().integer("is_causal", 0) != 0;
  if (b.has(6) && lengths == nullptr)
    throw Error(describe(b.node()) + ": its lengths of keys depend on the network's inputs; only constant ones can be "
                                     "imported");
  Seen seen;
  if (mask == nullptr && lengths == nullptr && !causal) return seen;
  Dims own{1, 1, 1, 1};  // of the mask
  if (mask != nullptr) std::ranges::copy(mask->dims, own.end() - static_cast<std::ptrdiff_t>(mask->dims.size()));
  if (lengths == nullptr && own[0] == 1) scores[0] = 1;
  if (own[1] == 1) scores[1] = 1;
  const auto count = static_cast<std::size_t>(count_of(scores));
  seen.keep = {Type::boolean, scores, std::vector<double>(count, 1)};
  seen.added = {Type::float32, scores, std::vector<double>(count, 0)};
  for (std::size_t n = 0; n < count; ++n) {
    const auto index = static_cast<std::int64_t>(n);
    const std::int64_t j = index % scores[3], i = index / scores[3] % scores[2],
                       h = index / scores[3] / scores[2] % scores[1], s = index / scores[3] / scores[2] / scores[1];
    double& keep = seen.keep.values[n];
    const std::int64_t length = lengths != nullptr
                                    ? static_cast<std::int64_t>(lengths->values[static_cast<std::size_t>(s)])
                                    : before + scores[2];
    if ((causal && j > i + length - scores[2]) || (lengths != nullptr && j >= length)) keep = 0;
    if (mask != nullptr && j >= own[3]) keep = 0;
    if (mask != nullptr && keep != 0) {
      const auto of = [&](std::size_t axis, std::int64_t at) { return own[axis] == 1 ? 0 : at; };
      const std::int64_t place = ((of(0, s) * own[1] + of(1, h)) * own[2] + of(2, i)) * own[3] + of(3, j);
      const double given = mask->values[static_cast<std::size_t>(place)];
      if (mask->type == Type::boolean || given == nothing) keep = given != 0 && given != nothing ? 1 : 0;
      else seen.added.values[n] = given;
    }
    seen.all = seen.all && keep != 0;
  }
  return seen;
}

/// Which queries see anything, (..., 1); none where all do.
std::optional<Array> queries_that_see(const Seen& seen) {
  Array any{Type::boolean, seen.keep.dims, {}};
  const std::int64_t keys = std::exchange(any.dims.back(), 1);
  for (std::size_t n = 0; n < seen.keep.values.size(); n += static_cast<std::size_t>(keys)) {
    const auto first = seen.keep.values.begin() + static_cast<std::ptrdiff_t>(n);
    any.values.push_back(std::any_of(first, first + keys, [](double v) { return v != 0; }) ? 1 : 0);
  }
  if (std::ranges::find(any.values, 0) == any.values.end()) return std::nullopt;
  return any;
}

/// Scores with all that masks take away and add, and their softmax, in which rows are 0 that see nothing.
struct Weights {
  std::string masked, weights;
};

Weights weigh(Body& b, const std::string& scores, const Seen& seen) {
  const std::string zero = b.number(0);
  std::string masked = scores;
  if (std::ranges::any_of(seen.added.values, [](double v) { return v != 0; }))
    masked = b.add("Add", {masked, b.add(seen.added)});
  const bool given = b.has(3) && b.constant(3) == nullptr, chosen = given && b.type(3) == Type::boolean;
  const std::string keep = seen.all ? std::string() : b.add(seen.keep);
  if (!given) {
    if (!seen.all) masked = b.add("Where", {keep, masked, b.number(nothing)});
    std::string weights = b.add("Softmax", {masked}, {{"axis", std::int64_t{-1}}});
    if (const auto any = queries_that_see(seen); any && !seen.all)
      weights = b.add("Where", {b.add(*any), weights, zero});
    return {masked, weights};
  }
  // A mask that the network is given: what it takes away is taken away again behind the softmax, whatever else is left.
  const std::string& mask = b.input(3);
  const auto take_away = [&](const std::string& from, const std::string& instead) {
    std::string left = from;
    if (chosen) left = b.add("Where", {mask, left, instead});
    if (!seen.all) left = b.add("Where", {keep, left, instead});
    return left;
  };
  const std::string whole = chosen ? masked : b.add("Add", {masked, mask});
  const std::string low = b.number(least);
  const std::string finite = chosen ? masked : b.add("Add", {masked, b.add("Max", {mask, low})});
  std::string weights = b.add("Softmax", {take_away(finite, low)}, {{"axis", std::int64_t{-1}}});
  weights = take_away(weights, zero);
  if (!chosen) weights = b.add("Where", {b.add("Equal", {mask, b.number(nothing)}), zero, weights});
  return {b.gives(3) ? take_away(whole, b.number(nothing)) : std::string(), weights};
}

}  // namespace

/// softmax(softcap(scale q k^T) + masks) v of each head.
std::vector<Node> expand_attention(Graph& graph, const Node& node) {
  Body b(graph, node);
  const bool flat = b.dims(0).size() == 3;
  const std::int64_t heads = flat ? node.integer("q_num_heads", 0) : b.dims(0)[1],
                     shared = flat ? node.integer("kv_num_heads", 0) : b.dims(1)[1],
                     depth = flat ? b.dims(0)[2] / heads : b.dims(0)[3], queries = b.dims(0)[flat ? 1 : 2],
                     before = b.has(4) ? b.dims(4)[2] : 0, all = before + b.dims(1)[flat ? 1 : 2];
  if (b.has(3) && b.constant(3) == nullptr && b.dims(3).back() != all)
    throw Error(describe(node) + ": its mask is for fewer keys than there are; only a constant one can be imported");
  const std::string q = by_heads(b, 0, heads);
  std::string k = by_heads(b, 1, shared), v = by_heads(b, 2, shared);
  const Attributes along_steps{{"axis", std::int64_t{2}}};
  if (b.has(4)) k = b.add("Concat", {b.input(4), k}, along_steps);
  if (b.has(5)) v = b.add("Concat", {b.input(5), v}, along_steps);
  b.give(1, k);
  b.give(2, v);
  k = repeated(b, k, shared, heads / shared);
  v = repeated(b, v, shared, heads / shared);
  const std::string keys = b.add("Transpose", {k}, {{"perm", Dims{0, 1, 3, 2}}});
  const std::string scale = b.number(node.number("scale", 1 / std::sqrt(static_cast<double>(depth))));
  const std::string product = b.add("Mul", {b.add("MatMul", {q, keys}), scale});
  std::string scores = product;
  if (const double cap = node.number("softcap", 0); cap > 0)
    scores = b.add("Mul", {b.add("Tanh", {b.add("Div", {scores, b.number(cap)})}), b.number(cap)});
  const Weights w = weigh(b, scores, known_masks(b, {b.dims(0)[0], heads, queries, all}, before));
  const std::int64_t mode = node.integer("qk_matmul_output_mode", 0);
  b.give(3, mode == 0 ? product : mode == 1 ? scores : mode == 2 ? w.masked : w.weights);
  std::string y = b.add("MatMul", {w.weights, v});
  if (flat) y = b.add("Reshape", {b.add("Transpose", {y}, {{"perm", heads_before_steps}}), b.add(Dims{0, 0, -1})});
  b.give(0, y);
  return b.take();
}

namespace {

/// Of the last axis the places from `begin` to `end`, every `step`.
std::string part(Body& b, const std::string& from, std::int64_t begin, std::int64_t end, std::int64_t step = 1) {
  return b.add("Slice", {from, b.add(Dims{begin}), b.add(Dims{end}), b.add(Dims{-1}), b.add(Dims{step})});
}

}  // namespace

/// (c x1 - s x2, s x1 + c x2) of pairs of features; the pairs are neighbours, or one of the first half and one of the
/// second.
std::vector<Node> expand_rotary_embedding(Graph& graph, const Node& node) {
  Body b(graph, node);
  const bool flat = b.dims(0).size() == 3, neighbours = node.integer("interleaved", 0) != 0;
  const std::int64_t heads = flat ? node.integer("num_heads", 0) : b.dims(0)[1],
                     depth = flat ? b.dims(0)[2] / heads : b.dims(0)[3],
                     named = node.integer("rotary_embedding_dim", 0), rotated = named > 0 ? named : depth,
                     half = rotated / 2;
  const std::string x = flat ? b.add("Reshape", {b.input(0), b.add(Dims{0, 0, heads, -1})}) : b.input(0);
  const auto angles = [&](std::size_t input) {
    const std::string rows = b.has(3) ? b.add("Gather", {b.input(input), b.input(3)}, {{"axis", std::int64_t{0}}})
                                      : b.input(input);
    return b.add("Unsqueeze", {rows, b.add(Dims{flat ? 2 : 1})});
  };
  const std::string c = angles(1), s = angles(2);
  const std::string first = neighbours ? part(b, x, 0, rotated, 2) : part(b, x, 0, half),
                    second = neighbours ? part(b, x, 1, rotated, 2) : part(b, x, half, rotated);
  const std::string y1 = b.add("Sub", {b.add("Mul", {first, c}), b.add("Mul", {second, s})}),
                    y2 = b.add("Add", {b.add("Mul", {first, s}), b.add("Mul", {second, c})});
  const Attributes along_features{{"axis", std::int64_t{-1}}};
  std::string y = b.add("Concat", {y1, y2}, along_features);
  if (neighbours) {
    Dims which;
    for (std::int64_t pair = 0; pair < half; ++pair) which.insert(which.end(), {pair, half + pair});
    y = b.add("Gather", {y, b.add(which)}, along_features);
  }
  if (rotated < depth) y = b.add("Concat", {y, part(b, x, rotated, depth)}, along_features);
  if (flat) y = b.add("Reshape", {y, b.add(Dims{0, 0, -1})});
  b.give(0, y);
  return b.take();
}

}  // namespace tenon::importing
