#pragma once

#include <tenon/optim/optimizer.hpp>

namespace tenon {

/// Lion, "evolved sign momentum" (Chen et al. 2023), with decoupled weight decay:
///     p = (1 - lr weight_decay) p - lr sign(b1 m + (1 - b1) g),   m = b2 m + (1 - b2) g.
/// Every weight moves by lr, so lr should be 3 to 10 times smaller than Adam's.
/// PyTorch: none. Keras: Lion.
///
///     fit(model, train, Fit{.optimizer = Lion{.lr = 1e-4, .weight_decay = 0.1}});
struct Lion {
  double lr = 1e-4;
  double beta1 = 0.9;
  double beta2 = 0.99;
  double weight_decay = 0;

  static constexpr int states = 1;
  static constexpr void each_option(auto& o, auto visit) {
    visit("lr", o.lr, at_least(0));
    visit("beta1", o.beta1, from_below(0, 1));
    visit("beta2", o.beta2, from_below(0, 1));
    visit("weight_decay", o.weight_decay, at_least(0));
  }

  template <class T>
  void update(const OptimizerArrays<T, 1>& arrays, std::uint64_t step) const;
};

extern template void Lion::update(const OptimizerArrays<float, 1>&, std::uint64_t) const;
extern template void Lion::update(const OptimizerArrays<double, 1>&, std::uint64_t) const;

}  // namespace tenon
