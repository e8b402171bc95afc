#include "quantized_reader.hpp"

/// Layers that look at the rows of a sequence or at groups of channels: normalisations and attention.
namespace tenon::importing {

using edge::QuantizedStep;
using edge::StepKind;

namespace {

/// `epsilon<0.001>`, or what the layer has by itself.
double epsilon_of(const LayerWords& words) {
  for (const std::string& argument : words.arguments)
    if (argument.starts_with("epsilon<")) return LayerWords(argument).numbers().at(0);
  return words.name == "RMSNorm" ? 1e-6 : 1e-5;
}

/// Rows [first, first + count) of numbers that lie in rows.
Array rows_of(const Array& all, std::size_t rows, std::size_t first, std::size_t count) {
  const std::size_t width = all.values.size() / rows;
  Array part{all.type, all.dims, {}};
  part.dims[0] = static_cast<std::int64_t>(count);
  const auto begin = all.values.begin() + static_cast<std::ptrdiff_t>(first * width);
  part.values.assign(begin, begin + static_cast<std::ptrdiff_t>(count * width));
  return part;
}

}  // namespace

/// As norm_numbers and GroupNormOf (edge/quantized_norm.hpp) say it of a type.
std::size_t QuantizedReader::read_norm(const Layer& layer, const LayerWords& words, std::size_t x, const Dims& takes) {
  const std::size_t size = size_of(takes), channels = at(takes, 0);
  edge::detail::NormNumbers n{.centred = words.name != "RMSNorm",
                              .scaled = numbers_of(layer, "weight") != nullptr,
                              .has_bias = numbers_of(layer, "bias") != nullptr,
                              .epsilon = epsilon_of(words)};
  n.per_channel = n.scaled && (words.name == "GroupNorm" || words.name == "InstanceNorm");
  if (words.name == "GroupNorm") n.width = size / static_cast<std::size_t>(words.numbers().at(0));
  else if (words.name == "InstanceNorm") n.width = size / channels;
  else n.width = takes.size() == 2 ? at(takes, 1) : size;
  n.factors = n.per_channel ? channels : n.scaled ? n.width : 1;
  const std::size_t y = reader().read_norm(x, n, {.kind = StepKind::norm}, 0, 0);
  if (y == 0) return refuse("{}: rows of {} numbers are not normalised in int8", layer.text, n.width), x;
  reading_.layers[y - 1] = &layer;
  return y;
}

/// Its projections are dense layers, whose scales stand beside the float layer's matrices.
std::size_t QuantizedReader::read_attention(const Layer& layer, const LayerWords& words, const Tensors& x,
                                            const std::vector<Dims>& shapes) {
  const std::size_t width = at(layer.gives, 1), memory = x.size() > 1 ? 1 : 0;
  const Array *in_scale = numbers_of(layer, in_scale_name), *out_scale = numbers_of(layer, out_scale_name),
              *in_bias_scale = numbers_of(layer, in_bias_scale_name),
              *out_bias_scale = numbers_of(layer, out_bias_scale_name), *rounding = numbers_of(layer, rounding_name);
  if (in_scale == nullptr || out_scale == nullptr || rounding == nullptr)
    return refuse("{}: its matrices, or queries, keys, values and what is seen of them, are not in int8", layer.text),
           x[0];
  const kernels::AttentionSizes sizes{.queries = at(shapes[0], 0),
                                      .keys = at(shapes[memory], 0),
                                      .width = width,
                                      .heads = static_cast<std::size_t>(words.numbers().at(0)),
                                      .causal = words.has("causal")};
  const std::size_t before = plan().count;
  const std::size_t y = reader().read_attention({x[0], x[memory]}, {}, sizes, {}, 0);
  std::size_t projection = 0;
  for (std::size_t k = before; k < plan().count; ++k) {
    const QuantizedStep& step = plan().steps[k];
    const std::size_t value = step.attends() ? 3 : projection;  // queries, keys, values, what is seen
    if (step.attends() || (step.multiplies() && projection < 3))
      reading_.scales[k + 1] = {static_cast<float>(rounding->values[2 * value]),
                                static_cast<int>(rounding->values[2 * value + 1])};
    if (!step.multiplies()) continue;
    const bool last = projection == 3;
    const auto rows = [&](const Array* all) {
      return last ? *all : rows_of(*all, 3 * width, projection * width, width);
    };
    Layer part{layer.text, layer.gives, {}};
    part.weights = {{"weight", rows(numbers_of(layer, last ? "out_proj.weight" : "in_proj_weight"))},
                    {"bias", rows(numbers_of(layer, last ? "out_proj.bias" : "in_proj_bias"))},
                    {scale_name, rows(last ? out_scale : in_scale)}};
    if (const Array* scales = last ? out_bias_scale : in_bias_scale)
      part.weights.emplace_back(bias_scale_name, rows(scales));
    reading_.layers[k] = &reading_.parts.emplace_back(std::move(part));
    ++projection;
  }
  return y;
}

}  // namespace tenon::importing
