#pragma once

#include <cstddef>
#include <string>

#include "quantized_plan.hpp"

namespace tenon::importing {

/// Of a step with weights whose activations have 16 bits, once its weights and biases are laid out. LiteRT's
/// multipliers have 31 bits where the biases have 32 (`short_bias`), else 15; that of a FULLY_CONNECTED with one scale
/// for all weights (`one_scale`) follows from a product in float. Where 15 bits show that, a scale of the weights
/// nearby is taken that gives the same; with 31 the compiler's tables are made alike (edge/quantized_wide.hpp). The
/// result is why it cannot be imported, "" where it can.
std::string fit_wide_multipliers(QuantizedLayout& layout, std::size_t k, bool one_scale, bool short_bias);

}  // namespace tenon::importing
