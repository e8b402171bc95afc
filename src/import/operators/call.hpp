#pragma once

#include <fmt/format.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <tenon/error.hpp>

#include "../graph.hpp"

/// What definitions of operators are written with.
namespace tenon::importing {

using Index = std::int64_t;

/// In one value, and along one axis: far above what real networks have (VGG's largest matrix has 1.0e8), 2 GiB of
/// doubles.
inline constexpr Index most_numbers = Index{1} << 28;

/// One use of an operator: its node, the opset that says what the node means, and what comes in.
struct Call {
  const Node& node;
  std::int64_t opset;
  const std::vector<const Array*>& inputs;

  bool has(std::size_t i) const { return i < inputs.size() && inputs[i] != nullptr; }
  const Array* optional(std::size_t i) const { return has(i) ? inputs[i] : nullptr; }
  /// An input that the operator cannot do without.
  const Array& input(std::size_t i) const;
  /// The same, of at least so many axes.
  const Array& input(std::size_t i, std::size_t least_axes) const;
  /// Are all numbers of all inputs known?
  bool known() const;

  template <class... Args>
  [[noreturn]] void fail(fmt::format_string<Args...> what, Args&&... args) const {
    throw Error(describe(node) + ": " + fmt::format(what, std::forward<Args>(args)...));
  }
  template <class... Args>
  void require(bool holds, fmt::format_string<Args...> what, Args&&... args) const {
    if (!holds) fail(what, std::forward<Args>(args)...);
  }

  /// Room for a result. It has no numbers where those of an input are not known: then the axes are all that is asked
  /// for, and a definition stops as soon as it sees that there are no numbers to compute.
  Array make(Type type, Dims dims) const;

  /// An axis that may count from the end.
  std::size_t axis(Index axis, std::size_t axes) const;
  /// Several of them, sorted; one that is named twice is an Error.
  std::vector<std::size_t> axes(const Dims& named, std::size_t axes) const;

  /// The numbers of an input that shapes depend on: an Error where they are not known.
  const std::vector<double>& numbers(std::size_t i) const;
  Dims integers(std::size_t i) const;
  double scalar(std::size_t i) const;
  /// What was an attribute in some opset and is an input in others.
  std::optional<Dims> integers(const std::string& key, std::size_t i) const;

  /// An attribute of this kind, null where it is absent.
  template <class T>
  const T* attribute(const std::string& key) const {
    const auto found = node.attributes.find(key);
    if (found == node.attributes.end()) return nullptr;
    const T* value = std::get_if<T>(&found->second);
    require(value != nullptr, "the attribute {} is of another kind than expected", key);
    return value;
  }
};

using Definition = std::function<std::vector<Array>(const Call&)>;
using Table = std::vector<std::pair<std::string_view, Definition>>;
using OperatorTable = std::unordered_map<std::string_view, Definition>;
/// All that follow, of every file of this folder.
const OperatorTable& computed_operators();

Table elementwise_operators();
Table activation_operators();
Table shape_operators();
Table movement_operators();
Table indexing_operators();
Table convolution_operators();
Table pooling_operators();
Table resize_operators();
Table reduction_operators();
Table normalization_operators();
Table matrix_operators();
Table attention_operators();
Table multihead_operators();
Table sampling_operators();
Table recurrent_operators();
Table quantization_operators();
Table loss_operators();
Table step_operators();

/// Types by ONNX's numbers, as Cast names them.
Type onnx_type(const Call& call, Index number);
bool is_integer(Type type);
/// Smallest and largest number of an integer type.
std::pair<double, double> limits(Type type);
/// The nearest number that the type has: integers are cut and wrap around, halves are rounded. float32 stays double.
double stored(Type type, double number);
/// A number as an integer, the nearest one there is.
Index whole(double number);

inline double element(const Array& array, Index place) { return array.values[static_cast<std::size_t>(place)]; }
inline double& element(Array& array, Index place) { return array.values[static_cast<std::size_t>(place)]; }

std::string axes_text(const Dims& dims);

/// How far apart neighbours along each axis are.
Dims strides_of(const Dims& dims);
/// The axes that two values broadcast to, aligned at the last one.
Dims broadcast(const Call& call, const Dims& left, const Dims& right);
/// The strides of a value read as if it had axes `to`: 0 along those it is repeated over.
Dims broadcast_strides(const Dims& from, const Dims& to);
/// Product of the sizes of axes [from, to).
Index product(const Dims& dims, std::size_t from, std::size_t to);

/// y[i, j, ...] = x[sources[0][i], sources[1][j], ...], and `otherwise` where a source is negative.
Array pick(const Call& call, const Array& x, const std::vector<Dims>& sources, double otherwise = 0);
/// The sources that pick an axis as it is.
std::vector<Dims> all_sources(const Dims& dims);

/// Visits all places of an array of these axes in order, with the offset that each of N operands has there.
template <std::size_t N, class Visit>
void walk(const Dims& dims, const std::array<Dims, N>& strides, std::array<Index, N> offsets, Visit visit) {
  if (count_of(dims) == 0) return;
  if (dims.empty()) return visit(offsets);
  const std::size_t last = dims.size() - 1;
  Dims place(dims.size(), 0);
  for (;;) {
    auto here = offsets;
    for (Index i = 0; i < dims[last]; ++i) {
      visit(here);
      for (std::size_t n = 0; n < N; ++n) here[n] += strides[n][last];
    }
    std::size_t axis = last;
    for (; axis > 0; --axis) {
      const std::size_t a = axis - 1;
      const bool more = ++place[a] < dims[a];
      for (std::size_t n = 0; n < N; ++n) offsets[n] += strides[n][a] * (more ? 1 : 1 - dims[a]);
      if (more) break;
      place[a] = 0;
    }
    if (axis == 0) return;
  }
}

}  // namespace tenon::importing
