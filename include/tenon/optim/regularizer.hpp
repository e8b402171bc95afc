#pragma once

#include <concepts>
#include <cstddef>
#include <span>

#include <tenon/net/select.hpp>
#include <tenon/options.hpp>

/// Penalties on the size of weights. `fit` adds their gradients to the loss's before each step; the losses in
/// the history stay those of the data, so that training and validation compare. By default they are on
/// `weights`, not on biases; a selection chooses others: `L1<by_name<"0.*">>{1e-4}`.
namespace tenon {

/// The sum of the weights' absolute values,
///     R = lambda sum_i |w_i|,
/// whose gradient, lambda sign(w), drives weights to zero and holds them there. Keras: L1.
template <class Selection = weights>
struct L1 {
  double lambda = 0;

  using selection = Selection;
  static constexpr void each_option(auto& o, auto visit) { visit("lambda", o.lambda, at_least(0)); }
  constexpr double l1() const { return lambda; }
  constexpr double l2() const { return 0; }
};

/// The sum of the weights' squares,
///     R = lambda / 2 sum_i w_i^2,
/// with the gradient lambda w. This is PyTorch's convention, where `SGD{.weight_decay = lambda}` does
/// the same to all parameters. Textbooks and Keras write lambda |w|^2, whose gradient is 2 lambda w: that is
/// `L2::textbook(lambda)`.
template <class Selection = weights>
struct L2 {
  double lambda = 0;

  static constexpr L2 textbook(double lambda) { return {2 * lambda}; }

  using selection = Selection;
  static constexpr void each_option(auto& o, auto visit) { visit("lambda", o.lambda, at_least(0)); }
  constexpr double l1() const { return 0; }
  constexpr double l2() const { return lambda; }
};

/// Both (Zou and Hastie 2005):
///     R = lambda_1 sum_i |w_i| + lambda_2 / 2 sum_i w_i^2
/// Keras: L1L2.
template <class Selection = weights>
struct ElasticNet {
  double lambda1 = 0;
  double lambda2 = 0;

  using selection = Selection;
  static constexpr void each_option(auto& o, auto visit) {
    visit("lambda1", o.lambda1, at_least(0));
    visit("lambda2", o.lambda2, at_least(0));
  }
  constexpr double l1() const { return lambda1; }
  constexpr double l2() const { return lambda2; }
};

/// Several, say of different layers: `Regularizers{L1<by_name<"0.*">>{1e-4}, L2{1e-3}}`; also none. They add up:
///     R = R_1 + R_2 + ... + R_n
template <class... R>
struct Regularizers;
template <>
struct Regularizers<> {};
template <class R, class... Rest>
struct Regularizers<R, Rest...> {
  R first{};
  Regularizers<Rest...> rest{};

  constexpr Regularizers() = default;
  constexpr Regularizers(R r, Rest... others) : first(r), rest(others...) {}

  static constexpr void each_option(auto& o, auto visit) {
    visit(o.first);
    visit(o.rest);
  }
};
template <class... R>
Regularizers(R...) -> Regularizers<R...>;

/// A penalty on the parameters that its selection names.
template <class R>
concept Regularizer = requires(const R& r) {
  typename R::selection;
  { r.l1() } -> std::convertible_to<double>;
  { r.l2() } -> std::convertible_to<double>;
};

namespace detail {

template <Regularizer R>
inline constexpr list<typename R::selection> selections<R>{};
template <class... R>
inline constexpr list<typename R::selection...> selections<Regularizers<R...>>{};

/// gradients += l1 sign(parameters) + l2 parameters; returns the penalty, summed in double.
template <class T>
double add_penalty(std::span<const T> parameters, std::span<T> gradients, double l1, double l2);

extern template double add_penalty(std::span<const float>, std::span<float>, double, double);
extern template double add_penalty(std::span<const double>, std::span<double>, double, double);

template <class Net, class T, Regularizer R>
double penalize(const R& r, std::span<const T> parameters, std::span<T> gradients) {
  check_options(r);
  double sum = 0;
  for (const Range& range : selected<Net, typename R::selection>)
    sum += add_penalty<T>(parameters.subspan(range.offset, range.size),
                          gradients.empty() ? gradients : gradients.subspan(range.offset, range.size), r.l1(), r.l2());
  return sum;
}
template <class Net, class T>
double penalize(Regularizers<>, std::span<const T>, std::span<T>) {
  return 0;
}
template <class Net, class T, class R, class... Rest>
double penalize(const Regularizers<R, Rest...>& all, std::span<const T> parameters, std::span<T> gradients) {
  return penalize<Net, T>(all.first, parameters, gradients) + penalize<Net, T>(all.rest, parameters, gradients);
}

}  // namespace detail

/// The penalty of a model's weights as they are.
template <class M, class R>
double penalty(const M& model, const R& regularizer) {
  using T = typename M::scalar;
  return detail::penalize<typename M::network, T>(regularizer, model.parameters().span(), std::span<T>{});
}

/// The part of the selected weights whose absolute value is at most `threshold`: what L1 is for. Plain
/// gradient steps leave a weight swinging about zero by the step size, so the threshold is not 0.
template <class Selection = weights, class M>
double sparsity(const M& model, double threshold = 1e-3) {
  size_t small = 0, all = 0;
  for (const ParameterEntry& entry : parameter_table<typename M::network>) {
    if (!entry.trainable || !detail::chooses(Selection{}, entry)) continue;
    for (const auto w : model.values(entry)) small += w <= threshold && w >= -threshold ? 1 : 0;
    all += entry.size;
  }
  return all == 0 ? 0 : static_cast<double>(small) / static_cast<double>(all);
}

}  // namespace tenon
