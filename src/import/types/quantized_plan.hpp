#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <tenon/edge/quantized_plan.hpp>

#include "../lite_rules.hpp"
#include "structure.hpp"

/// Networks of integers: which numbers a written type takes, in which order.
namespace tenon::importing {

/// What layers of a network of integers carry beside their text (layers/unit.hpp): their weights are integers, whose
/// scales stand beside them under this name. A layer of the kind `Layer::scale` has the scale and the zero point of
/// what stands before it.
inline constexpr const char *scale_name = "#scale", *bias_scale_name = "#bias_scale";
/// Beside activations of 16 bits: the bias is there, and has 32 bits and not 64.
inline constexpr const char* short_bias_name = "#short_bias";
/// The number that a function of one number takes.
inline constexpr const char* alpha_name = "#alpha";
/// A constant that every number meets: its integer, its scale, and whether it stands on the left. The operator follows.
inline const std::string operand_name = "#operand ";
/// Of an LSTM: the scales of the rows of its two matrices, in the layer's order, and of its diagonal peepholes in that
/// of i, o and f; and the scale of its memory.
inline constexpr const char *input_scale_name = "#input_scale", *state_scale_name = "#state_scale",
                            *peephole_scale_name = "#peephole_scale", *cell_scale_name = "#cell_scale";
/// Of an attention: the scales of the rows of its projections' matrices and biases, and the scale and the zero point of
/// queries, keys, values, and what is seen of these.
inline constexpr const char *in_scale_name = "#in_scale", *in_bias_scale_name = "#in_bias_scale",
                            *out_scale_name = "#out_scale", *out_bias_scale_name = "#out_bias_scale",
                            *rounding_name = "#rounding";
/// The scale of PRELU's slopes.
inline constexpr const char* slope_scale_name = "#slope_scale";

/// The numbers of a `QuantizedNumbers<Net>`, for a type that is known as a text alone. It is read by the functions that
/// read the type when it is compiled (edge/quantized_plan.hpp), and their results are compared then.
struct QuantizedLayout {
  static constexpr std::size_t most_steps = 4096;
  using Plan = edge::StepPlan<most_steps>;

  std::unique_ptr<edge::detail::PlanReader<most_steps>> reader;
  std::vector<std::int8_t> weights{};
  std::vector<std::int32_t> bias{};
  std::vector<float> weight_scale{}, scale{};
  std::vector<std::int8_t> zero{};
  std::vector<std::int8_t> gate_bits{}, cell_bits{};  // of recurrent layers
  std::vector<std::int8_t> functions{};               // the tables, where they are LiteRT's
  std::optional<bool> whole_multipliers{};            // QuantizedNumbers; none before a step has weights
  std::vector<std::string> refused{};

  const Plan& plan() const { return reader->plan; }
};

/// Reads the steps off the structure and fills their numbers in. `units` has the shapes of the `inputs`. `exact`:
/// functions become the tables that LiteRT has, and those that it does not have are refused. `wide`: activations have
/// 16 bits. `rounding`: of the tables.
QuantizedLayout lay_out_quantized(const Structure& structure, const std::vector<std::string>& inputs,
                                  const Units& units, bool exact, Rounding rounding, bool wide = false);

/// The refusals of each unit by itself, where others leave no whole to lay out: which of its layers have no integers.
std::vector<std::string> refusals_of_units(const Units& units, bool exact, bool wide, Rounding rounding);

}  // namespace tenon::importing
