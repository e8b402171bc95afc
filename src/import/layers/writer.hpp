#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <tenon/error.hpp>

#include "unit.hpp"

/// What the functions that write layers for operators have in common.
namespace tenon::importing {

/// Values of a graph as Tenon sees them: samples, without the batch. The batch is the first axis of the inputs; a
/// Transpose may move it, as files do around recurrent layers, whose first axis is time. A file that knows no batch has
/// no_batch.
struct Place {
  Dims dims;              // all axes
  std::size_t batch = 0;  // the one that counts samples

  /// The axes of a sample; a single number is a vector of 1.
  Dims sample() const {
    Dims d = dims;
    if (batch < d.size()) d.erase(d.begin() + static_cast<std::ptrdiff_t>(batch));
    return d.empty() ? Dims{1} : d;
  }
};

/// What is known while a graph is walked through.
struct Walk {
  const Graph& graph;
  std::map<std::string, Place> places{};  // of all values so far
  std::map<std::string, const Node*> producers{};
  std::set<std::string> refused_values{},
      not_negative{};  // values behind a node that was refused; values of no number below 0
  std::map<std::string, std::size_t> readers{};
  std::map<std::string, Array> unpacked{};  // constants that the file has in int8
  Units units{};

  const Array* constant(const std::string& name) const {
    for (const auto* constants : {&graph.constants, &unpacked})
      if (const auto found = constants->find(name); found != constants->end()) return &found->second;
    return nullptr;
  }
};

/// A node that cannot be written; `what` is the reason alone.
struct Refused : Error {
  using Error::Error;
};

/// Writes the layers of one node.
class Writer {
public:
  Writer(Walk& walk, const Node& node);

  const Node& node;
  std::int64_t opset() const { return walk_.graph.opset; }

  template <class... Args>
  [[noreturn]] void refuse(fmt::format_string<Args...> what, Args&&... args) const {
    throw Refused(fmt::format(what, std::forward<Args>(args)...));
  }
  template <class... Args>
  void require(bool holds, fmt::format_string<Args...> what, Args&&... args) const {
    if (!holds) refuse(what, std::forward<Args>(args)...);
  }

  // What comes in.
  bool has(std::size_t i) const { return node.has_input(i); }
  const Array* constant(std::size_t i) const;                  // null where it depends on the network's inputs
  const Array& weight(std::size_t i, const char* what) const;  // refused where it does
  std::optional<Dims> integers(std::size_t i,
                               const char* key) const;  // an attribute of old opsets, an input of new ones
  const Place& place(std::size_t i) const;
  Dims sample(std::size_t i) const { return place(i).sample(); }
  std::vector<std::size_t> values() const;               // inputs that are no constants
  const Dims& shape_of(const std::string& value) const;  // a sample's, of anything that is written already
  const Node* producer(std::size_t i) const;
  /// Are its numbers those of an input of the network, at other places at most?
  bool is_of_input(std::size_t i) const;
  std::size_t readers(const std::string& value) const { return walk_.readers.at(value); }
  /// Does anyone ask for it, a node or who runs the network?
  bool wanted(std::size_t output) const;
  std::vector<const Node*> readers_of(std::size_t output) const;
  bool not_negative(std::size_t i) const { return walk_.not_negative.contains(node.inputs[i]); }

  // What goes out, by the graph.
  /// Is it a constant, as a part of no numbers is?
  bool folded(std::size_t output) const { return walk_.constant(node.outputs.at(output)) != nullptr; }
  const Dims& result(std::size_t output = 0) const;
  Type result_type(std::size_t output = 0) const;                    // float32 where it is not known
  std::size_t axis(std::int64_t axis, std::size_t input = 0) const;  // of a sample; the batch is refused
  void batch_first(std::size_t input = 0) const;                     // refused where the batch is not the first axis

  /// For layers that stand in a batch, in a file that knows none: an axis of 1 in front is taken for it, as in `1 x
  /// channels x length`, and is back when the node is finished.
  void take_front_as_batch();

  // What is written. A unit starts by itself, with the first value that is no constant.
  void start(std::size_t output, std::vector<std::string> reads, Dims shape);
  void batch_at(std::size_t axis) { batch_ = axis; }
  /// May have more axes than a type; only layers that take numbers one by one may stand there.
  const Dims& shape() const { return shape_; }
  void layer(std::string text, Dims gives, std::vector<std::pair<std::string, Array>> weights = {});
  void formula(std::string text, std::vector<std::pair<std::string, Array>> weights = {});
  void reshape(Dims dims);
  void permute(const Dims& axes);
  /// Another value on the way, of so many layers that `write` adds to `from`; its name.
  std::string aside(const std::string& from, const Dims& shape, const std::function<void()>& write);

  /// A formula of numbers that are not alike everywhere, each array spread over the current shape: `text` says
  /// `param<"bias", PerFeature>` and the like.
  void formula_of(std::string text, const std::vector<std::pair<std::string, Array>>& operands);

  void finish();

private:
  Place place_of_result(std::size_t output) const;
  void close();

  Walk& walk_;
  std::vector<Unit> done_;
  Unit unit_;
  std::size_t output_ = 0, batch_ = 0, asides_ = 0;
  bool front_ = false;  // an axis of 1 stands for the batch
  Dims shape_;
};

/// An array spread over these axes (behind the batch), row-major.
std::vector<double> spread(const Array& array, const Dims& sample, std::size_t batch);

/// Shapes have at most four axes.
inline constexpr std::size_t most_axes = 4;

/// The axes of a sample in a type: of more than four its numbers are a row, in their order.
Dims in_type(const Dims& sample);

/// Of the constants, an array of other axes.
Array reshaped(Array array, Dims dims);

/// One that is all `value`, and that is left out of a formula.
bool all_equal(const Array& array, double value);

/// How several values that are broadcast to `all` axes have their batch there; refused where it is not the same axis.
std::size_t common_batch(const Writer& w, const std::vector<std::size_t>& inputs, const Dims& all);

/// How an elementwise layer of several values spreads one over the result: axes of 1 are repeated, but not in the
/// midst.
bool spreads(const Dims& own, const Dims& all);

/// An input with as many axes as `sample`, ones in front; what no layer spreads over it is repeated, and `exactly`
/// everything. The name of the value.
std::string spread_value(Writer& w, std::size_t input, const Dims& sample, bool exactly = false);

/// Each axis of a sample made as long as that of `to`, its numbers one after the other again and again.
void repeat_to(Writer& w, const Dims& to);

// What several operators are written with.

/// The places `which` of an axis: a Slice where they stand side by side, else a Take.
void take(Writer& w, std::size_t axis, const Dims& which);
/// Along an axis y = M x, by a Dense that does not learn.
void times_matrix(Writer& w, std::size_t axis, Array matrix);
/// So many places more in front of an axis and behind it, all `value`; below 0, so many less.
void frame(Writer& w, std::size_t axis, std::int64_t before, std::int64_t behind, double value = 0);

using WriteLayers = void (*)(Writer&);
using LayerTable = std::map<std::string, WriteLayers>;
/// The tables of the files of this folder.
void add_windows(LayerTable&);     // convolutions and pools
void add_products(LayerTable&);    // Gemm, MatMul, Gather of a table
void add_functions(LayerTable&);   // of one value, number by number
void add_arithmetic(LayerTable&);  // of several values
void add_normalization(LayerTable&);
void add_movement(LayerTable&);  // what moves numbers
void add_reductions(LayerTable&);
void add_recurrent(LayerTable&);
void add_conditions(LayerTable&);  // comparisons, and what chooses by them
void add_places(LayerTable&);      // what moves numbers by indices
void add_steps(LayerTable&);       // a network for each step
void add_multihead(LayerTable&);   // attention from its pieces
void add_units(LayerTable&);       // features brought to a common size, and back

/// One of them, as the guide calls it; without a name where no file has its operators and the import makes them.
struct LayerGroup {
  const char* name;
  void (*add)(LayerTable&);
};
std::span<const LayerGroup> layer_groups();

}  // namespace tenon::importing
