#pragma once

namespace tenon::kernels {

/// Whether a matrix product reads an operand as it is stored or transposed.
enum class Transpose : bool { no, yes };

}  // namespace tenon::kernels
