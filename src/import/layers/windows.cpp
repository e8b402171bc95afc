#include "../operators/windows.hpp"

#include <numeric>

#include "../../backwards.hpp"
#include "../operators/resize.hpp"
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
    const std::int64_t extent = v.dilations[a] * (v.kernel[a] - 1) + 1, space = v.size[a] + 2 * v.before[a] - extent;
    if (space < 0 || space / v.strides[a] + 1 != v.count[a]) return std::nullopt;
  }
  return v.before;
}

/// A frame of zeros for exactly these windows.
void zero_pad(Writer& w, const Windows& v) {
  Dims frame, gives{w.shape()[0]};
  for (const std::size_t a : detail::backwards(v.axes())) {
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
  std::vector<std::pair<std::string, Array>> all;
  all.emplace_back("weight", w.weight(1, "weight"));  // a list in braces would copy it twice
  const Array* b = w.has(bias) ? &w.weight(bias, "bias") : nullptr;
  if (b != nullptr && !all_equal(*b, 0)) all.emplace_back("bias", *b);
  else options += ", bias<false>";
  return all;
}

/// Axes [from, to) of windows, as windows of their own.
Windows some_axes(const Windows& v, std::size_t from, std::size_t to) {
  Windows part;
  for (auto member : {&Windows::size, &Windows::kernel, &Windows::strides, &Windows::dilations, &Windows::before,
                      &Windows::after, &Windows::count})
    part.*member = Dims((v.*member).begin() + static_cast<std::ptrdiff_t>(from),
                        (v.*member).begin() + static_cast<std::ptrdiff_t>(to));
  return part;
}

/// The first of three axes goes into the channels: the planes of a window are channels of the image that Conv2D sees,
/// one image for each place of that axis.
void conv_3d(Writer& w, const Array& weight, const Windows& v) {
  const Dims in = w.shape();
  const Windows plane = some_axes(v, 1, 3);
  const std::int64_t taps = v.kernel[0], count = v.count[0], groups = w.node.integer("group", 1),
                     outputs = weight.dims[0];
  Dims padding(2, 0), which;
  if (const auto both = both_sides(plane)) {
    padding = *both;
  } else {
    w.reshape({in[0] * in[1], in[2], in[3]});
    zero_pad(w, plane);
  }
  const std::int64_t height = w.shape().end()[-2], width = w.shape().end()[-1], pixels = height * width;
  w.reshape({in[0], in[1], pixels});
  const std::int64_t reach = (count - 1) * v.strides[0] + v.dilations[0] * (taps - 1) + 1,
                     space = in[1] + v.before[0] + std::max<std::int64_t>(reach - in[1] - v.before[0], 0);
  frame(w, 1, v.before[0], space - in[1] - v.before[0]);
  for (std::int64_t i = 0; i < count; ++i)
    for (std::int64_t tap = 0; tap < taps; ++tap) which.push_back(i * v.strides[0] + tap * v.dilations[0]);
  take(w, 1, which);
  w.reshape({in[0], count, taps, pixels});
  w.permute({1, 0, 2, 3});
  std::string options = option("stride", plane.strides, 1) + option("padding", padding, 0) +
                        option("dilation", plane.dilations, 1) +
                        (groups > 1 ? fmt::format(", groups<{}>", groups) : "");
  auto numbers = weights(w, 2, options);
  numbers[0].second = reshaped(weight, {outputs, weight.dims[1] * taps, v.kernel[1], v.kernel[2]});
  const std::string text = fmt::format("Conv2D<{}, {}{}>", outputs, kernel_text(plane.kernel), options);
  w.reshape(count == 1 ? Dims{in[0] * taps, height, width} : Dims{count, in[0] * taps, height, width});
  Dims gives = behind(outputs, plane);
  if (count == 1) return w.layer(text, gives, std::move(numbers));
  gives.insert(gives.begin(), count);
  w.layer(fmt::format("TimeDistributed<{}>", text), gives, std::move(numbers));
  w.permute({1, 0, 2, 3});
}

void conv(Writer& w) {
  const Array& weight = w.weight(1, "weight");
  const Windows v = windows(w, Dims(weight.dims.begin() + 2, weight.dims.end()));
  if (v.axes() == 3) return conv_3d(w, weight, v);
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
  Dims padding, more, gives(out.begin() + 1, out.end());
  for (std::size_t a = 0; a < kernel.size(); ++a) {
    // out = (in - 1) stride - padding on both sides + extent + what is added at the end
    const std::int64_t whole = (in[a + 1] - 1) * strides[a] + dilations[a] * (kernel[a] - 1) + 1,
                       cut = whole - out[a + 2];
    std::int64_t before = pads[a];
    if (fit == "SAME_UPPER" || fit == "SAME_LOWER" || w.node.has("output_shape"))
      before = fit == "SAME_UPPER" ? std::max<std::int64_t>(cut, 0) / 2 : (std::max<std::int64_t>(cut, 0) + 1) / 2;
    padding.push_back(before);
    // a layer cuts as much from both ends; what is cut off besides behind is left out afterwards
    more.push_back(std::max<std::int64_t>(2 * before - cut, 0));
    gives[a + 1] += std::max<std::int64_t>(cut - 2 * before, 0);
  }
  const std::int64_t groups = w.node.integer("group", 1);
  std::string options = option("stride", strides, 0) + option("padding", padding, 0) +
                        option("output_padding", more, 0) + option("dilation", dilations, 1) +
                        (groups > 1 ? fmt::format(", groups<{}>", groups) : "");
  auto numbers = weights(w, 2, options);
  w.layer(fmt::format("ConvTranspose{}<{}, {}{}>", axes, out[1], kernel_text(kernel), options), gives,
          std::move(numbers));
  for (std::size_t a = 1; a < gives.size(); ++a) {
    Dims kept(static_cast<std::size_t>(out[a + 1]));
    std::iota(kept.begin(), kept.end(), 0);
    take(w, a, kept);
  }
}

/// Strides of a pool are its kernel unless they are given.
std::string pool_options(const Windows& v, const Dims& padding) {
  return (v.strides == v.kernel ? "" : option("stride", v.strides, 0)) + option("padding", padding, 0) +
         option("dilation", v.dilations, 1);
}

bool at_most_half(const Dims& padding, const Dims& kernel) {
  for (std::size_t a = 0; a < padding.size(); ++a)
    if (2 * padding[a] > kernel[a]) return false;
  return true;
}

/// A pool along three axes is one along the first and then one along the others.
void pool_axes(Writer& w, const Windows& v, void (*pool)(Writer&, const Windows&)) {
  if (v.axes() != 3) return pool(w, v);
  const Dims in = w.shape();
  const std::int64_t channels = in[0], pixels = in[2] * in[3], deep = v.count[0];
  Windows first = some_axes(v, 0, 1);
  for (Dims* one : {&first.kernel, &first.strides, &first.dilations}) one->push_back(1);
  for (Dims* none : {&first.before, &first.after}) none->push_back(0);
  for (Dims* all : {&first.size, &first.count}) all->push_back(pixels);
  w.reshape({channels, in[1], pixels});
  pool(w, first);
  w.reshape({channels * deep, in[2], in[3]});
  pool(w, some_axes(v, 1, 3));
  w.reshape(behind(channels, v));
}

/// The numbers of each window along an axis, side by side, and the largest of them; for taps outside of the axis the
/// first one inside stands again, which changes nothing.
void largest_along(Writer& w, const Windows& v, std::size_t a) {
  Dims which;
  for (std::int64_t i = 0; i < v.count[a]; ++i) {
    std::int64_t inside = -1;
    for (std::int64_t tap = v.kernel[a]; tap-- > 0;)
      if (const std::int64_t at = v.place(a, i, tap); at >= 0 && at < v.size[a]) inside = at;
    w.require(inside >= 0, "has windows with nothing in them");
    for (std::int64_t tap = 0; tap < v.kernel[a]; ++tap) {
      const std::int64_t at = v.place(a, i, tap);
      which.push_back(at >= 0 && at < v.size[a] ? at : inside);
    }
  }
  Dims gives = w.shape();
  const auto axis = gives.begin() + 1 + static_cast<std::ptrdiff_t>(a);
  const std::int64_t outer = count_of(Dims(gives.begin(), axis)), inner = count_of(Dims(axis + 1, gives.end()));
  take(w, a + 1, which);
  *axis = v.count[a];
  if (v.kernel[a] > 1) {
    w.reshape({outer * v.count[a], v.kernel[a], inner});
    w.layer(fmt::format("MaxPool2D<kernel<{}, 1>>", v.kernel[a]), {outer * v.count[a], 1, inner});
  }
  w.reshape(gives);
}

/// Sums over the windows along an axis, each divided by how many numbers count in it.
void mean_along(Writer& w, const Windows& v, std::size_t a, bool with_padding, bool divides = true) {
  if (v.kernel[a] == 1 && v.count[a] == v.size[a] && v.strides[a] == 1) return;
  Array matrix{Type::float32, {v.count[a], v.size[a]}, {}};
  for (std::int64_t i = 0; i < v.count[a]; ++i) {
    std::vector<double> row(static_cast<std::size_t>(v.size[a]), 0);
    double counted = 0;
    for (std::int64_t tap = 0; tap < v.kernel[a]; ++tap) {
      const std::int64_t at = v.place(a, i, tap);
      const bool inside = at >= 0 && at < v.size[a];
      if (inside) row[static_cast<std::size_t>(at)] += 1;
      if (inside || (with_padding && at < v.size[a] + v.after[a])) counted += 1;
    }
    for (double& factor : row) matrix.values.push_back(factor == 0 || !divides ? factor : factor / counted);
  }
  times_matrix(w, a + 1, std::move(matrix));
}

void max_pool_plain(Writer& w, const Windows& v) {
  const char* axes = axes_text(w, v.axes());
  Dims padding(v.axes(), 0);
  if (const auto both = both_sides(v); both && at_most_half(*both, v.kernel)) {
    padding = *both;
  } else if (w.not_negative(0)) {  // no number is below 0, so a frame of zeros is never larger
    zero_pad(w, v);
  } else {
    for (std::size_t a = 0; a < v.axes(); ++a) largest_along(w, v, a);
    return;
  }
  w.layer(fmt::format("MaxPool{}<{}{}>", axes, kernel_text(v.kernel), pool_options(v, padding)),
          behind(w.shape()[0], v));
}

void max_pool(Writer& w) {
  w.require(w.node.outputs.size() < 2 || w.node.outputs[1].empty(),
            "its second output, where the largest numbers were, is asked for");
  pool_axes(w, windows(w, w.node.integers("kernel_shape")), max_pool_plain);
}

/// One window that has the whole image in it.
bool covers_all(const Windows& v) {
  for (std::size_t a = 0; a < v.axes(); ++a)
    if (v.count[a] != 1 || v.dilations[a] != 1 || v.kernel[a] < v.size[a] + v.before[a]) return false;
  return true;
}

void average_pool_plain(Writer& w, const Windows& v) {
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
  } else if (counted && w.node.integer("ceil_mode", 0) == 0) {
    zero_pad(w, v);
  } else {
    for (std::size_t a = 0; a < v.axes(); ++a) mean_along(w, v, a, counted);
    return;
  }
  w.layer(fmt::format("AvgPool{}<{}{}{}>", axes, kernel_text(v.kernel), pool_options(v, padding), counts),
          behind(w.shape()[0], v));
}

void average_pool(Writer& w) { pool_axes(w, windows(w, w.node.integers("kernel_shape")), average_pool_plain); }

/// (the sum of |x|^p)^(1/p)
void lp_pool(Writer& w) {
  const std::int64_t p = w.node.integer("p", 2);
  const Windows v = windows(w, w.node.integers("kernel_shape"));
  w.require(p >= 1, "p = {}", p);
  w.formula(p == 1 ? "abs(x)" : p == 2 ? "x * x" : fmt::format("pow(abs(x), {})", p));
  for (std::size_t a = 0; a < v.axes(); ++a) mean_along(w, v, a, false, false);
  if (p > 1) w.formula(p == 2 ? "sqrt(x)" : fmt::format("pow(x, {})", number_text(1 / static_cast<double>(p))));
}

template <const char* Name>
void global_pool(Writer& w) {
  w.batch_first();
  const Dims in = w.shape();
  if (in.size() > 3) w.reshape({in[0], count_of(in) / in[0]});
  w.layer(Name, {in[0]});
}
constexpr char mean[] = "GlobalAvgPool", largest[] = "GlobalMaxPool";

/// Upsample, where it is that: height and width stretched by whole factors.
std::optional<std::string> as_upsample(const Writer& w, const std::vector<ResizedAxis>& axes) {
  const Dims in = w.sample(0), out = Place{w.result(), w.place(0).batch}.sample();
  if (w.place(0).batch != 0 || in.size() != out.size() || (in.size() != 2 && in.size() != 3) || in[0] != out[0])
    return std::nullopt;
  for (const ResizedAxis& r : axes)  // the file's factor may be another than that of the sizes
    if (r.scale * static_cast<double>(r.matrix.dims[1]) != static_cast<double>(r.matrix.dims[0])) return std::nullopt;
  Dims factors;
  for (std::size_t a = 1; a < in.size(); ++a) {
    if (out[a] % in[a] != 0) return std::nullopt;
    factors.push_back(out[a] / in[a]);
  }
  const std::string mode = w.node.text("mode", "nearest"),
                    place = w.node.text("coordinate_transformation_mode", "half_pixel"),
                    rounding = w.node.text("nearest_mode", "round_prefer_floor");
  const bool old = w.node.op == "Upsample" || w.opset() < 11;
  const bool centres = place == "half_pixel" || place == "half_pixel_symmetric" || place == "pytorch_half_pixel";
  const bool nearest = mode == "nearest" && (old || (centres && rounding.starts_with("round_prefer")) ||
                                             (place == "asymmetric" && rounding == "floor"));
  const bool linear = mode == "linear" && !old && centres;
  if (!nearest && !linear) return std::nullopt;
  std::string text = option("", factors, 0).substr(3);
  text.pop_back();
  return fmt::format("Upsample<{}{}>", text, linear ? ", bilinear" : "");
}

/// The one place that each place of the result is, where all of them are that.
std::optional<Dims> places_of(const Array& matrix) {
  Dims which;
  const std::int64_t columns = matrix.dims[1];
  for (std::int64_t i = 0; i < matrix.dims[0]; ++i) {
    const auto row = matrix.values.begin() + i * columns, one = std::find(row, row + columns, 1.0);
    if (std::count(row, row + columns, 0.0) != columns - 1 || one == row + columns) return std::nullopt;
    which.push_back(one - row);
  }
  return which;
}

void resize(Writer& w) {
  std::vector<const Array*> inputs;
  const Array unknown{Type::float32, w.place(0).dims, {}};
  for (std::size_t i = 0; i < w.node.inputs.size(); ++i) inputs.push_back(i == 0 ? &unknown : w.constant(i));
  for (std::size_t i = 1; i < w.node.inputs.size(); ++i) w.require(!w.has(i) || inputs[i], "its scales are computed");
  std::vector<ResizedAxis> axes = resized_axes(Call{w.node, w.opset(), inputs});
  if (const auto text = as_upsample(w, axes)) {
    const Dims all = w.result();
    return w.layer(*text, Dims(all.begin() + 1, all.end()));
  }
  bool beyond = false;
  for (ResizedAxis& r : axes)
    for (std::int64_t i = 0; i < r.matrix.dims[0]; ++i) {
      if (!r.outside[static_cast<std::size_t>(i)]) continue;
      std::fill_n(r.matrix.values.begin() + i * r.matrix.dims[1], r.matrix.dims[1], 0.0);
      beyond = true;
    }
  // What lies outside is 0, and so the value once this is taken off everything: factors sum up to 1 elsewhere.
  const double value = beyond ? w.node.number("extrapolation_value", 0) : 0;
  if (value != 0) w.formula(fmt::format("x - ({})", number_text(value)));
  for (ResizedAxis& r : axes) {
    const std::size_t axis = w.axis(static_cast<std::int64_t>(r.axis));
    const auto which = places_of(r.matrix);
    if (which && which->size() <= 256) take(w, axis, *which);
    else times_matrix(w, axis, std::move(r.matrix));
  }
  if (value != 0) w.formula(fmt::format("x + {}", number_text(value)));
}

}  // namespace

void add_windows(LayerTable& table) {
  table.insert({{"Conv", conv},
                {"ConvTranspose", conv_transpose},
                {"MaxPool", max_pool},
                {"AveragePool", average_pool},
                {"LpPool", lp_pool},
                {"GlobalAveragePool", global_pool<mean>},
                {"GlobalMaxPool", global_pool<largest>},
                {"Resize", resize},
                {"Upsample", resize}});
}

}  // namespace tenon::importing
