#pragma once

#include <cstdint>
#include <string_view>

namespace tenon::expr {

/// Everything a formula can be made of. The order matters in two places: `is_comparison` and
/// `is_reduction` are ranges.
// clang-format off
enum class Op : std::uint8_t {
  // leaves
  number, literal, input, parameter, label, output, seed, features, rows, index, noise, saved,
  // one argument
  negate, absolute, sign, exponential, exponential_minus_one, logarithm, square_root, hyperbolic_tangent, logistic,
  error_function, soft_plus, sine, cosine, reciprocal, stop,
  // two arguments
  add, subtract, multiply, divide, maximum, minimum, power,
  less, less_equal, greater, greater_equal, equal, not_equal,
  surrogate,          // the value of a, the gradient of b
  // three arguments
  select,
  // over a sample's features
  row_sum, row_max, row_min,
  // over the batch, for one feature or channel
  batch_sum,
  // only in what the user writes; lowering replaces them
  row_variance, batch_variance, gradient, matmul, transpose, chunk, tracked
};
// clang-format on

/// What kind of operation it is.
constexpr bool is_comparison(Op op) { return op >= Op::less && op <= Op::not_equal; }
constexpr bool is_reduction(Op op) { return op >= Op::row_sum && op <= Op::batch_sum; }
constexpr bool is_row_reduction(Op op) { return op >= Op::row_sum && op <= Op::row_min; }

/// Whether recomputing a value costs more than loading it again.
constexpr bool is_heavy(Op op) {
  return (op >= Op::exponential && op <= Op::cosine && op != Op::square_root) || op == Op::power;
}

/// How an operation is written.
constexpr std::string_view symbol(Op op) {
  switch (op) {
  case Op::negate:
    return "-";
  case Op::absolute:
    return "abs";
  case Op::sign:
    return "sign";
  case Op::exponential:
    return "exp";
  case Op::exponential_minus_one:
    return "expm1";
  case Op::logarithm:
    return "log";
  case Op::square_root:
    return "sqrt";
  case Op::hyperbolic_tangent:
    return "tanh";
  case Op::logistic:
    return "sigmoid";
  case Op::error_function:
    return "erf";
  case Op::soft_plus:
    return "softplus";
  case Op::sine:
    return "sin";
  case Op::cosine:
    return "cos";
  case Op::reciprocal:
    return "1 / ";
  case Op::stop:
    return "stop_gradient";
  case Op::add:
    return " + ";
  case Op::subtract:
    return " - ";
  case Op::multiply:
    return " * ";
  case Op::divide:
    return " / ";
  case Op::maximum:
    return "max";
  case Op::minimum:
    return "min";
  case Op::power:
    return "pow";
  case Op::less:
    return " < ";
  case Op::less_equal:
    return " <= ";
  case Op::greater:
    return " > ";
  case Op::greater_equal:
    return " >= ";
  case Op::equal:
    return " == ";
  case Op::not_equal:
    return " != ";
  case Op::surrogate:
    return "straight_through";
  case Op::select:
    return "select";
  case Op::row_sum:
    return "sum";
  case Op::row_max:
    return "max";
  case Op::row_min:
    return "min";
  case Op::batch_sum:
    return "batch_sum";
  default:
    return "?";
  }
}

}  // namespace tenon::expr
