#pragma once

#include "call.hpp"

namespace tenon::importing {

/// a b as MatMul has it; used by quantised forms as well.
Array matrix_product(const Call& call, const Array& a, const Array& b, Type type);

}  // namespace tenon::importing
