#include <algorithm>
#include <cmath>
#include <limits>

#include "call.hpp"

/// Attention and RotaryEmbedding of opset 23 and later, number by number.
namespace tenon::importing {

namespace {

/// Queries, keys or values: (batch, heads, steps, depth), or (batch, steps, heads * depth).
struct Heads {
  const Array* array;
  Index batch, heads, steps, depth;

  double at(Index b, Index h, Index t, Index d) const {
    return element(*array, array->dims.size() == 4 ? ((b * heads + h) * steps + t) * depth + d
                                                   : ((b * steps + t) * heads + h) * depth + d);
  }
};

Heads heads_of(const Call& call, std::size_t input, const char* key) {
  const Array& a = call.input(input);
  if (a.dims.size() == 4) return {&a, a.dims[0], a.dims[1], a.dims[2], a.dims[3]};
  call.require(a.dims.size() == 3, "input {} has {} axes, 3 or 4 are expected", input, a.dims.size());
  const Index heads = call.node.integer(key, 0);
  call.require(heads > 0 && a.dims[2] % heads == 0, "{} = {} does not divide {} features", key, heads, a.dims[2]);
  return {&a, a.dims[0], heads, a.dims[1], a.dims[2] / heads};
}

/// What was there before, and what is new behind it: (batch, heads, steps, depth).
Array joined(const Call& call, const Heads& fresh, const Array* past) {
  const Index before = past != nullptr ? past->dims.at(2) : 0, steps = before + fresh.steps;
  if (past != nullptr)
    call.require(past->dims == Dims{fresh.batch, fresh.heads, before, fresh.depth}, "what came before is {}, not {}",
                 axes_text(past->dims), axes_text({fresh.batch, fresh.heads, before, fresh.depth}));
  Array all = call.make(fresh.array->type, {fresh.batch, fresh.heads, steps, fresh.depth});
  for (Index i = 0; i < static_cast<Index>(all.values.size()); ++i) {
    const Index d = i % fresh.depth, t = i / fresh.depth % steps, plane = i / fresh.depth / steps;
    element(all, i) = t < before ? element(*past, (plane * before + t) * fresh.depth + d)
                                 : fresh.at(plane / fresh.heads, plane % fresh.heads, t - before, d);
  }
  return all;
}

/// What is added to the score of query i of head h and key j: a mask, and who comes later or is padding.
class Bias {
public:
  Bias(const Call& call, const Dims& scores, Index before)
      : mask_(call.optional(3)),
        lengths_(call.optional(6)),
        before_(before),
        queries_(scores[2]),
        keys_(scores[3]),
        causal_(call.node.integer("is_causal", 0) != 0) {
    if (lengths_ != nullptr)
      call.require(lengths_->dims == Dims{scores[0]} && before == 0, "{} lengths of keys for a batch of {}",
                   axes_text(lengths_->dims), scores[0]);
    if (mask_ == nullptr) return;
    call.require(!mask_->dims.empty() && mask_->dims.size() <= 4, "its mask has {} axes", mask_->dims.size());
    const Index last = mask_->dims.back();
    call.require(last == keys_ || (last < keys_ && last > 1), "its mask is for {} keys, there are {}", last, keys_);
    Dims fits = mask_->dims;
    fits.back() = keys_;
    call.require(broadcast(call, fits, scores) == scores, "its mask of {} does not spread over scores of {}",
                 axes_text(mask_->dims), axes_text(scores));
    strides_ = broadcast_strides(mask_->dims, mask_->dims);
    strides_.insert(strides_.begin(), 4 - strides_.size(), 0);
  }

  double at(Index b, Index h, Index i, Index j) const {
    constexpr double nothing = -std::numeric_limits<double>::infinity();
    const Index offset = lengths_ != nullptr ? static_cast<Index>(element(*lengths_, b)) - queries_ : before_;
    if (causal_ && j > i + offset) return nothing;
    if (lengths_ != nullptr && j >= offset + queries_) return nothing;
    if (mask_ == nullptr) return 0;
    if (j >= mask_->dims.back()) return nothing;
    const double given = element(*mask_, b * strides_[0] + h * strides_[1] + i * strides_[2] + j * strides_[3]);
    return mask_->type != Type::boolean ? given : given != 0 ? 0 : nothing;
  }

private:
  const Array *mask_, *lengths_;
  Index before_, queries_, keys_;
  bool causal_;
  Dims strides_;
};

/// In place; a row of which no key is seen becomes 0.
void softmax_row(std::vector<double>& row, bool seen) {
  const double most = *std::ranges::max_element(row);
  double sum = 0;
  for (double& v : row) sum += v = seen ? std::exp(v - most) : 0;
  if (seen)
    for (double& v : row) v /= sum;
}

/// softmax(softcap(scale q k^T) + bias) v of each head. Several heads of queries may share one of keys and values.
std::vector<Array> attention(const Call& call) {
  const Heads q = heads_of(call, 0, "q_num_heads"), k = heads_of(call, 1, "kv_num_heads"),
              v = heads_of(call, 2, "kv_num_heads");
  call.require(q.array->dims.size() == k.array->dims.size() && k.array->dims.size() == v.array->dims.size(),
               "queries, keys and values have {}, {} and {} axes", q.array->dims.size(), k.array->dims.size(),
               v.array->dims.size());
  call.require(q.batch == k.batch && k.batch == v.batch && k.heads == v.heads && k.steps == v.steps &&
                   q.depth == k.depth && k.heads > 0 && q.heads % k.heads == 0 && q.depth > 0 && k.steps > 0,
               "queries of {}, keys of {} and values of {} do not fit", axes_text(q.array->dims),
               axes_text(k.array->dims), axes_text(v.array->dims));
  const Array keys = joined(call, k, call.optional(4)), values = joined(call, v, call.optional(5));
  call.require(keys.dims[2] == values.dims[2], "{} keys and {} values", keys.dims[2], values.dims[2]);
  const Index all = keys.dims[2], mode = call.node.integer("qk_matmul_output_mode", 0);
  call.require(mode >= 0 && mode <= 3, "qk_matmul_output_mode = {}", mode);
  const double scale = call.node.number("scale", 1 / std::sqrt(static_cast<double>(q.depth))),
               cap = call.node.number("softcap", 0);
  const Bias bias(call, {q.batch, q.heads, q.steps, all}, all - k.steps);

  Array y = call.make(q.array->type, q.array->dims.size() == 4 ? Dims{q.batch, q.heads, q.steps, v.depth}
                                                               : Dims{q.batch, q.steps, q.heads * v.depth});
  Array shown = call.make(q.array->type, {q.batch, q.heads, q.steps, all});
  std::vector<double> row(static_cast<std::size_t>(all));
  for (Index b = 0; b < q.batch && !y.values.empty(); ++b)
    for (Index h = 0; h < q.heads; ++h)
      for (Index i = 0; i < q.steps; ++i) {
        const Index group = b * k.heads + h / (q.heads / k.heads), line = ((b * q.heads + h) * q.steps + i) * all;
        bool seen = false;
        for (Index j = 0; j < all; ++j) {
          double sum = 0;
          for (Index d = 0; d < q.depth; ++d) sum += q.at(b, h, i, d) * element(keys, (group * all + j) * q.depth + d);
          double& score = row[static_cast<std::size_t>(j)];
          score = sum * scale;
          if (mode == 0) element(shown, line + j) = score;
          if (cap > 0) score = cap * std::tanh(score / cap);
          if (mode == 1) element(shown, line + j) = score;
          const double added = bias.at(b, h, i, j);
          seen = seen || !(std::isinf(added) && added < 0);
          score += added;
          if (mode == 2) element(shown, line + j) = score;
        }
        softmax_row(row, seen);
        for (Index j = 0; j < all && mode == 3; ++j) element(shown, line + j) = row[static_cast<std::size_t>(j)];
        for (Index d = 0; d < v.depth; ++d) {
          double sum = 0;
          for (Index j = 0; j < all; ++j)
            sum += row[static_cast<std::size_t>(j)] * element(values, (group * all + j) * v.depth + d);
          element(y, q.array->dims.size() == 4 ? ((b * q.heads + h) * q.steps + i) * v.depth + d
                                               : ((b * q.steps + i) * q.heads + h) * v.depth + d) = sum;
        }
      }
  return {y, keys, values, shown};
}

/// Turns pairs of features by the angles of their place: (c x1 - s x2, s x1 + c x2). The pairs are neighbours, or one
/// of the first half and one of the second.
std::vector<Array> rotary_embedding(const Call& call) {
  const Heads x = heads_of(call, 0, "num_heads");
  const Array &cosines = call.input(1), &sines = call.input(2);
  const Array* places = call.optional(3);
  const Index named = call.node.integer("rotary_embedding_dim", 0), rotated = named > 0 ? named : x.depth;
  call.require(rotated % 2 == 0 && rotated <= x.depth, "turns {} of {} features", rotated, x.depth);
  const Index half = rotated / 2, places_known = cosines.dims.empty() ? 0 : cosines.dims[0];
  const Dims expected = places != nullptr ? Dims{places_known, half} : Dims{x.batch, x.steps, half};
  call.require(cosines.dims == expected && sines.dims == expected, "has cosines of {} and sines of {}, not {}",
               axes_text(cosines.dims), axes_text(sines.dims), axes_text(expected));
  if (places != nullptr)
    call.require(places->dims == Dims{x.batch, x.steps}, "has places of {}", axes_text(places->dims));
  const bool neighbours = call.node.integer("interleaved", 0) != 0;
  Array y = call.make(x.array->type, x.array->dims);
  for (Index n = 0; n < static_cast<Index>(y.values.size()); ++n) {
    const bool flat = x.array->dims.size() == 3;
    const Index d = n % x.depth, outer = n / x.depth, h = flat ? outer % x.heads : outer / x.steps % x.heads,
                t = flat ? outer / x.heads % x.steps : outer % x.steps, b = outer / x.heads / x.steps;
    if (d >= rotated) {
      element(y, n) = x.at(b, h, t, d);
      continue;
    }
    const Index pair = neighbours ? d / 2 : d % half;
    const bool second = neighbours ? d % 2 == 1 : d >= half;
    const Index other = neighbours ? (second ? d - 1 : d + 1) : (second ? d - half : d + half);
    Index row = b * x.steps + t;
    if (places != nullptr) {
      row = static_cast<Index>(element(*places, row));
      call.require(row >= 0 && row < places_known, "there is no place {} of {}", row, places_known);
    }
    const double c = element(cosines, row * half + pair), s = element(sines, row * half + pair);
    element(y, n) = second ? s * x.at(b, h, t, other) + c * x.at(b, h, t, d)
                           : c * x.at(b, h, t, d) - s * x.at(b, h, t, other);
  }
  return {y};
}

}  // namespace

Table attention_operators() { return {{"Attention", attention}, {"RotaryEmbedding", rotary_embedding}}; }

}  // namespace tenon::importing
