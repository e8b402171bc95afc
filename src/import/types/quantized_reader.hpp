#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../lite_rules.hpp"
#include "layer_words.hpp"
#include "quantized_plan.hpp"

namespace tenon::importing {

inline std::size_t at(const Dims& dims, std::size_t i) { return static_cast<std::size_t>(dims[i]); }
inline std::size_t size_of(const Dims& dims) { return static_cast<std::size_t>(count_of(dims)); }

/// The layer's numbers of that name; null where it has none.
const Array* numbers_of(const Layer& layer, std::string_view name);

/// A part of a table: a function of LiteRT's, what becomes of a number that meets a constant, or bounds.
struct TableStage {
  std::string name{};
  double alpha = 0;
  IntegerOperand operand{};
  double low = -std::numeric_limits<double>::infinity(), high = std::numeric_limits<double>::infinity();
  bool bounds = false;
  std::optional<IntegerScale> scale{};  // of what it gives, where the file has one
};

/// The steps of a network of integers, and from which layers their numbers are to come. Tensor 0 is the network's first
/// input, tensor k + 1 is what step k gives; further inputs are steps that do nothing.
struct QuantizedReading {
  using PlanReader = edge::detail::PlanReader<QuantizedLayout::most_steps>;

  std::unique_ptr<PlanReader> reader = std::make_unique<PlanReader>();
  std::map<std::size_t, IntegerScale> scales{};             // by tensor, where the file has one
  std::map<std::size_t, std::string> names{};               // by tensor: what an error calls it
  std::map<std::size_t, const Layer*> layers{};             // by step
  std::list<Layer> parts{};                                 // of an attention: its projections
  std::map<std::size_t, std::vector<TableStage>> tables{};  // by step
  std::vector<std::string> refused{};

  const QuantizedLayout::Plan& plan() const { return reader->plan; }
  template <class... Args>
  void refuse(fmt::format_string<Args...> what, Args&&... args) {
    std::string text = fmt::format(what, std::forward<Args>(args)...);
    if (std::ranges::find(refused, text) == refused.end()) refused.push_back(std::move(text));
  }
};

/// Reads the steps off the structure of a written type, as edge::detail::PlanReader reads them off the type itself.
/// All that read a layer take the tensors it reads, and return the one it gives.
class QuantizedReader {
public:
  /// `takes`: the shapes of the inputs.
  QuantizedReader(std::vector<Dims> takes, bool exact, bool wide, Rounding rounding);

  QuantizedReading read(const Structure& structure, const std::vector<std::string>& inputs);
  /// What is refused of a unit's layers, the inputs being what it reads.
  std::vector<std::string> refused_of(const Unit& unit);

private:
  using Tensors = std::vector<std::size_t>;

  QuantizedReading::PlanReader& reader() { return *reading_.reader; }
  QuantizedLayout::Plan& plan() { return reading_.reader->plan; }
  template <class... Args>
  void refuse(fmt::format_string<Args...> what, Args&&... args) {
    refuses_ = true;
    reading_.refuse(what, std::forward<Args>(args)...);
  }

  // The structure: quantized_reader.cpp
  template <class ReadNode>
  Tensors read_graph(const Tensors& x, const std::vector<std::vector<std::size_t>>& reads,
                     const std::vector<std::size_t>& outputs, ReadNode&& read_node);
  std::size_t read_row(const std::vector<Part>& parts, Tensors x, std::vector<Dims> shapes);
  std::size_t read_part(const Part& part, const Tensors& x, const std::vector<Dims>& shapes);
  std::size_t read_layer(const Layer& layer, const Tensors& all, const std::vector<Dims>& shapes);
  std::size_t read_known_layer(const Layer& layer, const Tensors& all, const std::vector<Dims>& shapes);
  std::size_t read_join(const Tensors& x, const Dims& gives);
  std::size_t read_pair(edge::StepKind kind, const Tensors& x, const std::vector<Dims>& shapes, const Dims& gives);
  std::size_t note_scale(const Layer& layer, std::size_t x);

  // Functions of one number: quantized_functions.cpp
  std::size_t add_table(std::size_t x, const std::string& function, TableStage stage);
  std::size_t add_stage(std::size_t x, TableStage stage);
  bool joins_table(std::size_t x);
  std::size_t read_squash(const Layer& layer, std::size_t x);
  std::size_t read_table(const Layer& layer, const std::string& function, std::size_t x);
  std::size_t read_bounds(std::size_t x, const edge::StepPattern& pattern);
  std::size_t read_slopes(const Layer& layer, std::size_t x, const Dims& takes);

  // Layers that have weights, windows or an order of their own: quantized_layers.cpp
  std::size_t read_convolution(const Layer& layer, const LayerWords& words, std::size_t x, const Dims& takes);
  std::size_t read_transposed(const Layer& layer, const LayerWords& words, std::size_t x, const Dims& takes);
  std::size_t read_dense(const Layer& layer, const LayerWords& words, std::size_t x, const Dims& takes);
  std::size_t read_lstm(const Layer& layer, const LayerWords& words, std::size_t x, const Dims& takes);
  std::size_t read_pool(const Layer& layer, const LayerWords& words, std::size_t x, const Dims& takes);
  std::size_t read_affine(const Layer& layer, std::size_t x, const Dims& takes);
  std::size_t read_norm(const Layer& layer, const LayerWords& words, std::size_t x, const Dims& takes);
  std::size_t read_attention(const Layer& layer, const LayerWords& words, const Tensors& x,
                             const std::vector<Dims>& shapes);
  std::size_t read_upsampling(const LayerWords& words, std::size_t x, const Dims& takes);
  std::size_t read_border(const LayerWords& words, std::size_t x, const Dims& takes, const Dims& gives);
  std::size_t read_slice(const LayerWords& words, std::size_t x, const Dims& takes);
  std::size_t read_permute(const LayerWords& words, std::size_t x, const Dims& takes);

  std::vector<Dims> takes_;
  bool exact_, wide_;
  Rounding rounding_;
  bool refuses_ = false;  // the layer that is being read
  QuantizedReading reading_;
  // Within a row: the last table, and the last tensor that layers have bounded, with what its step was before.
  struct {
    std::size_t tensor = 0;
    edge::StepPattern before{};
  } table_, bounded_;
  std::size_t affine_ = 0;  // the last tensor that a BatchNorm has made
};

/// LiteRT's function that is this layer or formula; "" where it has none.
std::string lite_function(const Layer& layer, const std::string& name);
/// The constant that every number meets; its operator is "" where the layer is another.
IntegerOperand operand_of(const Layer& layer);
/// Whether the layer is LiteRT's PRELU.
bool is_slopes(const Layer& layer);

}  // namespace tenon::importing
