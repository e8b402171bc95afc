#pragma once

#include <tenon/optim/optimizer.hpp>

namespace tenon {

/// Adam with decoupled weight decay (Loshchilov and Hutter 2019), as PyTorch's AdamW: the weights shrink
/// by themselves, which is no part of the gradient that m and v remember:
///     m = b1 m + (1 - b1) g,   v = b2 v + (1 - b2) g^2,
///     p = (1 - lr weight_decay) p - lr / (1 - b1^t)  m / (sqrt(v) / sqrt(1 - b2^t) + eps).
///
/// `Adam{.weight_decay = w}`, by contrast, is L2 decay: w p is added to the gradient, as the penalty
/// w/2 |p|^2 would, and is divided by sqrt(v) like the rest of it. A weight whose gradients are large
/// is then hardly decayed; here all shrink at the same rate. For plain SGD both are the same thing.
/// PyTorch: AdamW. Keras: AdamW.
///
///     fit(model, train, Fit{.optimizer = AdamW{.lr = 1e-3, .weight_decay = 0.05}});
struct AdamW {
  double lr = 1e-3;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double eps = 1e-8;
  double weight_decay = 1e-2;

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

extern template void AdamW::update(const OptimizerArrays<float, 2>&, std::uint64_t) const;
extern template void AdamW::update(const OptimizerArrays<double, 2>&, std::uint64_t) const;

}  // namespace tenon
