#include <cstdint>
#include <tuple>

#include <tenon/layers/recurrent/code.hpp>

#include "quantized_reader.hpp"

namespace tenon::importing {

using edge::QuantizedStep;
using edge::StepKind;
using edge::StepPattern;
using edge::TensorOrder;

namespace {

/// An axis of windows: the first of one or two is the height.
std::size_t of_axis(const std::vector<std::size_t>& values, std::size_t axis, std::size_t otherwise) {
  if (values.empty()) return otherwise;
  return values.size() == 1 ? values[0] : values[axis];
}

kernels::ConvolutionAxis axis(const LayerWords& words, std::size_t axes, std::size_t a, const Dims& takes,
                              const Dims& gives, bool pool) {
  const std::vector<std::size_t> given = words.option("kernel");
  const std::size_t own = axes == 1 ? 0 : a - 1;
  kernels::ConvolutionAxis axis{.image = at(takes, a), .map = at(gives, a)};
  axis.kernel = given.empty() ? static_cast<std::size_t>(words.numbers().at(pool ? 0 : 1)) : of_axis(given, own, 1);
  axis.stride = of_axis(words.option("stride"), own, pool ? axis.kernel : 1);
  axis.dilation = of_axis(words.option("dilation"), own, 1);
  axis.before = of_axis(words.option("padding"), own, 0);
  return axis;
}

bool has_bias(const Layer& layer) {
  return std::ranges::any_of(layer.weights, [](const auto& w) { return w.first == "bias"; });
}

}  // namespace

const Array* numbers_of(const Layer& layer, std::string_view name) {
  for (const auto& [own, array] : layer.weights)
    if (own == name) return &array;
  return nullptr;
}

std::size_t QuantizedReader::read_convolution(const Layer& layer, const LayerWords& words, std::size_t x,
                                              const Dims& takes) {
  const std::size_t axes = takes.size() - 1;
  kernels::Convolution c{.channels = at(takes, 0),
                         .features = at(layer.gives, 0),
                         .groups = of_axis(words.option("groups"), 0, 1),
                         .x = axis(words, axes, axes, takes, layer.gives, false)};
  if (axes == 2) c.y = axis(words, axes, 1, takes, layer.gives, false);
  x = reader().ordered(x, {c.channels, c.y.image * c.x.image});
  x = reader().without_border(x, c);
  QuantizedStep step;
  step.pattern.has_bias = has_bias(layer);
  x = reader().add_convolution(x, kernels::arranged(c), step);
  reading_.layers[plan().count - 1] = &layer;
  return x;
}

/// As PlanReader::read_convolution: zeros between the numbers, then the kernel backwards over them.
std::size_t QuantizedReader::read_transposed(const Layer& layer, const LayerWords& words, std::size_t x,
                                             const Dims& takes) {
  const std::size_t axes = takes.size() - 1;
  const auto along = [&](std::size_t a) {
    const std::vector<std::size_t> given = words.option("kernel");
    const std::size_t own = axes == 1 ? 0 : a - 1,
                      kernel = given.empty() ? static_cast<std::size_t>(words.numbers().at(1)) : of_axis(given, own, 1),
                      stride = of_axis(words.option("stride"), own, 1),
                      reach = (kernel - 1) * of_axis(words.option("dilation"), own, 1);
    return std::tuple{kernels::PlacedAxis{at(takes, a), (at(takes, a) - 1) * stride + 1, 0, stride},
                      kernels::ConvolutionAxis{.image = (at(takes, a) - 1) * stride + 1,
                                               .map = at(layer.gives, a),
                                               .kernel = kernel,
                                               .dilation = of_axis(words.option("dilation"), own, 1),
                                               .before = reach - of_axis(words.option("padding"), own, 0)},
                      reach >= of_axis(words.option("padding"), own, 0)};
  };
  kernels::Convolution c{
      .channels = at(takes, 0), .features = at(layer.gives, 0), .groups = of_axis(words.option("groups"), 0, 1)};
  kernels::Placing apart{c.channels, {}, {}};
  bool fits = true, fits_down = true;
  std::tie(apart.x, c.x, fits) = along(axes);
  if (axes == 2) std::tie(apart.y, c.y, fits_down) = along(1);
  if (!fits || !fits_down) return refuse("{}: cuts off more than its kernel reaches", layer.text), x;
  x = reader().ordered(x, {c.channels, size_of(takes) / c.channels});
  if (apart.y.step * apart.x.step > 1) x = reader().read_placing(x, apart);
  QuantizedStep step{.transposed = true};
  step.pattern.has_bias = has_bias(layer);
  x = reader().add_convolution(x, c, step);
  reading_.layers[plan().count - 1] = &layer;
  return x;
}

/// As PlanReader::read_affine: channels in the order of images. A function behind it is part of the layer.
std::size_t QuantizedReader::read_affine(const Layer& layer, std::size_t x, const Dims& takes) {
  const std::size_t channels = at(takes, 0), pixels = size_of(takes) / channels;
  const TensorOrder order(channels, pixels);
  x = reader().ordered(x, order);
  QuantizedStep step{.pattern = {.kind = StepKind::depthwise, .has_bias = has_bias(layer)},
                     .in = plan().sizes[x],
                     .out = plan().sizes[x],
                     .source = x,
                     .affine = true};
  step.image = {.channels = channels, .features = channels, .groups = channels, .x = {.image = pixels, .map = pixels}};
  affine_ = reader().add(step, order);
  reading_.layers[plan().count - 1] = &layer;
  return affine_;
}

std::size_t QuantizedReader::read_upsampling(const LayerWords& words, std::size_t x, const Dims& takes) {
  const std::vector<double> factors = words.numbers();
  const auto factor = [&](std::size_t a) { return static_cast<std::size_t>(factors[factors.size() == 1 ? 0 : a]); };
  kernels::Upsampling u{.channels = at(takes, 0), .width = at(takes, takes.size() - 1)};
  u.linear = words.has("bilinear");
  u.factor_x = factor(takes.size() - 2);
  if (takes.size() == 3) u.height = at(takes, 1), u.factor_y = factor(0);
  for (const std::size_t f : {u.factor_y, u.factor_x})
    if (u.linear && exact_ && (f & (f - 1)) != 0)
      return refuse("RESIZE_BILINEAR by {}: LiteRT has 10 bits for places, which is exact for powers of two", f), x;
  return reader().read_upsampling(x, u);
}

/// Neighbours of an axis, or one of its places.
std::size_t QuantizedReader::read_slice(const LayerWords& words, std::size_t x, const Dims& takes) {
  const std::vector<double> given = words.numbers();
  const auto axis = static_cast<std::size_t>(given.at(0)), begin = static_cast<std::size_t>(given.at(1));
  const std::size_t length = at(takes, axis), end = words.name == "Select" ? begin + 1
                                                    : given.size() > 2     ? static_cast<std::size_t>(given[2])
                                                                           : length;
  edge::detail::Pieces<1> p;
  for (std::size_t k = 0; k < takes.size(); ++k) (k < axis ? p.outer : p.inner) *= k == axis ? 1 : at(takes, k);
  p.length = length * p.inner;
  p.taken = (end - begin) * p.inner;
  p.place[0] = begin * p.inner;
  p.inner = 1;
  return reader().read_pieces(x, p);
}

std::size_t QuantizedReader::read_dense(const Layer& layer, const LayerWords& words, std::size_t x, const Dims& takes) {
  const std::size_t in = at(takes, takes.size() - 1), out = at(layer.gives, layer.gives.size() - 1);
  StepPattern pattern{.kind = StepKind::dense, .has_bias = has_bias(layer)};
  pattern.weights.per_tensor = words.has("per_tensor<true>");
  x = reader().read_dense(x, pattern, in, out, size_of(takes) / in, 0, 0, 0);
  reading_.layers[plan().count - 1] = &layer;
  return x;
}

/// One layer in one direction, as TFLite has them.
std::size_t QuantizedReader::read_lstm(const Layer& layer, const LayerWords& words, std::size_t x, const Dims& takes) {
  tenon::detail::RecurrentPlan p{.steps = at(takes, 0), .features = at(takes, 1), .gates = 4};
  p.hidden = static_cast<std::size_t>(words.numbers().at(0));
  p.last_only = words.has("last");
  if (words.has("diagonal_peepholes")) p.feature_parameters = 3;
  for (const std::string& argument : words.arguments)
    if (argument.starts_with("cell_clip<"))
      p.cell_clip = static_cast<double>(static_cast<float>(LayerWords(argument).numbers().at(0)));
  x = reader().read_recurrent(x, kernels::Int8Cell::lstm_litert, p, 0);
  reading_.layers[plan().count - 1] = &layer;
  return x;
}

std::size_t QuantizedReader::read_pool(const Layer& layer, const LayerWords& words, std::size_t x, const Dims& takes) {
  const std::size_t axes = takes.size() - 1;
  kernels::Averaging pool;
  pool.windows.channels = at(takes, 0);
  pool.windows.x = axis(words, axes, axes, takes, layer.gives, true);
  if (axes == 2) pool.windows.y = axis(words, axes, 1, takes, layer.gives, true);
  pool.counts_padding = !words.has("count_include_pad<false>");
  const bool mean = words.name.starts_with("Avg");
  return reader().read_pool(x, 0, mean ? StepKind::average_pool : StepKind::max_pool, pool);
}

std::size_t QuantizedReader::read_border(const LayerWords& words, std::size_t x, const Dims& takes, const Dims& gives) {
  const std::vector<double> given = words.numbers();
  const auto before = [&](std::size_t axis_from_end) {
    return static_cast<std::size_t>(given.size() == 1 ? given[0] : given[2 * axis_from_end]);
  };
  const std::size_t last = takes.size() - 1;
  kernels::Placing p;
  p.channels = at(takes, 0);
  p.x = {.small = at(takes, last), .large = at(gives, last), .before = before(0)};
  if (takes.size() == 3) p.y = {.small = at(takes, 1), .large = at(gives, 1), .before = before(1)};
  return reader().read_placing(x, p);
}

std::size_t QuantizedReader::read_permute(const LayerWords& words, std::size_t x, const Dims& takes) {
  std::array<std::size_t, 4> dims{}, axes{};
  const std::vector<double> order = words.numbers();
  std::size_t largest = 0;
  bool stays = true;  // axes of 1 may stand anywhere
  for (std::size_t k = 0; k < takes.size(); ++k) {
    dims[k] = at(takes, k);
    axes[k] = static_cast<std::size_t>(order[k]);
    if (at(takes, axes[k]) == 1) continue;
    stays = stays && axes[k] >= largest;
    largest = axes[k];
  }
  return stays ? x : reader().read_permute(x, takes.size(), dims, axes);
}

}  // namespace tenon::importing
