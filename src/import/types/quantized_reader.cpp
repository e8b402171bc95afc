#include "quantized_reader.hpp"

namespace tenon::importing {

using edge::QuantizedStep;
using edge::StepKind;
using edge::StepPattern;
using edge::TensorOrder;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

/// As which numbers those of a smaller value meet a larger one: layers/elementwise/unit.hpp.
kernels::Int8Spread spread_over(const Dims& all, const Dims& own) {
  const std::size_t size = size_of(own);
  if (size == 1) return {1, size_of(all)};
  if (own.size() == 1 && all.size() > 1) return {size, size_of(all) / at(all, 0)};
  std::size_t repeat = 1;
  for (std::size_t k = all.size(); k > 0 && at(own, k - 1) == 1; --k) repeat *= at(all, k - 1);
  return {size, repeat};
}

}  // namespace

QuantizedReader::QuantizedReader(std::vector<Dims> takes, bool exact, bool wide, Rounding rounding)
    : takes_(std::move(takes)), exact_(exact), wide_(wide), rounding_(rounding) {
  plan().wide = wide;
  plan().inputs = 0;
  for (const Dims& dims : takes_) {
    const bool image = dims.size() == 3;
    reader().read_input(size_of(dims), image,
                        image ? TensorOrder(at(dims, 0), size_of(dims) / at(dims, 0)) : TensorOrder());
  }
}

QuantizedReading QuantizedReader::read(const Structure& structure, const std::vector<std::string>& inputs) {
  std::vector<std::vector<std::size_t>> reads;
  std::map<std::string, std::size_t> number;
  Tensors x;
  for (const std::string& input : inputs) {
    x.push_back(x.size());
    number[input] = x.back();
  }
  for (const Piece& piece : structure.pieces) {
    reads.emplace_back();
    for (const std::string& name : piece.reads) reads.back().push_back(number.at(name));
    number[piece.gives] = number.size();
  }
  std::vector<std::size_t> outputs;
  for (const std::string& name : structure.outputs) outputs.push_back(number.at(name));
  std::vector<Dims> shapes = takes_;
  const auto read_node = [&](std::size_t k, const Tensors& from) {
    const Piece& piece = structure.pieces[k];
    std::vector<Dims> given;
    for (const std::size_t v : reads[k]) given.push_back(shapes[v]);
    shapes.push_back(piece.parts.back().gives);
    return read_row(piece.parts, from, given);
  };
  const bool row = structure.pieces.size() == 1 && inputs.size() == 1 && outputs.size() == 1;
  const Tensors last = row ? Tensors{read_node(0, x)} : read_graph(x, reads, outputs, read_node);
  if (last.size() > plan().output_tensors.size()) {
    refuse("it has more than {} outputs", plan().output_tensors.size());
  } else if (last.size() > 1) {
    for (const std::size_t t : last) plan().output_tensors[plan().output_count++] = t;
  } else if (last[0] != plan().count || plan().count == 0) {
    reader().move(last[0], plan().orders[last[0]], plan().sizes[last[0]],
                  {.count = {1, 1, 1, plan().sizes[last[0]]}, .from_step = {0, 0, 0, 1}, .to_step = {0, 0, 0, 1}});
  }
  if (plan().overflows) refuse("it has more than {} steps or moves", QuantizedLayout::most_steps);
  return std::move(reading_);
}

std::vector<std::string> QuantizedReader::refused_of(const Unit& unit) {
  Tensors x;
  while (x.size() < takes_.size()) x.push_back(x.size());
  std::vector<Dims> shapes = takes_;
  for (const Layer& layer : unit.layers) {
    if (layer.kind != Layer::scale) x = {read_layer(layer, x, shapes)};
    shapes = {layer.gives};
  }
  return std::move(reading_.refused);
}

/// As PlanReader::read_graph: what something later reads is held. Values are the inputs, then the nodes.
template <class ReadNode>
QuantizedReader::Tensors QuantizedReader::read_graph(const Tensors& x,
                                                     const std::vector<std::vector<std::size_t>>& reads,
                                                     const std::vector<std::size_t>& outputs, ReadNode&& read_node) {
  auto& held = reader().held;
  Tensors tensor = x;
  std::vector<bool> outside;
  for (const std::size_t t : x) outside.push_back(held[t]);
  for (std::size_t k = 0; k < reads.size(); ++k) {
    for (const std::size_t t : tensor) held[t] = false;
    for (std::size_t v = 0; v < tensor.size(); ++v) {
      bool later = std::ranges::count(outputs, v) > 0;
      for (std::size_t n = k + 1; n < reads.size(); ++n) later = later || std::ranges::count(reads[n], v) > 0;
      if (later) held[tensor[v]] = true;
    }
    for (std::size_t i = 0; i < x.size(); ++i) held[tensor[i]] = held[tensor[i]] || outside[i];
    Tensors sources;
    for (const std::size_t v : reads[k]) sources.push_back(tensor[v]);
    tensor.push_back(read_node(k, sources));
  }
  for (const std::size_t t : tensor) held[t] = false;
  for (std::size_t i = 0; i < x.size(); ++i) held[tensor[i]] = outside[i];
  Tensors given;
  for (const std::size_t v : outputs) given.push_back(tensor[v]);
  return given;
}

std::size_t QuantizedReader::read_row(const std::vector<Part>& parts, Tensors x, std::vector<Dims> shapes) {
  table_ = bounded_ = {};
  affine_ = 0;
  for (const Part& part : parts) {
    const std::size_t y = read_part(part, x, shapes);
    if (part.kind != Part::layer) table_ = bounded_ = {}, affine_ = 0;
    x = {y};
    shapes = {part.gives};
  }
  return x[0];
}

std::size_t QuantizedReader::read_part(const Part& part, const Tensors& x, const std::vector<Dims>& shapes) {
  const Dims& takes = shapes[0];
  const auto row = [&](std::size_t, const Tensors& from) { return read_row(part.parts, from, {takes}); };
  switch (part.kind) {
  case Part::layer:
    return read_layer(part.own, x, shapes);
  case Part::chain:
  case Part::repeat:
    return read_row(part.parts, x, {takes});
  case Part::residual:
    return read_graph(x, {{0}, {1, 0}}, {2}, [&](std::size_t k, const Tensors& from) {
      return k == 0 ? row(k, from) : reader().read_sum(from.data(), 2);
    })[0];
  case Part::sum:
  case Part::joined: {
    std::vector<std::vector<std::size_t>> reads(part.parts.size(), std::vector<std::size_t>{0});
    reads.emplace_back();
    for (std::size_t i = 0; i < part.parts.size(); ++i) reads.back().push_back(i + 1);
    return read_graph(x, reads, {part.parts.size() + 1}, [&](std::size_t k, const Tensors& from) {
      if (k < part.parts.size()) return read_part(part.parts[k], from, {takes});
      return part.kind == Part::sum ? reader().read_sum(from.data(), from.size()) : read_join(from, part.gives);
    })[0];
  }
  default:  // the channels' factors times what they were made of
    return read_graph(x, {{0}, {0, 1}}, {2}, [&](std::size_t k, const Tensors& from) {
      const Dims factors{takes[0]};
      return k == 0 ? row(k, from) : read_pair(StepKind::multiply, from, {takes, factors}, takes);
    })[0];
  }
}

std::size_t QuantizedReader::read_join(const Tensors& x, const Dims& gives) {
  if (x.size() > 32) return refuse("Concat of more than 32 values"), x[0];
  return reader().read_join(x.data(), x.size(), gives.size(), size_of(gives), size_of(gives) / at(gives, 0));
}

/// What is refused leaves a tensor of its size and shape, so that what stands behind it is judged too.
std::size_t QuantizedReader::read_layer(const Layer& layer, const Tensors& all, const std::vector<Dims>& shapes) {
  refuses_ = false;
  const std::size_t y = read_known_layer(layer, all, shapes);
  if (!refuses_ || layer.kind == Layer::scale) return y;
  return reader().add(
      {.pattern = {.kind = StepKind::table}, .in = plan().sizes[all[0]], .out = size_of(layer.gives), .source = all[0]},
      {});
}

std::size_t QuantizedReader::read_known_layer(const Layer& layer, const Tensors& all, const std::vector<Dims>& shapes) {
  const std::size_t x = all[0];
  const Dims& takes = shapes[0];
  if (layer.kind == Layer::scale) return note_scale(layer, x);
  if (layer.kind == Layer::reshape) return x;
  const LayerWords words(layer.text);
  const std::string& name = words.name;
  const std::string function = lite_function(layer, name);
  if (wide_ && (function == "Sigmoid" || function == "Tanh")) return read_squash(layer, x);
  if (wide_ && (!function.empty() || !operand_of(layer).op.empty() || is_slopes(layer)))
    return refuse("{}: with activations of 16 bits functions of one number other than Sigmoid and Tanh, slopes and "
                  "constants that every number meets are not imported; with 8 bits they are",
                  layer.kind == Layer::formula ? fmt::format("Map<{}>", layer.text) : layer.text),
           x;
  if (exact_ && !function.empty()) return read_table(layer, function, x);
  if (IntegerOperand operand = operand_of(layer); exact_ && !operand.op.empty()) {
    return add_table(x, {}, {.operand = std::move(operand)});
  }
  if (exact_ && is_slopes(layer)) {
    if (rounding_ == Rounding::twice) refuse("PRELU: with double rounding it is not imported");
    return read_slopes(layer, x, takes);
  }
  if (layer.kind == Layer::formula) return refuse("Map<{}>: has no integers that are LiteRT's", layer.text), x;
  static const std::map<std::string, StepKind> pairs{{"Multiply", StepKind::multiply},
                                                     {"Subtract", StepKind::subtract},
                                                     {"Maximum", StepKind::larger},
                                                     {"Minimum", StepKind::smaller}};
  if (const auto pair = pairs.find(name); pair != pairs.end()) return read_pair(pair->second, all, shapes, layer.gives);
  if (name == "Add" || name == "Concat") {
    if (std::ranges::any_of(shapes, [&](const Dims& dims) { return dims.size() != layer.gives.size(); }))
      return refuse("{}: of values with different numbers of axes", layer.text), x;
    return name == "Add" ? reader().read_sum(all.data(), all.size()) : read_join(all, layer.gives);
  }
  if (name == "Conv2D" || name == "Conv1D") return read_convolution(layer, words, x, takes);
  if (name == "ConvTranspose2D" || name == "ConvTranspose1D") return read_transposed(layer, words, x, takes);
  if (name == "Upsample") return read_upsampling(words, x, takes);
  if (name == "Slice" || name == "Select") return read_slice(words, x, takes);
  if (name == "Dense") return read_dense(layer, words, x, takes);
  if (name == "LayerNorm" || name == "RMSNorm" || name == "GroupNorm" || name == "InstanceNorm")
    return read_norm(layer, words, x, takes);
  if (name == "MultiheadAttention" || name == "CrossAttention") return read_attention(layer, words, all, shapes);
  if (name == "LSTM" && numbers_of(layer, cell_scale_name) != nullptr) return read_lstm(layer, words, x, takes);
  if (name == "BatchNorm2D" || name == "BatchNorm1D") return read_affine(layer, x, takes);
  if (name == "ReLU" || name == "ReLU6" || name == "HardTanh") {
    if (x > 0 && x == affine_ && x == plan().count && !reader().held[x]) return add_table(x, "", {.name = name});
    StepPattern pattern{.kind = StepKind::clamp, .low = 0, .high = name == "ReLU6" ? 6 : infinity};
    if (name == "HardTanh") {
      const std::vector<double> bounds = words.numbers();
      pattern.low = bounds.size() == 2 ? bounds[0] : -1;
      pattern.high = bounds.size() == 2 ? bounds[1] : 1;
    }
    return read_bounds(x, pattern);
  }
  if (name == "MaxPool2D" || name == "MaxPool1D" || name == "AvgPool2D" || name == "AvgPool1D")
    return read_pool(layer, words, x, takes);
  if (name == "GlobalAvgPool" || name == "GlobalMaxPool") {
    const std::size_t height = takes.size() == 3 ? at(takes, 1) : 1, width = at(takes, takes.size() - 1);
    return reader().read_pool(x, 0, name == "GlobalAvgPool" ? StepKind::average_pool : StepKind::max_pool,
                              {{at(takes, 0), {height, 1, height, 1, 1, 0}, {width, 1, width, 1, 1, 0}}});
  }
  if (name == "MeanSteps") return reader().read_mean_of_steps(x, at(takes, 0), size_of(takes) / at(takes, 0), 0);
  if (name == "ZeroPad2D" || name == "ZeroPad1D") return read_border(words, x, takes, layer.gives);
  if (name == "Permute") return read_permute(words, x, takes);
  if (name == "Softmax") {
    const std::size_t from = reader().ordered(x, {});
    return reader().add({.pattern = {.kind = StepKind::softmax},
                         .in = plan().sizes[from],
                         .out = plan().sizes[from],
                         .source = from,
                         .width = at(takes, takes.size() - 1),
                         .fixed_scale = wide_ ? 0x1p-15 : 1.0 / 256,
                         .fixed_zero = wide_ ? 0 : -128},
                        {});
  }
  if (name == "Identity") return x;
  if (!exact_) {
    static const std::vector<std::string> tables{"Sigmoid", "Tanh", "HardSwish", "HardSigmoid", "SiLU",
                                                 "GELU",    "ELU",  "LeakyReLU", "Softplus"};
    if (std::ranges::find(tables, name) != tables.end()) {
      return read_table(layer, name, x);
    }
  }
  refuse("{}: {}", layer.text,
         exact_ ? "has no integers that are LiteRT's; import the float file and quantise it with `quantize`"
                : "has no integers in an imported network; import the float file and quantise it with `quantize`");
  return x;
}

/// As PlanReader::read_pair.
std::size_t QuantizedReader::read_pair(StepKind kind, const Tensors& x, const std::vector<Dims>& shapes,
                                       const Dims& gives) {
  const std::size_t size = size_of(gives);
  if (x.size() != 2) return refuse("a product, difference or extreme of {} values: two at a time", x.size()), x[0];
  const bool swapped = size_of(shapes[0]) != size;
  if (size_of(shapes[swapped ? 0 : 1]) != size && size_of(shapes[swapped ? 1 : 0]) != size)
    return refuse("a product, difference or extreme of two values that both are repeated"), x[0];
  if (swapped && kind == StepKind::subtract)
    return refuse("Subtract: the larger value is subtracted from a repeated one"), x[0];
  std::size_t a = x[swapped ? 1 : 0], b = x[swapped ? 0 : 1];
  const kernels::Int8Spread spread = spread_over(gives, shapes[swapped ? 0 : 1]);
  QuantizedStep step{
      .pattern = {.kind = kind}, .in = size, .out = size, .period = spread.period, .repeat = spread.repeat};
  const TensorOrder order = plan().orders[a];
  if (spread.period == size) {
    b = reader().ordered(b, order);
  } else if (spread.period > 1) {
    b = reader().ordered(b, {});
    if (order.pixels == spread.repeat && order.channels == spread.period) step.repeat = 1;
    else a = reader().ordered(a, {});
  }
  step.source = a;
  step.other = b;
  return reader().add(step, plan().orders[a]);
}

/// What a table or a reordering has made of the tensor has its scale too.
std::size_t QuantizedReader::note_scale(const Layer& layer, std::size_t x) {
  const std::vector<double>& own = layer.weights.at(0).second.values;
  const IntegerScale scale{static_cast<float>(own[0]), static_cast<int>(own[1])};
  const auto [known, added] = reading_.scales.try_emplace(x, scale);
  if (!added && (known->second.scale != scale.scale || known->second.zero != scale.zero))
    refuse("{}: is brought from scale {} to scale {} with no layer in between, or as part of the layer before it",
           reading_.names.contains(x) ? reading_.names.at(x) : "a value", known->second.scale, own[0]);
  reading_.names[x] = layer.text;
  return x;
}

}  // namespace tenon::importing
