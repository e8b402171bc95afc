#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace tenon {

namespace importing {
struct Graph;
}  // namespace importing

/// An attribute of an operator of ONNX: `{"axis", 1}`, `{"perm", {0, 2, 1}}`, `{"mode", "linear"}`.
struct OnnxAttribute {
  std::string name;
  std::variant<std::int64_t, double, std::string, std::vector<std::int64_t>, std::vector<std::string>> value;

  template <std::integral I>
  OnnxAttribute(std::string_view n, I v) : name(n), value(static_cast<std::int64_t>(v)) {}
  template <std::floating_point F>
  OnnxAttribute(std::string_view n, F v) : name(n), value(static_cast<double>(v)) {}
  template <std::convertible_to<std::string_view> S>
  OnnxAttribute(std::string_view n, const S& v) : name(n), value(std::string(std::string_view(v))) {}
  OnnxAttribute(std::string_view n, std::vector<std::int64_t> v) : name(n), value(std::move(v)) {}
  static OnnxAttribute texts(std::string_view n, std::vector<std::string> v) {
    OnnxAttribute attribute(n, 0);
    attribute.value = std::move(v);
    return attribute;
  }
};

/// What constants are made of.
enum class OnnxType : unsigned char { float32, int64, int32, int8 };

/// A network in ONNX's words (onnx.ai/onnx/operators), opset 17: what `export_onnx` fills and writes. Values have
/// names; all numbers are float but those that say where something lies, and the weights and biases of a network in
/// int8. A free axis "batch" stands in front of inputs and outputs.
class OnnxFile {
public:
  using Axes = std::vector<std::int64_t>;

  explicit OnnxFile(const std::string& name);
  ~OnnxFile();
  OnnxFile(const OnnxFile&) = delete;
  OnnxFile& operator=(const OnnxFile&) = delete;

  /// Axes of a sample.
  void input(const std::string& name, const Axes& axes);
  /// Gives the value this name, by an Identity where it has to keep its own.
  void output(const std::string& name, const std::string& value, const Axes& axes);
  void parameter(const std::string& name, const Axes& axes, std::vector<double> values);
  bool has_parameter(const std::string& name) const;
  /// The name of a constant of these numbers: of one that is there already, or of a new one.
  std::string constant(const Axes& axes, const std::vector<double>& values, OnnxType type);
  /// A new constant called `name`, with a number behind it where that is taken; returns its name.
  std::string constant(const std::string& name, const Axes& axes, std::vector<double> values, OnnxType type);
  /// A new node, named likewise; returns the names of its outputs, which are that of the node, from the second on with
  /// a number behind it.
  std::vector<std::string> add(const std::string& name, std::string_view op, const std::vector<std::string>& inputs,
                               const std::vector<OnnxAttribute>& attributes, size_t outputs);

  /// The file is replaced atomically. Error: it would be larger than the 2 GiB that the format has.
  void write(const std::string& path) const;

private:
  std::string free_name(const std::string& wanted);

  struct Names;
  std::unique_ptr<importing::Graph> graph_;
  std::unique_ptr<Names> names_;
};

}  // namespace tenon
