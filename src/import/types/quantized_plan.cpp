#include "quantized_plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <tuple>

#include <tenon/edge/quantized_tables.hpp>
#include <tenon/layers/recurrent/code.hpp>

#include "../../io/words.hpp"
#include "../lite_rules.hpp"

namespace tenon::importing {

namespace {

using edge::QuantizedStep;
using edge::StepKind;
using edge::StepPattern;
using edge::TensorOrder;
constexpr double infinity = std::numeric_limits<double>::infinity();

std::size_t at(const Dims& dims, std::size_t i) { return static_cast<std::size_t>(dims[i]); }
std::size_t size_of(const Dims& dims) { return static_cast<std::size_t>(count_of(dims)); }

/// LiteRT's function that is this layer or formula; none where it has none.
std::string lite_function(const Layer& layer, const std::string& name) {
  if (layer.kind == Layer::formula) return layer.text == "exp(x)" ? "Exp" : "";
  static const std::map<std::string, std::string> known{
      {"HardSwish", "HardSwish"}, {"LeakyReLU", "LeakyRelu"}, {"ELU", "Elu"}, {"Sigmoid", "Sigmoid"}, {"Tanh", "Tanh"}};
  const auto found = known.find(name);
  return found == known.end() ? "" : found->second;
}

/// As which numbers those of a smaller value meet a larger one: layers/elementwise/unit.hpp.
kernels::Int8Spread spread_over(const Dims& all, const Dims& own) {
  const std::size_t size = size_of(own);
  if (size == 1) return {1, size_of(all)};
  if (own.size() == 1 && all.size() > 1) return {size, size_of(all) / at(all, 0)};
  std::size_t repeat = 1;
  for (std::size_t k = all.size(); k > 0 && at(own, k - 1) == 1; --k) repeat *= at(all, k - 1);
  return {size, repeat};
}

/// An axis of windows: the first of one or two is the height.
std::size_t of_axis(const std::vector<std::size_t>& values, std::size_t axis, std::size_t otherwise) {
  if (values.empty()) return otherwise;
  return values.size() == 1 ? values[0] : values[axis];
}

/// A part of a table: a function of LiteRT's, what becomes of a number that meets a constant, or bounds.
struct Stage {
  std::string name{};
  double alpha = 0;
  IntegerOperand operand{};
  double low = -infinity, high = infinity;
  bool bounds = false;
  std::optional<IntegerScale> scale{};  // of what it gives, where the file has one
};

class Reader {
public:
  Reader(const Dims& takes, bool exact, Rounding rounding) : exact_(exact), rounding_(rounding) {
    out_.reader = std::make_unique<edge::detail::PlanReader<QuantizedLayout::most_steps>>();
    plan().sizes[0] = size_of(takes);
    if (takes.size() == 3) plan().orders[0] = {at(takes, 0), size_of(takes) / at(takes, 0)};
  }

  QuantizedLayout read(const Structure& structure, const std::string& input, const Dims& takes) {
    std::vector<std::vector<std::size_t>> reads;
    std::map<std::string, std::size_t> number{{input, 0}};
    for (const Piece& piece : structure.pieces) {
      reads.emplace_back();
      for (const std::string& name : piece.reads) reads.back().push_back(number.at(name));
      number[piece.gives] = number.size();
    }
    std::vector<Dims> shapes{takes};
    const auto read_node = [&](std::size_t k, const std::vector<std::size_t>& x) {
      const Piece& piece = structure.pieces[k];
      std::vector<Dims> given;
      for (const std::size_t v : reads[k]) given.push_back(shapes[v]);
      shapes.push_back(piece.parts.back().gives);
      return read_row(piece.parts, x, given);
    };
    const std::size_t last = structure.pieces.size() == 1
                                 ? read_node(0, {0})
                                 : read_graph(1, {0}, reads, number.at(structure.outputs.at(0)), read_node);
    if (last != plan().count || plan().count == 0) {
      reader().move(last, plan().orders[last], plan().sizes[last],
                    {.count = {1, 1, 1, plan().sizes[last]}, .from_step = {0, 0, 0, 1}, .to_step = {0, 0, 0, 1}});
    }
    if (plan().overflows) refuse("it has more than {} steps or moves", QuantizedLayout::most_steps);
    if (!out_.refused.empty()) return std::move(out_);
    reader().plan.lay_out();
    find_scales();
    if (out_.refused.empty()) fill_weights();
    return std::move(out_);
  }

private:
  edge::detail::PlanReader<QuantizedLayout::most_steps>& reader() { return *out_.reader; }
  QuantizedLayout::Plan& plan() { return out_.reader->plan; }
  template <class... Args>
  void refuse(fmt::format_string<Args...> what, Args&&... args) {
    std::string text = fmt::format(what, std::forward<Args>(args)...);
    if (std::ranges::find(out_.refused, text) == out_.refused.end()) out_.refused.push_back(std::move(text));
  }

  /// As PlanReader::read_graph: what something later reads is held. Values are the inputs, then the nodes.
  template <class ReadNode>
  std::size_t read_graph(std::size_t inputs, const std::vector<std::size_t>& x,
                         const std::vector<std::vector<std::size_t>>& reads, std::size_t output, ReadNode&& read_node) {
    auto& held = reader().held;
    std::vector<std::size_t> tensor = x;
    std::vector<bool> outside;
    for (const std::size_t t : x) outside.push_back(held[t]);
    for (std::size_t k = 0; k < reads.size(); ++k) {
      for (const std::size_t t : tensor) held[t] = false;
      for (std::size_t v = 0; v < tensor.size(); ++v) {
        bool later = v == output;
        for (std::size_t n = k + 1; n < reads.size(); ++n) later = later || std::ranges::count(reads[n], v) > 0;
        if (later) held[tensor[v]] = true;
      }
      for (std::size_t i = 0; i < inputs; ++i) held[tensor[i]] = held[tensor[i]] || outside[i];
      std::vector<std::size_t> sources;
      for (const std::size_t v : reads[k]) sources.push_back(tensor[v]);
      tensor.push_back(read_node(k, sources));
    }
    for (const std::size_t t : tensor) held[t] = false;
    for (std::size_t i = 0; i < inputs; ++i) held[tensor[i]] = outside[i];
    return tensor[output];
  }

  std::size_t read_row(const std::vector<Part>& parts, std::vector<std::size_t> x, std::vector<Dims> shapes) {
    table_ = bounded_ = {};
    for (const Part& part : parts) {
      const std::size_t y = read_part(part, x, shapes);
      if (part.kind != Part::layer) table_ = bounded_ = {};
      x = {y};
      shapes = {part.gives};
    }
    return x[0];
  }

  std::size_t read_part(const Part& part, const std::vector<std::size_t>& x, const std::vector<Dims>& shapes) {
    const Dims& takes = shapes[0];
    const auto row = [&](std::size_t, const std::vector<std::size_t>& from) {
      return read_row(part.parts, from, {takes});
    };
    switch (part.kind) {
    case Part::layer:
      return read_layer(part.own, x, shapes);
    case Part::chain:
    case Part::repeat:
      return read_row(part.parts, x, {takes});
    case Part::residual:
      return read_graph(1, x, {{0}, {1, 0}}, 2, [&](std::size_t k, const std::vector<std::size_t>& from) {
        return k == 0 ? row(k, from) : reader().read_sum(from.data(), 2);
      });
    case Part::sum:
    case Part::joined: {
      std::vector<std::vector<std::size_t>> reads(part.parts.size(), std::vector<std::size_t>{0});
      reads.emplace_back();
      for (std::size_t i = 0; i < part.parts.size(); ++i) reads.back().push_back(i + 1);
      return read_graph(1, x, reads, part.parts.size() + 1, [&](std::size_t k, const std::vector<std::size_t>& from) {
        if (k < part.parts.size()) return read_part(part.parts[k], from, {takes});
        return part.kind == Part::sum ? reader().read_sum(from.data(), from.size()) : read_join(from, part.gives);
      });
    }
    default:  // the channels' factors times what they were made of
      return read_graph(1, x, {{0}, {0, 1}}, 2, [&](std::size_t k, const std::vector<std::size_t>& from) {
        const Dims factors{takes[0]};
        return k == 0 ? row(k, from) : read_pair(StepKind::multiply, from, {takes, factors}, takes);
      });
    }
  }

  std::size_t read_join(const std::vector<std::size_t>& x, const Dims& gives) {
    if (x.size() > 32) return refuse("Concat of more than 32 values"), x[0];
    return reader().read_join(x.data(), x.size(), gives.size(), size_of(gives), size_of(gives) / at(gives, 0));
  }

  std::size_t read_layer(const Layer& layer, const std::vector<std::size_t>& all, const std::vector<Dims>& shapes) {
    const std::size_t x = all[0];
    const Dims& takes = shapes[0];
    if (layer.kind == Layer::scale) return note_scale(layer, x);
    if (layer.kind == Layer::reshape) return x;
    const LayerWords words(layer.text);
    const std::string& name = words.name;
    const std::string function = lite_function(layer, name);
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
    if (const auto pair = pairs.find(name); pair != pairs.end())
      return read_pair(pair->second, all, shapes, layer.gives);
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
    if (name == "LSTM" && numbers_of(layer, cell_scale_name) != nullptr) return read_lstm(layer, words, x, takes);
    if (name == "ReLU" || name == "ReLU6" || name == "HardTanh") {
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
                           .fixed_scale = 1.0 / 256,
                           .fixed_zero = -128},
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

  /// The compiler makes one table of neighbouring functions of one number, and of bounds before them.
  std::size_t add_table(std::size_t x, const std::string& function, Stage stage) {
    if (joins_table(x)) {
      if (!exact_) refuse("two functions of one number with a rounding in between");
      plan().steps[x - 1].fixed_scale = 0;
      return add_stage(x, std::move(stage));
    }
    QuantizedStep step{
        .pattern = {.kind = StepKind::table}, .in = plan().sizes[x], .out = plan().sizes[x], .source = x};
    if (function == "Sigmoid") step.fixed_scale = 1.0 / 256, step.fixed_zero = -128;
    if (function == "Tanh") step.fixed_scale = 1.0 / 128;
    std::vector<Stage> stages;
    if (x > 0 && bounded_.tensor == x) {
      StepPattern& pattern = plan().steps[x - 1].pattern;
      stages.push_back({.low = pattern.low, .high = pattern.high, .bounds = true});
      pattern.low = bounded_.before.low, pattern.high = bounded_.before.high;
      if (pattern.kind == StepKind::clamp)
        refuse("bounds of a value that is read without them too, and a function of one number behind");
      step.fixed_scale = 0;
    }
    stages.push_back(std::move(stage));
    x = reader().add(step, plan().orders[x]);
    functions_[x - 1] = std::move(stages);
    table_.tensor = x;
    return x;
  }
  bool joins_table(std::size_t x) { return x > 0 && table_.tensor == x && x == plan().count && !reader().held[x]; }
  /// Between two stages the numbers have the scale that the file has there.
  std::size_t add_stage(std::size_t x, Stage stage) {
    std::vector<Stage>& stages = functions_.at(x - 1);
    if (const auto told = scales_.find(x); told != scales_.end()) {
      stages.back().scale = {told->second.first, told->second.second};
      scales_.erase(told);
    }
    stages.push_back(std::move(stage));
    return x;
  }
  std::size_t read_bounds(std::size_t x, const StepPattern& pattern) {
    if (joins_table(x)) return add_stage(x, {.low = pattern.low, .high = pattern.high, .bounds = true});
    const StepPattern before = x > 0 ? plan().steps[x - 1].pattern : StepPattern{};
    const std::size_t y = reader().read_bounds(x, 0, pattern);
    if (bounded_.tensor != y) bounded_ = {y, before};
    return y;
  }

  std::size_t read_table(const Layer& layer, const std::string& function, std::size_t x) {
    double alpha = 0;
    for (const auto& [name, array] : layer.weights)
      if (name == alpha_name) alpha = array.values.at(0);
    return add_table(x, function, {.name = function, .alpha = alpha});
  }

  static IntegerOperand operand_of(const Layer& layer) {
    for (const auto& [name, array] : layer.weights)
      if (name.starts_with(operand_name))
        return {name.substr(operand_name.size()), array.values.at(0), static_cast<float>(array.values.at(1)),
                array.values.at(2) != 0};
    return {};
  }

  static bool is_slopes(const Layer& layer) {
    return std::ranges::any_of(layer.weights, [](const auto& w) { return w.first == slope_scale_name; }) &&
           std::ranges::any_of(layer.weights, [](const auto& w) { return w.first == "weight"; });
  }
  /// One slope, or one for each channel or feature.
  std::size_t read_slopes(const Layer& layer, std::size_t x, const Dims& takes) {
    std::size_t slopes = 0;
    for (const auto& [name, array] : layer.weights)
      if (name == "weight") slopes = array.values.size();
    TensorOrder order = plan().orders[x];
    if (slopes > 1 && takes.size() == 3) order = {at(takes, 0), size_of(takes) / at(takes, 0)};
    else if (slopes > 1) order = {};
    if (slopes > 1 && slopes != at(takes, 0))
      return refuse("PRELU of {} slopes: one, or one for each channel", slopes), x;
    x = reader().read_slopes(x, {.kind = StepKind::slopes}, slopes, order, 0, 0);
    layers_[plan().count - 1] = &layer;
    return x;
  }

  /// As PlanReader::read_pair.
  std::size_t read_pair(StepKind kind, const std::vector<std::size_t>& x, const std::vector<Dims>& shapes,
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
  std::size_t note_scale(const Layer& layer, std::size_t x) {
    const std::vector<double>& told = layer.weights.at(0).second.values;
    const auto [known, added] = scales_.try_emplace(x, static_cast<float>(told[0]), static_cast<int>(told[1]));
    if (!added &&
        (known->second.first != static_cast<float>(told[0]) || known->second.second != static_cast<int>(told[1])))
      refuse("{}: is brought from scale {} to scale {} with no layer in between, or as part of the layer before it",
             names_.contains(x) ? names_.at(x) : "a value", known->second.first, told[0]);
    names_[x] = layer.text;
    return x;
  }

  kernels::ConvolutionAxis axis(const LayerWords& words, std::size_t axes, std::size_t a, const Dims& takes,
                                const Dims& gives, bool pool) const {
    const std::vector<std::size_t> given = words.option("kernel");
    const std::size_t own = axes == 1 ? 0 : a - 1;
    kernels::ConvolutionAxis axis{.image = at(takes, a), .map = at(gives, a)};
    axis.kernel = given.empty() ? static_cast<std::size_t>(words.numbers().at(pool ? 0 : 1)) : of_axis(given, own, 1);
    axis.stride = of_axis(words.option("stride"), own, pool ? axis.kernel : 1);
    axis.dilation = of_axis(words.option("dilation"), own, 1);
    axis.before = of_axis(words.option("padding"), own, 0);
    return axis;
  }

  std::size_t read_convolution(const Layer& layer, const LayerWords& words, std::size_t x, const Dims& takes) {
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
    layers_[plan().count - 1] = &layer;
    return x;
  }
  /// As PlanReader::read_convolution: zeros between the numbers, then the kernel backwards over them.
  std::size_t read_transposed(const Layer& layer, const LayerWords& words, std::size_t x, const Dims& takes) {
    const std::size_t axes = takes.size() - 1;
    const auto along = [&](std::size_t a) {
      const std::vector<std::size_t> given = words.option("kernel");
      const std::size_t own = axes == 1 ? 0 : a - 1,
                        kernel = given.empty() ? static_cast<std::size_t>(words.numbers().at(1))
                                               : of_axis(given, own, 1),
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
    layers_[plan().count - 1] = &layer;
    return x;
  }

  std::size_t read_upsampling(const LayerWords& words, std::size_t x, const Dims& takes) {
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
  std::size_t read_slice(const LayerWords& words, std::size_t x, const Dims& takes) {
    const std::vector<double> told = words.numbers();
    const auto axis = static_cast<std::size_t>(told.at(0)), begin = static_cast<std::size_t>(told.at(1));
    const std::size_t length = at(takes, axis), end = words.name == "Select" ? begin + 1
                                                      : told.size() > 2      ? static_cast<std::size_t>(told[2])
                                                                             : length;
    edge::detail::Pieces<1> p;
    for (std::size_t k = 0; k < takes.size(); ++k) (k < axis ? p.outer : p.inner) *= k == axis ? 1 : at(takes, k);
    p.length = length * p.inner;
    p.taken = (end - begin) * p.inner;
    p.place[0] = begin * p.inner;
    p.inner = 1;
    return reader().read_pieces(x, p);
  }

  static bool has_bias(const Layer& layer) {
    return std::ranges::any_of(layer.weights, [](const auto& w) { return w.first == "bias"; });
  }

  std::size_t read_dense(const Layer& layer, const LayerWords& words, std::size_t x, const Dims& takes) {
    const std::size_t in = at(takes, takes.size() - 1), out = at(layer.gives, layer.gives.size() - 1);
    StepPattern pattern{.kind = StepKind::dense, .has_bias = has_bias(layer)};
    pattern.weights.per_tensor = words.has("per_tensor<true>");
    x = reader().read_dense(x, pattern, in, out, size_of(takes) / in, 0, 0, 0);
    layers_[plan().count - 1] = &layer;
    return x;
  }

  static const Array* numbers_of(const Layer& layer, std::string_view name) {
    for (const auto& [own, array] : layer.weights)
      if (own == name) return &array;
    return nullptr;
  }

  /// One layer in one direction, as TFLite has them.
  std::size_t read_lstm(const Layer& layer, const LayerWords& words, std::size_t x, const Dims& takes) {
    tenon::detail::RecurrentPlan p{.steps = at(takes, 0), .features = at(takes, 1), .gates = 4};
    p.hidden = static_cast<std::size_t>(words.numbers().at(0));
    p.last_only = words.has("last");
    if (words.has("diagonal_peepholes")) p.feature_parameters = 3;
    for (const std::string& argument : words.arguments)
      if (argument.starts_with("cell_clip<"))
        p.cell_clip = static_cast<double>(static_cast<float>(LayerWords(argument).numbers().at(0)));
    x = reader().read_recurrent(x, kernels::Int8Cell::lstm_litert, p, 0);
    layers_[plan().count - 1] = &layer;
    return x;
  }
  void fill_lstm(const QuantizedStep& step, const Layer& layer) {
    const edge::CellPass& c = step.cell;
    out_.gate_bits.push_back(12);
    out_.cell_bits.push_back(static_cast<std::int8_t>(-std::ilogb(numbers_of(layer, cell_scale_name)->values.at(0))));
    const auto fill = [&](const char* weight_name, const char* scale_name_of, std::size_t columns, std::size_t weights,
                          std::size_t first) {
      const std::vector<double>&weight = numbers_of(layer, weight_name)->values,
            &scale = numbers_of(layer, scale_name_of)->values;
      if (scale.size() != c.gates() * c.hidden) return refuse("{}: its weights are not in int8", layer.text);
      for (std::size_t o = 0; o < c.gates() * c.hidden; ++o) {
        out_.weight_scale[step.row + first + c.row(o)] = static_cast<float>(scale[o]);
        for (std::size_t i = 0; i < columns; ++i)
          out_.weights[weights + kernels::packed_place(c.row(o), i, columns)] = static_cast<std::int8_t>(
              weight[o * columns + i]);
      }
    };
    fill("weight_ih_l0", input_scale_name, c.features, step.weights, 0);
    fill("weight_hh_l0", state_scale_name, c.hidden, step.weights + c.input_bytes(), c.rows());
    if (c.is_diagonal()) fill_peepholes(step, layer);
    if (const Array* bias = numbers_of(layer, "bias_ih_l0"))  // at the scale of the products; the other one is 0
      for (std::size_t o = 0; o < c.gates() * c.hidden; ++o)
        out_.bias[step.row + c.row(o)] = static_cast<std::int32_t>(bias->values[o]);
  }

  /// Numbers of 16 bits, the lower byte first: of i, f and o.
  void fill_peepholes(const QuantizedStep& step, const Layer& layer) {
    const edge::CellPass& c = step.cell;
    const Array* const scale = numbers_of(layer, peephole_scale_name);
    if (scale == nullptr || scale->values.size() != 3 * c.hidden)
      return refuse("{}: its peepholes are not in integers", layer.text);
    const std::size_t first = step.weights + c.input_bytes() + c.state_weight_bytes();
    std::size_t gate = 0;
    for (const auto& [name, place] : {std::pair{"weight_ci_l0", 0U}, {"weight_cf_l0", 2U}, {"weight_co_l0", 1U}}) {
      const std::vector<double>& values = numbers_of(layer, name)->values;
      out_.weight_scale[step.row + c.all_rows() + gate] = static_cast<float>(scale->values[place * c.hidden]);
      for (std::size_t i = 0; i < c.hidden; ++i) {
        const auto number = static_cast<std::uint16_t>(static_cast<std::int16_t>(values[i]));
        const std::size_t at = first + 2 * (gate * c.padded() + i);
        out_.weights[at] = static_cast<std::int8_t>(number & 255U);
        out_.weights[at + 1] = static_cast<std::int8_t>(number >> 8U);
      }
      ++gate;
    }
  }

  std::size_t read_pool(const Layer& layer, const LayerWords& words, std::size_t x, const Dims& takes) {
    const std::size_t axes = takes.size() - 1;
    kernels::Averaging pool;
    pool.windows.channels = at(takes, 0);
    pool.windows.x = axis(words, axes, axes, takes, layer.gives, true);
    if (axes == 2) pool.windows.y = axis(words, axes, 1, takes, layer.gives, true);
    pool.counts_padding = !words.has("count_include_pad<false>");
    const bool mean = words.name.starts_with("Avg");
    return reader().read_pool(x, 0, mean ? StepKind::average_pool : StepKind::max_pool, pool);
  }

  std::size_t read_border(const LayerWords& words, std::size_t x, const Dims& takes, const Dims& gives) {
    const std::vector<double> told = words.numbers();
    const auto before = [&](std::size_t axis_from_end) {
      return static_cast<std::size_t>(told.size() == 1 ? told[0] : told[2 * axis_from_end]);
    };
    const std::size_t last = takes.size() - 1;
    kernels::Placing p;
    p.channels = at(takes, 0);
    p.x = {.small = at(takes, last), .large = at(gives, last), .before = before(0)};
    if (takes.size() == 3) p.y = {.small = at(takes, 1), .large = at(gives, 1), .before = before(1)};
    return reader().read_placing(x, p);
  }

  std::size_t read_permute(const LayerWords& words, std::size_t x, const Dims& takes) {
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

  /// Tensors without a scale in the file keep that of what they were made of.
  void find_scales() {
    const auto& p = plan();
    out_.scale.assign(p.count + 1, 0);
    out_.zero.assign(p.count + 1, 0);
    // a network that first moves its input, as from NHWC, has the scale behind that
    for (std::size_t k = 0; k < p.count && !scales_.contains(0); ++k)
      if (p.steps[k].keeps_scale() && p.steps[k].source == 0 && scales_.contains(k + 1)) scales_[0] = scales_.at(k + 1);
    // what moves the numbers of a step has its scale
    for (std::size_t t = p.count; t-- > 1;) {
      const StepKind next = p.steps[t].pattern.kind;
      if (p.steps[t].source == t && scales_.contains(t + 1) && next == StepKind::move)
        scales_.try_emplace(t, scales_.at(t + 1));
    }
    for (std::size_t t = 0; t <= p.count; ++t) {
      const auto told = scales_.find(t);
      const QuantizedStep* step = t > 0 ? &p.steps[t - 1] : nullptr;
      float scale = told != scales_.end() ? told->second.first : 0;
      int zero = told != scales_.end() ? told->second.second : 0;
      const std::string name = names_.contains(t) ? names_.at(t) : fmt::format("step {}", t);
      if (step != nullptr && step->keeps_scale()) {
        const float source = out_.scale[step->source];
        const int from = static_cast<int>(out_.zero[step->source]);
        if (told != scales_.end() && (source != scale || from != zero))
          refuse("{}: a pool, or what moves numbers, has another scale ({}) than what it reads ({})", name, scale,
                 source);
        scale = source;
        zero = from;
      } else if (step != nullptr && step->fixed_scale > 0) {
        const auto fixed = static_cast<float>(step->fixed_scale);
        if (told != scales_.end() && (scale != fixed || zero != step->fixed_zero))
          refuse("{}: Softmax, Sigmoid and Tanh have the scales 1/256, 1/256 and 1/128, not {}", name, scale);
        scale = fixed;
        zero = step->fixed_zero;
      }
      if (!(scale > 0)) refuse("{}: the file has no scale for what it gives", t == 0 ? "the input" : name);
      if (zero < -128 || zero > 127) refuse("{}: its zero point {} is no int8", name, zero);
      out_.scale[t] = scale;
      out_.zero[t] = static_cast<std::int8_t>(zero);
      if (step == nullptr || (step->pattern.kind != StepKind::larger && step->pattern.kind != StepKind::smaller))
        continue;
      for (const std::size_t from : {step->source, step->other})
        if (out_.scale[from] != scale || out_.zero[from] != zero)
          refuse("{}: Maximum and Minimum compare integers of one scale, not of {} and {}", name, out_.scale[from],
                 scale);
    }
  }

  void fill_weights() {
    const auto& p = plan();
    if (exact_) out_.functions.assign(256 * p.tables, 0);
    for (const auto& [k, stages] : functions_)
      if (exact_)
        std::ranges::copy(table_of(stages, k),
                          out_.functions.begin() + static_cast<std::ptrdiff_t>(256 * p.steps[k].table));
    out_.weights.assign(p.weight_bytes, 0);
    out_.bias.assign(p.rows, 0);
    out_.weight_scale.assign(p.rows, 0);
    for (std::size_t k = 0; k < p.count; ++k) {
      const QuantizedStep& step = p.steps[k];
      if (step.pattern.kind == StepKind::slopes) fill_slopes(step, *layers_.at(k), k);
      if (step.pattern.kind == StepKind::recurrent) fill_lstm(step, *layers_.at(k));
      if (!step.multiplies()) continue;
      const Layer& layer = *layers_.at(k);
      const Array *weight = nullptr, *bias = nullptr, *scales = nullptr, *bias_scales = nullptr;
      for (const auto& [name, array] : layer.weights)
        (name == "weight" ? weight : name == "bias" ? bias : name == scale_name ? scales : bias_scales) = &array;
      if (scales == nullptr || weight == nullptr) {
        refuse("{}: its weights are not in int8", layer.text);
        continue;
      }
      const auto of_output = [](const Array& a, std::size_t o) { return a.values[a.values.size() == 1 ? 0 : o]; };
      for (std::size_t o = 0; o < step.outputs(); ++o) {
        const std::size_t row = step.row + step.packed_row(o), columns = step.columns();
        const double scale = of_output(*scales, o), unit = static_cast<double>(out_.scale[step.source]) * scale;
        out_.weight_scale[row] = static_cast<float>(scale);
        for (std::size_t i = 0; i < columns; ++i) {
          const double q = weight->values[step.weight_place(o, i)];
          if (q < -128 || q > 127 || q != std::floor(q))
            return refuse("{}: its weights are no integers of int8", layer.text);
          out_.weights[step.packed_place(o, step.packed_column(i))] = static_cast<std::int8_t>(q);
        }
        if (bias == nullptr) continue;
        double b = bias->values[o];
        if (bias_scales == nullptr) {
          b = std::round(b / unit);  // a float one
        } else if (const double own = of_output(*bias_scales, o); std::abs(own - unit) > 1e-5 * unit) {
          b = std::round(b * own / unit);
        }
        if (std::abs(b) > 0x7fffffff || b != std::floor(b))
          return refuse("{}: its bias is no integer of 32 bits", layer.text);
        out_.bias[row] = static_cast<std::int32_t>(b);
      }
    }
  }

  /// One stage after the other, each rounded as LiteRT rounds it.
  IntegerTable table_of(const std::vector<Stage>& stages, std::size_t k) {
    IntegerScale in{out_.scale[plan().steps[k].source], out_.zero[plan().steps[k].source]};
    const IntegerScale last{out_.scale[k + 1], out_.zero[k + 1]};
    const auto told = [&](std::size_t i) { return i + 1 == stages.size() ? std::optional(last) : stages[i].scale; };
    IntegerTable all{};
    for (int q = -128; q <= 127; ++q) all[static_cast<std::uint8_t>(q + 128)] = static_cast<std::int8_t>(q);
    for (std::size_t i = 0; i < stages.size(); ++i) {
      const Stage& stage = stages[i];
      std::optional<IntegerScale> own = told(i);
      if (!own && stage.bounds) own = in;
      if (!own && stages[i + 1].bounds) own = told(i + 1);
      if (!own) return refuse("step {}: the file has no scale between two functions of one number", k), all;
      const std::int8_t low = std::isinf(stage.low)
                                  ? std::int8_t{-128}
                                  : edge::to_int8(static_cast<float>(stage.low), own->scale, own->zero),
                        high = std::isinf(stage.high)
                                   ? std::int8_t{127}
                                   : edge::to_int8(static_cast<float>(stage.high), own->scale, own->zero);
      const IntegerTable next = stage.bounds               ? all
                                : stage.operand.op.empty() ? lite_table(stage.name, stage.alpha, in, *own, rounding_)
                                                           : lite_table(stage.operand, in, *own, rounding_);
      for (std::int8_t& q : all)
        q = stage.bounds ? std::clamp(q, low, high) : next[static_cast<std::uint8_t>(int{q} + 128)];
      in = *own;
    }
    return all;
  }

  /// A slope is a float for the kernel, an integer for LiteRT. Of the floats nearby one that rounds every number alike
  /// is looked for: tried out, not proved.
  void fill_slopes(const QuantizedStep& step, const Layer& layer, std::size_t k) {
    const Array* slopes = nullptr;
    double unit = 0;
    for (const auto& [name, array] : layer.weights) {
      if (name == "weight") slopes = &array;
      if (name == slope_scale_name) unit = array.values.at(0);
    }
    const auto in = static_cast<double>(out_.scale[step.source]), out = static_cast<double>(out_.scale[k + 1]);
    const SlopeMultipliers wanted(in, unit, out);
    for (std::size_t c = 0; c < step.factors; ++c) {
      const double q = std::round(slopes->values[c] / unit);
      const auto alike = [&](float slope) {
        const kernels::Requantizer r = edge::requantizer(std::abs(static_cast<double>(slope)) * in / out);
        const kernels::Requantizer own{slope < 0 ? -r.multiplier : r.multiplier, r.shift};
        for (std::int32_t v = -255; v < 0; ++v)
          if (static_cast<double>(own(v)) != wanted(v, q)) return false;
        return true;
      };
      auto below = static_cast<float>(q * unit), above = below;
      for (int tries = 0; tries < 16 && !alike(below) && !alike(above); ++tries)
        below = std::nextafter(below, -HUGE_VALF), above = std::nextafter(above, HUGE_VALF);
      if (!alike(below) && !alike(above))
        return refuse("{}: no slope near {} gives what LiteRT's PRELU gives", layer.text, q * unit);
      out_.weight_scale[step.row + c] = alike(below) ? below : above;
    }
  }

  bool exact_;
  Rounding rounding_;
  QuantizedLayout out_;
  std::map<std::size_t, std::pair<float, int>> scales_;  // by tensor
  std::map<std::size_t, std::string> names_;
  std::map<std::size_t, const Layer*> layers_;           // by step
  std::map<std::size_t, std::vector<Stage>> functions_;  // of tables
  // Within a row: the last table, and the last tensor that layers have bounded, with what its step was before.
  struct {
    std::size_t tensor = 0;
    StepPattern before{};
  } table_, bounded_;
};

}  // namespace

LayerWords::LayerWords(const std::string& text) {
  const std::size_t open = text.find('<');
  name = text.substr(0, open);
  if (open == std::string::npos) return;
  int depth = 0;
  std::string word;
  for (std::size_t i = open + 1; i < text.size(); ++i) {
    const char c = text[i];
    if (depth == 0 && (c == ',' || c == '>')) {
      if (!word.empty()) arguments.push_back(std::exchange(word, {}));
      continue;
    }
    depth += c == '<' ? 1 : c == '>' ? -1 : 0;
    if (c != ' ' || !word.empty()) word += c;
  }
}

std::vector<std::size_t> LayerWords::option(const std::string& option) const {
  for (const std::string& argument : arguments)
    if (argument.starts_with(option + "<")) {
      std::vector<std::size_t> all;
      for (const double v : LayerWords(argument).numbers()) all.push_back(static_cast<std::size_t>(v));
      return all;
    }
  return {};
}

std::vector<double> LayerWords::numbers() const {
  std::vector<double> all;
  for (const std::string& argument : arguments) {
    std::size_t end = 0;
    try {
      const double value = std::stod(argument, &end);
      if (end == argument.size() || argument.substr(end) == "F") all.push_back(value);
    } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch): it is a word, no number
    }
  }
  return all;
}

QuantizedLayout lay_out_quantized(const Structure& structure, const std::string& input, const Dims& takes, bool exact,
                                  Rounding rounding) {
  return Reader(takes, exact, rounding).read(structure, input, takes);
}

}  // namespace tenon::importing
