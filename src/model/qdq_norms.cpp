#include <tenon/model/qdq_writer.hpp>

#include "qdq_axes.hpp"

namespace tenon::detail {

using qdq::size_of, qdq::whole;

namespace {

using Axes = QdqWriter::Axes;

/// Of an input's axes, or of a matrix of its rows, the ones from `first` on are normalised together.
struct NormalAxes {
  Axes all{};
  std::size_t first = 0;

  Axes together() const { return {all.begin() + static_cast<std::ptrdiff_t>(first), all.end()}; }
  std::int64_t from_end() const { return whole(first) - whole(all.size()); }
};
NormalAxes normal_axes(const Axes& axes, std::int64_t rows, std::int64_t width) {
  std::size_t first = axes.size();
  std::int64_t size = 1;
  while (first > 0 && size < width) size *= axes[--first];
  return size == width ? NormalAxes{axes, first} : NormalAxes{{rows, width}, 1};
}

}  // namespace

void QdqWriter::normalize(const QdqLayer& at, std::size_t k, const Axes& axes, bool by_channels) {
  const edge::QuantizedStep& s = step(k);
  const std::int64_t width = whole(s.norm.width()), rows = whole(s.norm.count / at.rows);
  OnnxLayer to = layer(at.path, {});
  std::vector<double> factors, summands;
  for (std::size_t o = 0; o < s.factors; ++o) {
    factors.push_back(static_cast<double>(q_.weight_scale[s.row + o]));
    summands.push_back(q_.bias[s.row + o] * 0x1p-16 * static_cast<double>(q_.scale[k + 1]));
  }
  const auto given = [&](const char* name, std::size_t place, const std::vector<double>& numbers, const Axes& own) {
    return file_.constant(parameter_name(at.path, place, numbers.size(), name), own, numbers, OnnxType::float32);
  };
  const auto constant = [&](const Axes& own, double number) {
    return to.numbers(own, std::vector<double>(size_of(own), number));
  };
  const bool plain_channels = axes.size() == 3 && axes[0] == rows && s.norm.centred && !s.scaled;
  if (!by_channels && !plain_channels) {
    const NormalAxes normal = normal_axes(axes, rows, width);
    const Axes own = normal.together();
    const std::string x = value(s.source, normal.all, at.rows),
                      weight = s.scaled ? given("weight", s.weight_source, factors, own) : constant(own, 1),
                      bias = s.pattern.has_bias ? given("bias", s.bias_source, summands, own) : "";
    std::string y;
    if (s.norm.centred) {
      y = to.node("LayerNormalization", {x, weight, bias}, {{"axis", normal.from_end()}, {"epsilon", s.epsilon}});
    } else {
      std::vector<std::int64_t> last;
      for (std::int64_t a = normal.from_end(); a < 0; ++a) last.push_back(a);
      const std::string squares = to.node("ReduceMean", {to.node("Mul", {x, x})}, {{"axes", last}, {"keepdims", 1}}),
                        root = to.node("Sqrt", {to.node("Add", {squares, to.number(s.epsilon)})});
      y = to.node("Div", {x, root});
      if (s.scaled) y = to.node("Mul", {y, weight});
      if (!bias.empty()) y = to.node("Add", {y, bias});
    }
    return give(at.path, k, y, normal.all, at.rows);
  }
  const std::vector<OnnxAttribute> epsilon{{"epsilon", s.epsilon}};
  if (axes[0] == rows) {  // a channel is a row
    const std::string weight = s.scaled ? given("weight", s.weight_source, factors, {rows}) : constant({rows}, 1),
                      bias = s.pattern.has_bias ? given("bias", s.bias_source, summands, {rows}) : constant({rows}, 0),
                      x = value(s.source, axes, at.rows);
    return give(at.path, k, to.node("InstanceNormalization", {x, weight, bias}, epsilon), axes, at.rows);
  }
  Axes of_channels(axes.size(), 1);
  of_channels[0] = axes[0];
  const std::string x = value(s.source, {rows, width}, at.rows);
  std::string y = to.node("InstanceNormalization", {x, constant({rows}, 1), constant({rows}, 0)}, epsilon);
  y = to.node("Mul", {to.reshape(y, axes), given("weight", s.weight_source, factors, of_channels)});
  if (s.pattern.has_bias) y = to.node("Add", {y, given("bias", s.bias_source, summands, of_channels)});
  give(at.path, k, y, axes, at.rows);
}

}  // namespace tenon::detail
