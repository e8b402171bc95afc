#include "../operators/windows.hpp"

#include "writer.hpp"

namespace tenon::importing {

namespace {

/// `stride<2>`, or `stride<2, 1>` where the axes differ; nothing where all are `usual`.
std::string option(const char* name, const Dims& values, std::int64_t usual) {
  if (std::all_of(values.begin(), values.end(), [&](auto v) { return v == usual; })) return "";
  const bool alike = std::all_of(values.begin(), values.end(), [&](auto v) { return v == values[0]; });
  return fmt::format(", {}<{}>", name, alike ? std::to_string(values[0]) : list_text(values));
}

/// "3" for a square kernel; otherwise the option `kernel<3, 5>`.
std::string kernel_text(const Dims& kernel) {
  const bool square = std::all_of(kernel.begin(), kernel.end(), [&](auto k) { return k == kernel[0]; });
  return square ? std::to_string(kernel[0]) : fmt::format("kernel<{}>", list_text(kernel));
}

const char* axes_text(const Writer& w, std::size_t axes) {
  w.require(axes == 1 || axes == 2, "works along {} axes; there are layers for one and two", axes);
  return axes == 1 ? "1D" : "2D";
}

/// How the windows lie on a sample of (channels, ...).
Windows windows(Writer& w, const Dims& kernel) {
  w.batch_first();
  const std::vector<const Array*> none;
  return windows_of(Call{w.node, w.opset(), none}, w.place(w.values().front()).dims, kernel);
}

/// Padding of the same numbers on both sides that gives as many windows, or none.
std::optional<Dims> both_sides(const Windows& v) {
  for (std::size_t a = 0; a < v.axes(); ++a) {
    const std::int64_t extent = v.dilations[a] * (v.kernel[a] - 1) + 1, room = v.size[a] + 2 * v.before[a] - extent;
    if (room < 0 || room / v.strides[a] + 1 != v.count[a]) return std::nullopt;
  }
  return v.before;
}

/// A frame of zeros for exactly these windows.
void zero_pad(Writer& w, const Windows& v) {
  Dims frame, gives{w.shape()[0]};
  for (std::size_t a = v.axes(); a-- > 0;) {
    const std::int64_t reach = (v.count[a] - 1) * v.strides[a] + v.dilations[a] * (v.kernel[a] - 1) + 1;
    frame.insert(frame.end(), {v.before[a], std::max<std::int64_t>(reach - v.size[a] - v.before[a], 0)});
    gives.insert(gives.begin() + 1, v.size[a] + frame[frame.size() - 2] + frame.back());
  }
  w.layer(fmt::format("ZeroPad{}<{}>", axes_text(w, v.axes()), list_text(frame)), gives);
}

Dims behind(std::int64_t channels, const Windows& v) {
  Dims gives{channels};
  gives.insert(gives.end(), v.count.begin(), v.count.end());
  return gives;
}

/// Weight and bias, where there is one that is not all zeros.
std::vector<std::pair<std::string, Array>> weights(const Writer& w, std::size_t bias, std::string& options) {
  std::vector<std::pair<std::string, Array>> all{{"weight", w.weight(1, "weight")}};
  const Array* b = w.has(bias) ? &w.weight(bias, "bias") : nullptr;
  if (b != nullptr && !all_equal(*b, 0)) all.emplace_back("bias", *b);
  else options += ", bias<false>";
  return all;
}

void conv(Writer& w) {
  const Array& weight = w.weight(1, "weight");
  const Windows v = windows(w, Dims(weight.dims.begin() + 2, weight.dims.end()));
  const char* axes = axes_text(w, v.axes());
  Dims padding(v.axes(), 0);
  if (const auto both = both_sides(v)) padding = *both;
  else zero_pad(w, v);
  const std::int64_t groups = w.node.integer("group", 1);
  std::string options = option("stride", v.strides, 0) + option("padding", padding, 0) +
                        option("dilation", v.dilations, 1) + (groups > 1 ? fmt::format(", groups<{}>", groups) : "");
  auto numbers = weights(w, 2, options);
  w.layer(fmt::format("Conv{}<{}, {}{}>", axes, weight.dims[0], kernel_text(v.kernel), options),
          behind(weight.dims[0], v), std::move(numbers));
}

void conv_transpose(Writer& w) {
  w.batch_first();
  const Array& weight = w.weight(1, "weight");
  const Dims kernel(weight.dims.begin() + 2, weight.dims.end()), in = w.shape(), out = w.result();
  const char* axes = axes_text(w, kernel.size());
  const Dims ones(kernel.size(), 1), strides = w.node.integers("strides", ones),
                                     dilations = w.node.integers("dilations", ones);
  const Dims pads = w.node.integers("pads", Dims(2 * kernel.size(), 0));
  const std::string fit = w.node.text("auto_pad", "NOTSET");
  Dims padding, more;
  for (std::size_t a = 0; a < kernel.size(); ++a) {
    // out = (in - 1) stride - padding on both sides + extent + what is added at the end
    const std::int64_t whole = (in[a + 1] - 1) * strides[a] + dilations[a] * (kernel[a] - 1) + 1,
                       cut = whole - out[a + 2];
    std::int64_t before = pads[a];
    if (fit == "SAME_UPPER" || fit == "SAME_LOWER" || w.node.has("output_shape"))
      before = fit == "SAME_UPPER" ? std::max<std::int64_t>(cut, 0) / 2 : (std::max<std::int64_t>(cut, 0) + 1) / 2;
    padding.push_back(before);
    more.push_back(2 * before - cut);
    w.require(more.back() >= 0, "cuts {} off at the start of axis {} and {} at its end: a layer cuts as much from both",
              before, a + 2, cut - before);
  }
  const std::int64_t groups = w.node.integer("group", 1);
  std::string options = option("stride", strides, 0) + option("padding", padding, 0) +
                        option("output_padding", more, 0) + option("dilation", dilations, 1) +
                        (groups > 1 ? fmt::format(", groups<{}>", groups) : "");
  auto numbers = weights(w, 2, options);
  w.layer(fmt::format("ConvTranspose{}<{}, {}{}>", axes, out[1], kernel_text(kernel), options),
          Dims(out.begin() + 1, out.end()), std::move(numbers));
}

/// Strides of a pool are its kernel unless they are said.
std::string pool_options(const Windows& v, const Dims& padding) {
  return (v.strides == v.kernel ? "" : option("stride", v.strides, 0)) + option("padding", padding, 0) +
         option("dilation", v.dilations, 1);
}

bool at_most_half(const Dims& padding, const Dims& kernel) {
  for (std::size_t a = 0; a < padding.size(); ++a)
    if (2 * padding[a] > kernel[a]) return false;
  return true;
}

void max_pool(Writer& w) {
  w.require(w.node.outputs.size() < 2 || w.node.outputs[1].empty(),
            "its second output, where the largest numbers were, is asked for");
  const Windows v = windows(w, w.node.integers("kernel_shape"));
  const char* axes = axes_text(w, v.axes());
  Dims padding(v.axes(), 0);
  if (const auto both = both_sides(v); both && at_most_half(*both, v.kernel)) {
    padding = *both;
  } else {
    // no number is below 0, so a frame of zeros is never larger
    w.require(w.not_negative(0),
              "pads [{}] and [{}] differ and the numbers may be below 0: a frame of zeros would be the largest",
              list_text(v.before), list_text(v.after));
    zero_pad(w, v);
  }
  w.layer(fmt::format("MaxPool{}<{}{}>", axes, kernel_text(v.kernel), pool_options(v, padding)),
          behind(w.shape()[0], v));
}

/// One window that has the whole image in it.
bool covers_all(const Windows& v) {
  for (std::size_t a = 0; a < v.axes(); ++a)
    if (v.count[a] != 1 || v.dilations[a] != 1 || v.kernel[a] < v.size[a] + v.before[a]) return false;
  return true;
}

void average_pool(Writer& w) {
  const Windows v = windows(w, w.node.integers("kernel_shape"));
  const char* axes = axes_text(w, v.axes());
  const bool counted = w.node.integer("count_include_pad", 0) != 0;
  const auto both = both_sides(v);
  Dims padding(v.axes(), 0);
  std::string counts;
  if (!both && !counted && covers_all(v)) {
    const std::int64_t channels = w.shape()[0];
    w.layer("GlobalAvgPool", {channels});
    return w.reshape(behind(channels, v));
  }
  if (both && at_most_half(*both, v.kernel)) {
    padding = *both;
    if (!counted && option("padding", padding, 0) != "") counts = ", count_include_pad<false>";
  } else {
    w.require(counted && w.node.integer("ceil_mode", 0) == 0,
              "pads [{}] and [{}] differ and what they add is no part of a mean: AvgPool{} pads both sides alike",
              list_text(v.before), list_text(v.after), axes);
    zero_pad(w, v);
  }
  w.layer(fmt::format("AvgPool{}<{}{}{}>", axes, kernel_text(v.kernel), pool_options(v, padding), counts),
          behind(w.shape()[0], v));
}

template <const char* Name>
void global_pool(Writer& w) {
  w.batch_first();
  const Dims in = w.shape();
  if (in.size() > 3) w.reshape({in[0], count_of(in) / in[0]});
  w.layer(Name, {in[0]});
}
constexpr char mean[] = "GlobalAvgPool", largest[] = "GlobalMaxPool";

void resize(Writer& w) {
  w.batch_first();
  const Dims in = w.shape(), all = w.result(), out(all.begin() + 1, all.end());
  const std::string mode = w.node.text("mode", "nearest"),
                    place = w.node.text("coordinate_transformation_mode", "half_pixel");
  w.require(in.size() == out.size() && (in.size() == 2 || in.size() == 3) && in[0] == out[0],
            "stretches other axes than height and width");
  Dims factors;
  for (std::size_t a = 1; a < in.size(); ++a) {
    w.require(out[a] % in[a] == 0, "makes {} of {}: Upsample stretches by whole factors", out[a], in[a]);
    factors.push_back(out[a] / in[a]);
  }
  const std::string rounding = w.node.text("nearest_mode", "round_prefer_floor");
  const bool old = w.node.op == "Upsample" || w.opset() < 11;
  const bool centres = place == "half_pixel" || place == "half_pixel_symmetric" || place == "pytorch_half_pixel";
  const bool nearest = mode == "nearest" && (old || (centres && rounding.starts_with("round_prefer")) ||
                                             (place == "asymmetric" && rounding == "floor"));
  const bool linear = mode == "linear" && !old && centres;
  w.require(nearest || linear, "mode {}, coordinates {}, rounding {}: Upsample has nearest and linear with half_pixel",
            mode, old ? "asymmetric" : place, rounding);
  std::string text = option("", factors, 0).substr(3);
  text.pop_back();
  w.layer(fmt::format("Upsample<{}{}>", text, linear ? ", bilinear" : ""), out);
}

}  // namespace

void add_windows(LayerTable& table) {
  table.insert({{"Conv", conv},
                {"ConvTranspose", conv_transpose},
                {"MaxPool", max_pool},
                {"AveragePool", average_pool},
                {"GlobalAveragePool", global_pool<mean>},
                {"GlobalMaxPool", global_pool<largest>},
                {"Resize", resize},
                {"Upsample", resize}});
}

}  // namespace tenon::importing
