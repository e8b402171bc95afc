#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>

#include <tenon/layers/dense.hpp>
#include <tenon/layers/log_softmax.hpp>
#include <tenon/layers/map.hpp>
#include <tenon/layers/softmax.hpp>

/// What the formulas of a network are in int8, recognised by their types.
namespace tenon::edge {

enum class StepKind : unsigned char {
  unknown,
  nothing,
  dense,
  convolution,
  depthwise,
  max_pool,
  average_pool,
  add,
  clamp,
  softmax,
  table,  // a function of one number
  multiply,
  subtract,
  larger,
  smaller,  // of two tensors
  move,
  join,
  stretch,    // other places, several tensors in one, images between pixels
  norm,       // rows brought to variance 1
  recurrent,  // a recurrent layer in one direction
  input,      // nothing: a tensor that comes from outside
  slopes,     // numbers below zero times a slope per channel
  divide,
  modulate,   // a b + c
  embedding,  // a row for each token
  shift,      // plus numbers that are always the same
  attend,     // queries, keys and values
  tied,       // scores of all tokens by the rows of an embedding's table
  choose,     // one of two numbers
  log_softmax,
  padding,       // a flag for each step of a sequence: 1 where it is padding
  mean_of_steps  // of the steps that are not padding
};

/// What a formula is, recognised by its type. `low` and `high` are the bounds of a ReLU, ReLU6 or
/// HardTanh behind a layer, which cost nothing: they are the range of the numbers' type.
struct StepPattern {
  StepKind kind = StepKind::unknown;
  bool has_bias = false;
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  tenon::detail::WeightStorage weights{};  // of a dense layer or a convolution
};

namespace detail {

using expr::Op;
using expr::Operation;

template <class E>
inline constexpr StepPattern pattern_of{};
template <>
inline constexpr StepPattern pattern_of<expr::Input<0>>{.kind = StepKind::nothing};
template <>
inline constexpr StepPattern pattern_of<Softmax::formula>{.kind = StepKind::softmax};
template <>
inline constexpr StepPattern pattern_of<LogSoftmax::formula>{.kind = StepKind::log_softmax};
template <class W>
inline constexpr tenon::detail::WeightStorage storage_of{};
template <fixed_string N, class S, class I, tenon::detail::WeightStorage Storage>
inline constexpr tenon::detail::WeightStorage
    storage_of<expr::Parameter<N, S, I, tenon::detail::KeptAs<Storage>>> = Storage;
template <class W>
inline constexpr StepPattern pattern_of<Operation<Op::matmul, expr::Input<0>, Operation<Op::transpose, W>>>{
    .kind = StepKind::dense, .weights = storage_of<W>};
template <class W, class B>
inline constexpr StepPattern
    pattern_of<Operation<Op::add, Operation<Op::matmul, expr::Input<0>, Operation<Op::transpose, W>>, B>>{
        .kind = StepKind::dense, .has_bias = true, .weights = storage_of<W>};
/// A PReLU: a parameter where x is negative.
template <class P>
inline constexpr bool is_slope = false;
template <fixed_string N, class... O>
inline constexpr bool is_slope<expr::Parameter<N, O...>> = true;
template <auto Zero, class P>
  requires(Zero == 0 && is_slope<P>)
inline constexpr StepPattern
    pattern_of<Operation<Op::select, Operation<Op::greater, expr::Input<0>, expr::Number<Zero>>, expr::Input<0>,
                         Operation<Op::multiply, P, expr::Input<0>>>>{.kind = StepKind::slopes};
/// What Standardize is, and Unstandardize.
template <class E>
inline constexpr bool is_standardization = false;
template <class... O, class... P>
inline constexpr bool
    is_standardization<Operation<Op::divide, Operation<Op::subtract, expr::Input<0>, expr::Parameter<"center", O...>>,
                                 expr::Parameter<"scale", P...>>> = true;
template <class E>
inline constexpr bool is_unstandardization = false;
template <class... O, class... P>
inline constexpr bool
    is_unstandardization<Operation<Op::add, Operation<Op::multiply, expr::Input<0>, expr::Parameter<"unit", O...>>,
                                   expr::Parameter<"offset", P...>>> = true;
/// Dropout passes everything.
template <class E, auto Rate>
inline constexpr StepPattern pattern_of<Operation<Op::multiply, E, expr::Noise<Rate>>> = pattern_of<E>;
/// The pattern with bounds behind it; unknown where a step of that kind cannot have any.
constexpr StepPattern bounded(StepPattern pattern, double low, double high) {
  if (pattern.kind == StepKind::nothing) pattern.kind = StepKind::clamp;
  if (pattern.kind == StepKind::unknown || pattern.kind == StepKind::softmax || pattern.kind == StepKind::log_softmax)
    return {};
  // max(min(x, high), low): what is bounded later wins
  pattern.high = std::max(std::min(pattern.high, high), low);
  pattern.low = std::min(std::max(pattern.low, low), high);
  return pattern;
}
template <class E, auto V>
inline constexpr StepPattern pattern_of<Operation<Op::maximum, E, expr::Number<V>>> =
    bounded(pattern_of<E>, static_cast<double>(V), std::numeric_limits<double>::infinity());
template <class E, auto V>
inline constexpr StepPattern pattern_of<Operation<Op::minimum, E, expr::Number<V>>> =
    bounded(pattern_of<E>, -std::numeric_limits<double>::infinity(), static_cast<double>(V));

}  // namespace detail
}  // namespace tenon::edge
