#pragma once

#include <tenon/expr/expression.hpp>
#include <tenon/expr/misused.hpp>

/// The functions a formula may use, found by argument-dependent lookup. Names and meanings are
/// PyTorch's; derivatives are in derivative.hpp, values in apply.hpp.
namespace tenon {

/// The option that makes a parameter a vector with one number per feature (or channel).
struct PerFeature {};

}  // namespace tenon

namespace tenon::expr {

// clang-format off: a table of functions, two lines each
/// The absolute value, whose derivative at 0 is 0.
template <Expression A>
constexpr auto abs(A a) {
  return make<Op::absolute>(a);
}
/// -1, 0 or 1, whose derivative is 0.
template <Expression A>
constexpr auto sign(A a) {
  return make<Op::sign>(a);
}
/// e to the power of a number.
template <Expression A>
constexpr auto exp(A a) {
  return make<Op::exponential>(a);
}
/// exp(a) - 1, without the cancellation near 0.
template <Expression A>
constexpr auto expm1(A a) {
  return make<Op::exponential_minus_one>(a);
}
template <Expression A>
constexpr auto log(A a) {
  return make<Op::logarithm>(a);
}
template <Expression A>
constexpr auto sqrt(A a) {
  return make<Op::square_root>(a);
}
template <Expression A>
constexpr auto tanh(A a) {
  return make<Op::hyperbolic_tangent>(a);
}
template <Expression A>
constexpr auto sigmoid(A a) {
  return make<Op::logistic>(a);
}
template <Expression A>
constexpr auto erf(A a) {
  return make<Op::error_function>(a);
}
/// log(1 + exp(a)), without overflow.
template <Expression A>
constexpr auto softplus(A a) {
  return make<Op::soft_plus>(a);
}
template <Expression A>
constexpr auto sin(A a) {
  return make<Op::sine>(a);
}
template <Expression A>
constexpr auto cos(A a) {
  return make<Op::cosine>(a);
}
template <Expression A>
constexpr auto square(A a) {
  return a * a;
}

/// a to the power of b.
template <class A, class B>
  requires Operands<A, B>
constexpr auto pow(A a, B b) { return make<Op::power>(a, b); }
/// The larger of two. Where they are equal they share the gradient, unless one of them has none: a number, of which
/// nothing is lost, so that relu'(0) = 0. NaN where one of them is.
template <class A, class B>
  requires Operands<A, B>
constexpr auto max(A a, B b) { return make<Op::maximum>(a, b); }
template <class A, class B>
  requires Operands<A, B>
constexpr auto min(A a, B b) { return make<Op::minimum>(a, b); }
/// a where the condition holds, otherwise b. The branch not taken gets no gradient.
template <Expression C, Operand A, Operand B>
constexpr auto select(C condition, A a, B b) {
  return make<Op::select>(condition, a, b);
}
/// Limits a to [low, high]; the gradient is 1 on the closed interval.
template <Expression A, Operand L, Operand H>
constexpr auto clamp(A a, L low, H high) {
  return select(a < low, low, select(a > high, high, a));
}
/// The value of a, but no gradient flows through it.
template <Expression A>
constexpr auto stop_gradient(A a) {
  return make<Op::stop>(a);
}
/// The value of `value`, the gradient of `like`: gives step functions something to learn by.
template <Expression A, Expression B>
constexpr auto straight_through(A value, B like) {
  return make<Op::surrogate>(value, like);
}
/// The derivative of a by x, as a formula.
template <Expression A>
constexpr auto gradient(A a) {
  return make<Op::gradient>(a);
}

/// The activations by PyTorch's names, in the form that their layers have: `Map<relu(x) * sigmoid(x)>`.
template <Expression A>
constexpr auto relu(A a) {
  return max(a, 0);
}
template <Expression A>
constexpr auto relu6(A a) {
  return min(max(a, 0), 6);
}
template <Expression A>
constexpr auto leaky_relu(A a, double negative_slope = 0.01) {
  return select(a > 0, a, negative_slope * a);
}
template <Expression A>
constexpr auto elu(A a, double alpha = 1) {
  return select(a > 0, a, alpha * expm1(a));
}
template <Expression A>
constexpr auto celu(A a, double alpha = 1) {
  return select(a > 0, a, alpha * expm1(a / alpha));
}
template <Expression A>
constexpr auto selu(A a) {
  return 1.0507009873554804934193349852946 * select(a > 0, a, 1.6732632423543772848170429916717 * expm1(a));
}
template <Expression A>
constexpr auto gelu(A a) {
  return 0.5 * a * (1 + erf(a / 1.4142135623730950488016887242097));
}
template <Expression A>
constexpr auto silu(A a) {
  return a * sigmoid(a);
}
template <Expression A>
constexpr auto mish(A a) {
  return a * tanh(softplus(a));
}
template <Expression A>
constexpr auto hardtanh(A a, double min_val = -1, double max_val = 1) {
  return min(max(a, min_val), max_val);
}
template <Expression A>
constexpr auto hardsigmoid(A a) {
  return min(max(a + 3, 0), 6) / 6;
}
template <Expression A>
constexpr auto hardswish(A a) {
  return a * min(max(a + 3, 0), 6) / 6;
}
template <Expression A>
constexpr auto logsigmoid(A a) {
  return -softplus(-a);
}
template <Expression A>
constexpr auto softsign(A a) {
  return a / (1 + abs(a));
}
template <Expression A>
constexpr auto tanhshrink(A a) {
  return a - tanh(a);
}

/// Over the features of one sample: the result is one number per sample.
template <Expression A>
constexpr auto sum(A a) {
  return make<Op::row_sum>(a);
}
template <Expression A>
constexpr auto mean(A a) {
  return sum(a) / Features{};
}
template <Expression A>
constexpr auto max(A a) {
  return make<Op::row_max>(a);
}
template <Expression A>
constexpr auto min(A a) {
  return make<Op::row_min>(a);
}
/// Shares of the whole, and their logarithms.
template <Expression A>
constexpr auto softmax(A a) {
  return exp(a - stop_gradient(max(a))) / sum(exp(a - stop_gradient(max(a))));
}
template <Expression A>
constexpr auto log_softmax(A a) {
  return a - stop_gradient(max(a)) - log(sum(exp(a - stop_gradient(max(a)))));
}
/// The biased variance, mean((a - mean(a))^2), as normalisation layers use it.
template <Expression A>
constexpr auto variance(A a) {
  return make<Op::row_variance>(a);
}
/// The Euclidean norm. Its gradient is 0 where it is 0.
template <Expression A>
constexpr auto norm(A a) {
  return select(sum(a * a) == 0, 0, sqrt(sum(a * a)));
}

/// Over the batch (and the pixels of a channel): the result is one number per feature.
template <Expression A>
constexpr auto batch_sum(A a) {
  return make<Op::batch_sum>(a);
}
template <Expression A>
constexpr auto batch_mean(A a) {
  return batch_sum(a) / BatchCount{};
}
template <Expression A>
constexpr auto batch_variance(A a) {
  return make<Op::batch_variance>(a);
}
// clang-format on

/// The option that makes a parameter a buffer: saved with the others, but no optimizer touches it.
struct Buffer {};

/// Random zeros at a rate that can be one.
template <auto Rate>
constexpr Noise<Rate> noise_of() {
  if constexpr (!(Rate >= 0 && Rate < 1))
    refuse_arguments<"dropout_mask<0.1>, a rate of at least 0 and below 1", Noise<Rate>>();
  return {};
}

/// The type of `running<"name">`, which is explained below.
template <fixed_string Name, class... Options>
struct Running {
  template <Expression S, Operand C = int, Operand M = double>
  constexpr auto operator()(S statistic, C correction = 1, M momentum = 0.1) const {
    constexpr Parameter<Name, PerFeature, Options..., Buffer> buffer{};
    return make<Op::tracked>(statistic, (1 - momentum) * buffer + momentum * correction * statistic, buffer);
  }
  template <class... A>
  constexpr auto operator()(A...) const {
    return refuse_arguments<"running<\"name\">(batch_mean(x))", A...>();
  }
};

// clang-format off
/// a (features) times a parameter of Shape<In, Out>.
template <Expression A, Expression W>
constexpr auto matmul(A a, W w) { return make<Op::matmul>(a, w); }
/// Only inside matmul, on a parameter: Shape<Out, In>, PyTorch's layout.
template <Expression W>
constexpr auto transpose(W w) { return make<Op::transpose>(w); }
/// Part K of N equal parts of a sample's features.
template <int K, int N, Expression A>
  requires(0 <= K && K < N)
constexpr auto chunk(A a) { return Operation<Op::chunk, A, Number<K>, Number<N>>{a, {}, {}}; }
template <int K, int N, class... A>
  requires WithAFormula<A...>
constexpr auto chunk(A...) { return refuse_arguments<"chunk<0, 2>(a), the first of 2 parts", A...>(); }
// clang-format on

}  // namespace tenon::expr

namespace tenon {

namespace placeholders {

/// What a layer's formula is applied to.
inline constexpr expr::Input<0> x{};
/// What a loss's formula is applied to.
inline constexpr expr::Input<0> prediction{};
inline constexpr expr::Input<1> target{};
inline constexpr expr::Label label{};
/// The number of a feature within its sample: 0, 1, 2, ... (`index` alone is a function of <strings.h>.)
inline constexpr expr::Index feature_index{};
inline constexpr expr::Features features{};
template <fixed_string Name, class... Options>
inline constexpr expr::Parameter<Name, Options...> param{};
template <auto Rate>
inline constexpr expr::Noise<Rate> dropout_mask = expr::noise_of<Rate>();

/// A batch statistic with a memory. In training its value is the statistic, and the buffer of this
/// name moves: r = (1 - momentum) * r + momentum * correction * statistic. In evaluation its value is
/// the buffer. The initialiser is an option (default: zeros); correction is 1 and momentum 0.1 if not
/// given. Batch normalisation in one line, with the defaults and names of PyTorch:
///
///     (x - running<"running_mean">(batch_mean(x)))
///         / sqrt(running<"running_var", Ones>(batch_variance(x), unbiased) + 1e-5)
///         * param<"weight", PerFeature, Ones> + param<"bias", PerFeature>
template <fixed_string Name, class... Options>
inline constexpr expr::Running<Name, Options...> running{};
/// n / (n - 1), which makes a batch variance an unbiased estimate; 1 where there is one value only.
inline constexpr auto unbiased = expr::BatchCount{} / expr::max(expr::BatchCount{} - 1, 1);

/// 1 at the class index of the sample, 0 elsewhere.
inline constexpr auto one_hot = expr::select(feature_index == label, 1, 0);

}  // namespace placeholders

using namespace placeholders;
using expr::gradient;

// In a template, g++ asks whether the function that plain lookup finds is constexpr before it looks
// among the arguments' namespaces. These are the names the C library has too.
using expr::abs;
using expr::cos;
using expr::erf;
using expr::exp;
using expr::log;
using expr::pow;
using expr::select;
using expr::sin;
using expr::sqrt;
using expr::tanh;

}  // namespace tenon
