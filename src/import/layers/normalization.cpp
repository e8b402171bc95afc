#include "writer.hpp"

namespace tenon::importing {

namespace {

/// `epsilon<1e-3>`, where it is not the one that the layer has by itself.
std::vector<std::string> epsilon(const Writer& w, double of_tenon) {
  const auto value = static_cast<float>(w.node.number("epsilon", 1e-5));
  if (value == static_cast<float>(of_tenon)) return {};
  return {fmt::format("epsilon<{}>", number_text(value))};
}

std::string options_text(const std::vector<std::string>& options) {
  return fmt::format("{}", fmt::join(options, ", "));
}

void batch_norm(Writer& w) {
  w.batch_first();
  w.require(w.node.outputs.size() == 1 || w.node.integer("training_mode", 0) == 0,
            "in training mode: layers learn their statistics themselves");
  const Dims shape = w.shape();
  if (shape.size() > 3) w.reshape({shape[0], count_of(shape) / shape[0] / shape.back(), shape.back()});
  const std::size_t rank = w.shape().size();
  const auto of = [&](std::size_t i, const char* what) { return reshaped(w.weight(i, what), {w.shape()[0]}); };
  w.layer(fmt::format("BatchNorm{}<{}>", rank == 3 ? "2D" : "1D", options_text(epsilon(w, 1e-5))), w.shape(),
          {{"weight", of(1, "scale")},
           {"bias", of(2, "bias")},
           {"running_mean", of(3, "mean")},
           {"running_var", of(4, "variance")}});
}

/// Scale and bias of each channel, whether there is one for each channel or for each group.
Array per_channel(const Writer& w, std::size_t input, const char* what) {
  const Array& given = w.weight(input, what);
  const auto channels = static_cast<std::size_t>(w.shape()[0]);
  w.require(!given.values.empty() && channels % given.values.size() == 0, "{} numbers of {} for {} channels",
            given.values.size(), what, channels);
  Array all{Type::float32, {w.shape()[0]}, {}};
  for (std::size_t c = 0; c < channels; ++c) all.values.push_back(given.values[c / (channels / given.values.size())]);
  return all;
}

void instance_norm(Writer& w) {
  w.batch_first();
  std::vector<std::string> options{"affine<true>"};
  const auto more = epsilon(w, 1e-5);
  options.insert(options.end(), more.begin(), more.end());
  const Dims shape = w.shape();
  if (shape.size() > 3) w.reshape({shape[0], count_of(shape) / shape[0]});
  w.layer(fmt::format("InstanceNorm<{}>", options_text(options)), w.shape(),
          {{"weight", per_channel(w, 1, "scale")}, {"bias", per_channel(w, 2, "bias")}});
  w.reshape(shape);
}

void group_norm(Writer& w) {
  w.batch_first();
  std::vector<std::string> options{std::to_string(w.node.integer("num_groups", 1))};
  const auto more = epsilon(w, 1e-5);
  options.insert(options.end(), more.begin(), more.end());
  const Dims shape = w.shape();
  if (shape.size() > 3) w.reshape({shape[0], count_of(shape) / shape[0]});
  w.layer(fmt::format("GroupNorm<{}>", options_text(options)), w.shape(),
          {{"weight", per_channel(w, 1, "scale")}, {"bias", per_channel(w, 2, "bias")}});
  w.reshape(shape);
}

/// LayerNorm and RMSNorm look at the last axis, at vectors, and at images as a whole.
void normalize(Writer& w, const char* name, double usual_epsilon, bool has_bias) {
  const std::size_t axis = w.axis(w.node.integer("axis", -1));
  const Dims shape = w.shape();
  const Dims normal(shape.begin() + static_cast<std::ptrdiff_t>(axis), shape.end());
  const std::int64_t size = count_of(normal);
  const bool whole = axis == 0 && shape.size() != 2 && shape.size() <= most_axes,
             rows = axis + 1 == shape.size() && shape.size() == 2;
  if (!whole && !rows) w.reshape(axis == 0 ? Dims{size} : Dims{count_of(shape) / size, size});
  const Dims kept = whole && shape.size() >= 3 ? shape : Dims{size};
  std::vector<std::string> options = epsilon(w, usual_epsilon);
  std::vector<std::pair<std::string, Array>> weights;
  const auto of = [&](std::size_t i, const char* what) {
    return Array{Type::float32, kept, spread(w.weight(i, what), normal, 0)};
  };
  const bool biased = has_bias && w.has(2);
  weights.emplace_back("weight", of(1, "scale"));
  if (biased) weights.emplace_back("bias", of(2, "bias"));
  else if (has_bias) options.push_back("bias<false>");
  w.layer(fmt::format("{}<{}>", name, options_text(options)), w.shape(), std::move(weights));
  w.reshape(shape);
}
/// Its further outputs are the mean of what is normalised and 1 / its deviation.
void layer_norm(Writer& w) {
  normalize(w, "LayerNorm", 1e-5, true);
  for (std::size_t output = 1; output < w.node.outputs.size(); ++output) {
    if (w.node.outputs[output].empty()) continue;
    w.start(output, {w.node.inputs[0]}, w.sample(0));
    const std::size_t axis = w.axis(w.node.integer("axis", -1));
    const Dims shape = w.shape();
    const std::int64_t size = count_of(Dims(shape.begin() + static_cast<std::ptrdiff_t>(axis), shape.end())),
                       rows = count_of(shape) / size;
    w.reshape({rows, size});
    if (output == 2) w.formula("square(x - mean(x))");
    w.layer("GlobalAvgPool", {rows});
    if (output == 2) w.formula(fmt::format("1 / sqrt(x + {})", number_text(w.node.number("epsilon", 1e-5))));
  }
}
void rms_norm(Writer& w) { normalize(w, "RMSNorm", 1e-6, false); }

/// y = x / (bias + alpha / size * the sum of x x over `size` channels around)^beta. A mean over windows of channels,
/// frames of zeros counted, is that sum / size already.
void local_response_norm(Writer& w) {
  w.batch_first();
  const Dims shape = w.shape();
  const std::int64_t size = w.node.integer("size", 1), rest = count_of(shape) / shape[0];
  const std::string from = w.node.inputs[0];
  const std::string divisor = w.aside(from, shape, [&] {
    w.formula("x * x");
    w.reshape({1, shape[0], rest});
    if (size % 2 == 0)
      w.layer(fmt::format("ZeroPad2D<0, 0, {}, {}>", (size - 1) / 2, size / 2), {1, shape[0] + size - 1, rest});
    if (size > 1)
      w.layer(fmt::format("AvgPool2D<kernel<{}, 1>, stride<1>{}>", size,
                          size % 2 != 0 ? fmt::format(", padding<{}, 0>", size / 2) : ""),
              {1, shape[0], rest});
    w.formula(fmt::format("pow({} + {} * x, {})", number_text(w.node.number("bias", 1)),
                          number_text(w.node.number("alpha", 1e-4)), number_text(w.node.number("beta", 0.75))));
    w.reshape(shape);
  });
  w.start(0, {from, divisor}, shape);
  w.layer("Divide", shape);
}

/// What passes/channels.cpp makes of Sub and Div, and of Mul and Add.
void in_units(Writer& w, const char* first, const char* second, const char* formula) {
  const Array &a = w.weight(1, first), &b = w.weight(2, second);
  if (w.place(0).batch != 0) return w.formula_of(formula, {{first, a}, {second, b}});
  const std::int64_t features = w.shape().size() == 3 ? w.shape().front() : w.shape().back();
  w.layer(w.node.op, w.shape(), {{first, reshaped(a, {features})}, {second, reshaped(b, {features})}});
}
void standardize(Writer& w) {
  in_units(w, "center", "scale", R"((x - param<"center", PerFeature>) / param<"scale", PerFeature, Ones>)");
}
void unstandardize(Writer& w) {
  in_units(w, "unit", "offset", R"(x * param<"unit", PerFeature, Ones> + param<"offset", PerFeature>)");
}

}  // namespace

void add_normalization(LayerTable& table) {
  table.insert({{"BatchNormalization", batch_norm},
                {"InstanceNormalization", instance_norm},
                {"GroupNormalization", group_norm},
                {"LayerNormalization", layer_norm},
                {"RMSNormalization", rms_norm},
                {"LRN", local_response_norm}});
}

void add_units(LayerTable& table) { table.insert({{"Standardize", standardize}, {"Unstandardize", unstandardize}}); }

}  // namespace tenon::importing
