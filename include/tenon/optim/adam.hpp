#pragma once

#include <tenon/optim/optimizer.hpp>

namespace tenon {

/// Adam (Kingma and Ba 2015), bias-corrected, in PyTorch's form: with g' = g + weight_decay p,
///     m = b1 m + (1 - b1) g',   v = b2 v + (1 - b2) g'^2,
///     p = p - lr / (1 - b1^t)  m / (sqrt(v) / sqrt(1 - b2^t) + eps).
/// PyTorch: Adam. Keras: Adam.
///
///     fit(model, train, Fit{.optimizer = Adam{.lr = 1e-3}, .epochs = 20});
struct Adam {
  double lr = 1e-3;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double eps = 1e-8;
  double weight_decay = 0;

  static constexpr int states = 2;
  static constexpr void each_option(auto& o, auto visit) {
    visit("lr", o.lr, at_least(0));
    visit("beta1", o.beta1, from_below(0, 1));
    visit("beta2", o.beta2, from_below(0, 1));
    visit("eps", o.eps, as_epsilon);
    visit("weight_decay", o.weight_decay, at_least(0));
  }

  template <class T>
  void update(const OptimizerArrays<T, 2>& arrays, std::uint64_t step) const;
};

extern template void Adam::update(const OptimizerArrays<float, 2>&, std::uint64_t) const;
extern template void Adam::update(const OptimizerArrays<double, 2>&, std::uint64_t) const;

}  // namespace tenon
