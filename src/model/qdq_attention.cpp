#include <tenon/model/qdq_writer.hpp>

#include <cmath>

#include "qdq_axes.hpp"

namespace tenon::detail {

using qdq::size_of, qdq::whole;

void QdqWriter::attend(const QdqLayer& at, std::size_t k) {
  const edge::QuantizedStep& s = step(k);
  const kernels::AttentionSizes& a = s.attention;
  const std::int64_t queries = whole(a.queries), keys = whole(a.keys), width = whole(a.width);
  OnnxLayer to = layer(at.path, {});
  const std::int64_t heads = whole(a.heads), depth = whole(a.depth());
  const auto by_heads = [&](std::size_t tensor, std::int64_t steps, bool rotated) {
    std::string x = to.node("Transpose", {value(tensor, {steps, heads, depth})}, {{"perm", {0, 2, 1, 3}}});
    if (!rotated || s.rope == 0) return x;
    // each pair rotated by its step's angle (kernels/int8_attention.hpp)
    std::vector<double> cosines, sines;
    Axes partner;
    for (std::int64_t j = 0; j < depth; ++j) partner.push_back(j % 2 == 0 ? j + 1 : j - 1);
    for (std::int64_t t = 0; t < steps; ++t)
      for (std::int64_t j = 0; j < depth; ++j) {
        const std::int64_t first = j - j % 2;  // of the pair
        const double angle = static_cast<double>(t) *
                             std::pow(s.rope, -static_cast<double>(first) / static_cast<double>(depth));
        cosines.push_back(std::cos(angle));
        sines.push_back(j % 2 == 0 ? -std::sin(angle) : std::sin(angle));
      }
    const Axes turns{steps, depth};
    const std::string other = to.node("Gather", {x, to.integers(partner)}, {{"axis", 3}});
    return to.node(
        "Add", {to.node("Mul", {x, to.numbers(turns, cosines)}), to.node("Mul", {other, to.numbers(turns, sines)})});
  };
  const std::string q = by_heads(s.source, queries, true),
                    key = to.node("Transpose", {by_heads(s.other, keys, true)}, {{"perm", {0, 1, 3, 2}}}),
                    v = by_heads(s.third, keys, false);
  const std::string root = to.node("Sqrt", {to.number(static_cast<double>(depth))});
  std::string scores = to.node("Div", {to.node("MatMul", {q, key}), root});
  if (a.causal) {
    constexpr double later_score = -1e30;
    std::vector<double> later(a.queries * a.keys);
    for (std::size_t i = 0; i < later.size(); ++i) later[i] = i % a.keys > i / a.keys ? later_score : 0;
    scores = to.node("Add", {scores, to.numbers({queries, keys}, later)});
  }
  const std::string seen = to.node("MatMul", {to.node("Softmax", {scores}, {{"axis", -1}}), v});
  give(at.path, k, to.reshape(to.node("Transpose", {seen}, {{"perm", {0, 2, 1, 3}}}), {queries, width}),
       {queries, width});
}

void QdqWriter::put_behind_zeros(const QdqLayer& at, std::size_t k, const Axes& axes) {
  const edge::QuantizedStep& s = step(k);
  OnnxLayer to = layer(at.path, {});
  Axes own = axes;
  own[0] = whole(s.in) / (whole(size_of(axes)) / axes[0]);
  give(at.path, k, to.node("Pad", {value(s.source, own), to.integers({0, axes[0] - own[0], 0, 0, 0, 0})}), axes);
}

}  // namespace tenon::detail
