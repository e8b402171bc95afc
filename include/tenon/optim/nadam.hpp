#pragma once

#include <tenon/optim/optimizer.hpp>

namespace tenon {

/// Adam with Nesterov's momentum (Dozat 2016), in PyTorch's form: with g' = g + weight_decay p,
/// mu_t = b1 (1 - 0.96^(t momentum_decay) / 2) and M_t = mu_1 mu_2 ... mu_t,
///     m = b1 m + (1 - b1) g',   v = b2 v + (1 - b2) g'^2,
///     p = p - lr ((1 - mu_t) / (1 - M_t)  g' + mu_t+1 / (1 - M_t+1)  m) / (sqrt(v / (1 - b2^t)) + eps).
/// PyTorch: NAdam. Keras: Nadam.
///
///     fit(model, train, Fit{.optimizer = NAdam{.lr = 2e-3}});
struct NAdam {
  double lr = 2e-3;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double eps = 1e-8;
  double weight_decay = 0;
  double momentum_decay = 4e-3;

  static constexpr int states = 2;
  static constexpr void each_option(auto& o, auto visit) {
    visit("lr", o.lr, at_least(0));
    visit("beta1", o.beta1, from_below(0, 1));
    visit("beta2", o.beta2, from_below(0, 1));
    visit("eps", o.eps, as_epsilon);
    visit("weight_decay", o.weight_decay, at_least(0));
    visit("momentum_decay", o.momentum_decay, at_least(0));
  }

  template <class T>
  void update(const OptimizerArrays<T, 2>& arrays, std::uint64_t step) const;
};

extern template void NAdam::update(const OptimizerArrays<float, 2>&, std::uint64_t) const;
extern template void NAdam::update(const OptimizerArrays<double, 2>&, std::uint64_t) const;

}  // namespace tenon
