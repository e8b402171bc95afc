#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// What a file with a network says, whatever its format: a list of named values and of operators between them.
///
/// The operators are ONNX's, with ONNX's names, attributes, axes and meaning (onnx.ai/onnx/operators). A reader of
/// another format writes what it finds in these words: TFLite's CONV_2D becomes Transpose, Conv, Transpose; the passes
/// that simplify a graph then take out what cancels. So one interpreter, one set of rewrites and one writer of types
/// are enough.
namespace tenon::importing {

enum class Type {
  float32,
  float64,
  float16,
  bfloat16,
  int8,
  uint8,
  int16,
  uint16,
  int32,
  uint32,
  int64,
  uint64,
  boolean,
  string
};

/// In ONNX's words: "float", "int64".
std::string_view type_name(Type type);

/// The axes of a value, the first one outermost. `free` is an axis that the file leaves open.
using Dims = std::vector<std::int64_t>;
inline constexpr std::int64_t free = -1;

/// How many numbers these axes hold; 1 for none. An Error where one of them is free or the product is no std::int64_t.
std::int64_t count_of(const Dims& dims);

/// Numbers with axes, row-major. All types are kept as double, which holds each of them exactly but 64-bit integers
/// above 2^53 (these occur only as limits of slices).
struct Array {
  Type type = Type::float32;
  Dims dims;
  std::vector<double> values;
};

/// A name with what is known of it.
struct Value {
  std::string name;
  Type type = Type::float32;
  std::optional<Dims> dims;  // none where not even the number of axes is known
  std::vector<std::string>
      axis_names{};  // of free axes, as the file calls them ("batch"), "" for the others; may be shorter
};

struct Graph;

/// An attribute of an operator. A graph is the body of If, Loop and Scan.
using Attribute = std::variant<std::int64_t, double, std::string, std::vector<std::int64_t>, std::vector<double>,
                               std::vector<std::string>, Array, std::vector<Graph>>;

struct Node {
  std::string name;                              // for messages; a reader gives one to those that have none
  std::string op;                                // "Conv"
  std::string domain{};                          // "" is ONNX's own
  std::vector<std::string> inputs{}, outputs{};  // names of values; "" where an optional one is absent
  std::map<std::string, Attribute> attributes{};

  /// An attribute, or what the operator's definition says where it is absent. An Error names the node where the kind
  /// differs.
  std::int64_t integer(const std::string& key, std::int64_t otherwise) const;
  double number(const std::string& key, double otherwise) const;
  std::string text(const std::string& key, const std::string& otherwise) const;
  std::vector<std::int64_t> integers(const std::string& key, const std::vector<std::int64_t>& otherwise = {}) const;
  bool has(const std::string& key) const { return attributes.contains(key); }

  bool has_input(std::size_t i) const { return i < inputs.size() && !inputs[i].empty(); }
};

/// A network as a file has it. Nodes are in an order in which each reads only what is above it: the readers see to
/// that.
struct Graph {
  std::string name;
  std::string format;      // "ONNX" or "TFLite", for messages
  std::int64_t opset = 0;  // of the operators' meaning
  std::vector<Value> inputs, outputs;
  std::vector<Node> nodes;
  std::map<std::string, Array> constants;  // weights, by the name of the value
  std::map<std::string, Value> values;     // what is known of the values between, by name

  // Of a graph that is read and simplified as far as can be (Refusals::kept), so that all reasons are known at once:
  std::vector<std::string> refused{};    // why it cannot be imported
  std::set<std::string> lost{}, kept{};  // values that are not there for that, and what would have read them

  /// Leaves out what would give some values and would have read others.
  void refuse(std::string reason, const std::vector<std::string>& gives, const std::vector<std::string>& reads);
  void lose(const std::vector<std::string>& gives, const std::vector<std::string>& reads);
};

/// What becomes of reasons why a file cannot be imported: an Error with those of one step (all of a reader's, the first
/// one of a later step), or they are kept in the graph.
enum class Refusals { thrown, kept };

/// An Error with all of them, if there are any.
void throw_refused(const Graph& graph);

/// "Conv 'conv1/3x3'": how messages call an operator.
std::string describe(const Node& node);

}  // namespace tenon::importing
