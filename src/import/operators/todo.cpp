#include "call.hpp"
namespace tenon::importing {
Table indexing_operators() { return {}; }
Table resize_operators() { return {}; }
Table reduction_operators() { return {}; }
Table normalization_operators() { return {}; }
Table recurrent_operators() { return {}; }
Table quantization_operators() { return {}; }
}
