#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <tenon/io/onnx_file.hpp>
#include <tenon/net/inputs.hpp>

namespace tenon {

namespace detail {

/// Whether a formula has a word in ONNX: see model/onnx_formula.hpp.
template <class E>
struct OnnxWords;

/// The axes of a shape, or of each of several.
template <class S>
struct onnx_axes {
  static std::vector<OnnxFile::Axes> value() { return {OnnxFile::Axes(S::dims.begin(), S::dims.end())}; }
};
template <class... S>
struct onnx_axes<Inputs<S...>> {
  static std::vector<OnnxFile::Axes> value() { return {OnnxFile::Axes(S::dims.begin(), S::dims.end())...}; }
};
template <class... S>
struct onnx_axes<Outputs<S...>> : onnx_axes<Inputs<S...>> {};

}  // namespace detail

/// What a layer is given to say what it is in ONNX. A layer that exports has, in itself or in what it is bound to,
///
///     template <class To>
///     static auto onnx(To& to) { return to.node("Elu", {to.input()}, {{"alpha", 0.5}}); }
///
/// which makes nodes and gives back the name of the value that is its output; a `requires` behind it says which of its
/// forms have no such nodes. A formula need not say anything. In front of all axes stands the batch.
class OnnxLayer {
public:
  using Axes = OnnxFile::Axes;
  using Values = std::vector<std::string>;
  using Numbers = std::vector<double>;
  using Attributes = std::vector<OnnxAttribute>;

  /// Nodes are called after `path`, parameters are looked for behind `parameters` ("encoder.2.").
  OnnxLayer(OnnxFile& file, std::string path, std::string parameters, Values inputs, std::vector<Axes> axes)
      : file_(&file),
        path_(std::move(path)),
        parameters_(std::move(parameters)),
        inputs_(std::move(inputs)),
        axes_(std::move(axes)) {}

  const std::string& input(size_t k = 0) const { return inputs_[k]; }
  size_t inputs() const { return inputs_.size(); }
  /// Axes of a sample of an input.
  const Axes& axes(size_t k = 0) const { return axes_[k]; }
  size_t rank(size_t k = 0) const { return axes_[k].size(); }

  std::string parameter(std::string_view name) const { return parameters_ + std::string(name); }
  /// The same, or "", which stands for an absent input, where the layer has no such parameter.
  std::string parameter_or_none(std::string_view name) const {
    return file_->has_parameter(parameter(name)) ? parameter(name) : "";
  }
  std::string parameter_or(std::string_view name, size_t size, double number) {
    if (file_->has_parameter(parameter(name))) return parameter(name);
    return numbers({static_cast<std::int64_t>(size)}, std::vector<double>(size, number));
  }

  std::string number(double value) { return file_->constant({}, {value}, OnnxType::float32); }
  std::string numbers(const Axes& axes, const std::vector<double>& values) {
    return file_->constant(axes, values, OnnxType::float32);
  }
  std::string integer(std::int64_t value) { return file_->constant({}, {static_cast<double>(value)}, OnnxType::int64); }
  std::string integers(const Axes& values) {
    return file_->constant({static_cast<std::int64_t>(values.size())}, {values.begin(), values.end()}, OnnxType::int64);
  }

  /// A node, once however often it is asked for.
  std::string node(std::string_view op, const Values& inputs, const std::vector<OnnxAttribute>& attributes = {}) {
    return nodes(op, inputs, attributes, 1)[0];
  }
  Values nodes(std::string_view op, Values inputs, const std::vector<OnnxAttribute>& attributes, size_t outputs) {
    while (!inputs.empty() && inputs.back().empty()) inputs.pop_back();  // absent ones at the end are not listed
    std::vector<std::string> key{std::string(op)};
    key.insert(key.end(), inputs.begin(), inputs.end());
    for (const OnnxAttribute& a : attributes) key.push_back(a.name + "=" + describe(a));
    std::vector<std::string>& made = made_[key];
    const std::string name = (path_.empty() ? "" : path_ + "/") + std::string(op);
    if (made.empty()) made = file_->add(name, op, inputs, attributes, outputs);
    return made;
  }
  /// ((a op b) op c) op d: nodes of two inputs each.
  std::string chain(std::string_view op, const Values& inputs) {
    std::string result = inputs[0];
    for (size_t k = 1; k < inputs.size(); ++k) result = node(op, {result, inputs[k]});
    return result;
  }
  /// A value with other axes behind the batch; `reshape_all`: with other axes, the batch's among them.
  std::string reshape(const std::string& value, Axes axes) {
    axes.insert(axes.begin(), -1);
    return node("Reshape", {value, integers(axes)});
  }
  std::string reshape_all(const std::string& value, const Axes& axes) {
    return node("Reshape", {value, integers(axes)});
  }
  /// An operator with an axis that runs over the last one, and over all of an image.
  std::string over_rows(std::string_view op) {
    if (rank() <= 2) return node(op, {input()}, {{"axis", -1}});
    return reshape(node(op, {node("Flatten", {input()})}, {{"axis", -1}}), axes());
  }
  /// What goes along the channels of something with so many axes: (C) as (C, 1, 1).
  std::string along_channels(const std::string& value, size_t channels, size_t rank) {
    Axes axes(rank, 1);
    axes[0] = static_cast<std::int64_t>(channels);
    return reshape(value, axes);
  }

  /// What a bound layer does to a value, whose numbers it sees in the shape that it is bound to.
  template <class Unit>
  std::string unit(const std::string& value) {
    OnnxLayer inner(*file_, path_, parameters_, {value}, detail::onnx_axes<typename Unit::input>::value());
    if (inner.axes() != axes()) inner.inputs_[0] = inner.reshape(value, inner.axes());
    return Unit::onnx(inner);
  }
  /// What a formula's unit gives; defined in model/onnx_formula.hpp.
  template <class Unit>
  std::string formula();
  template <class E>
  static constexpr bool has_words = detail::OnnxWords<E>::value;

  static OnnxAttribute texts(std::string_view name, const char* text, size_t times) {
    return OnnxAttribute::texts(name, Values(times, text));
  }

  /// The attributes of windows along height and width (kernels/convolution.hpp), of signals along the width alone.
  /// Padding is the same on both sides where that gives as many positions. Transposed: what padding leaves over is
  /// stated too.
  template <class Axis>
  std::vector<OnnxAttribute> windows(size_t axes, const Axis& height, const Axis& width, bool dilated = true,
                                     bool is_transposed = false) const {
    Axes kernel, stride, dilation, before, after, more;
    for (const Axis& a : axes == 2 ? std::vector<Axis>{height, width} : std::vector<Axis>{width}) {
      const auto whole = [](size_t n) { return static_cast<std::int64_t>(n); };
      const std::int64_t extent = whole((a.kernel - 1) * a.dilation + 1);
      const std::int64_t missing = whole((a.map - 1) * a.stride) + extent - whole(a.before + a.image);
      const bool alike = (whole(2 * a.before + a.image) - extent) / whole(a.stride) + 1 == whole(a.map);
      kernel.push_back(whole(a.kernel));
      stride.push_back(whole(a.stride));
      dilation.push_back(whole(a.dilation));
      before.push_back(whole(a.before));
      after.push_back(alike ? before.back() : std::max<std::int64_t>(missing, 0));
      more.push_back(after.back() - missing);
    }
    before.insert(before.end(), after.begin(), after.end());
    std::vector<OnnxAttribute> all{{"kernel_shape", kernel}, {"strides", stride}, {"pads", before}};
    if (dilated) all.emplace_back("dilations", dilation);
    if (is_transposed) all.emplace_back("output_padding", more);
    return all;
  }

private:
  static std::string describe(const OnnxAttribute& a) {
    std::string text;
    const auto add = [&](const auto& v) {
      if constexpr (requires { std::string(v); }) text += v + ",";
      else text += std::to_string(v) + ",";
    };
    std::visit(
        [&](const auto& v) {
          if constexpr (requires { v.begin(); } && !std::is_same_v<std::remove_cvref_t<decltype(v)>, std::string>)
            for (const auto& each : v) add(each);
          else add(v);
        },
        a.value);
    return text;
  }

  OnnxFile* file_;
  std::string path_, parameters_;
  Values inputs_;
  std::vector<Axes> axes_;
  std::map<std::vector<std::string>, std::vector<std::string>> made_;
};

}  // namespace tenon
