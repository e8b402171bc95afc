#pragma once

#include <tenon/optim/optimizer.hpp>

namespace tenon {

/// Averaged stochastic gradient descent (Polyak and Juditsky 1992), in PyTorch's form: with
/// g' = g + weight_decay p, eta = lr / (1 + lambd lr (t - 1))^alpha and mu = 1 / max(1, t - 1 - t0),
///     p = (1 - lambd eta) p - eta g',   average = (1 - mu) average + mu p.
/// The average, which is the result of the method, is kept as state 0; until step t0 + 2 it equals p.
/// PyTorch: ASGD. Keras: none.
///
///     fit(model, train, Fit{.optimizer = ASGD{.lr = 0.01, .t0 = 1e4}});
struct ASGD {
  double lr = 1e-2;
  double lambd = 1e-4;
  double alpha = 0.75;
  double t0 = 1e6;
  double weight_decay = 0;

  static constexpr int states = 1;
  static constexpr void each_option(auto& o, auto visit) {
    visit("lr", o.lr, at_least(0));
    visit("lambd", o.lambd, at_least(0));
    visit("alpha", o.alpha, at_least(0));
    visit("t0", o.t0, at_least(0));
    visit("weight_decay", o.weight_decay, at_least(0));
  }

  template <class T>
  void update(const OptimizerArrays<T, 1>& arrays, std::uint64_t step) const;
};

extern template void ASGD::update(const OptimizerArrays<float, 1>&, std::uint64_t) const;
extern template void ASGD::update(const OptimizerArrays<double, 1>&, std::uint64_t) const;

}  // namespace tenon
