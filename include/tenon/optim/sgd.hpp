#pragma once

#include <tenon/optim/optimizer.hpp>

namespace tenon {

/// Stochastic gradient descent, with momentum m, dampening d and weight decay w as in PyTorch's SGD:
///     g' = g + w p,   v = m v + (1 - d) g' (the first step: v = g'),
///     p = p - lr v,   or with Nesterov's momentum   p = p - lr (g' + m v).
/// PyTorch: SGD. Keras: SGD.
///
///     fit(model, train, Fit{.optimizer = SGD{.lr = 0.1, .momentum = 0.9, .nesterov = true}});
struct SGD {
  double lr = 1e-3;
  double momentum = 0;
  double dampening = 0;
  double weight_decay = 0;
  bool nesterov = false;

  static constexpr int states = 1;
  static constexpr void each_option(auto& o, auto visit) {
    visit("lr", o.lr, at_least(0));
    visit("momentum", o.momentum, o.nesterov ? Allowed{0, 1, false, true} : from_to(0, 1));
    visit("dampening", o.dampening, o.nesterov ? from_to(0, 0) : from_to(0, 1));
    visit("weight_decay", o.weight_decay, at_least(0));
    visit("nesterov", o.nesterov);
  }

  template <class T>
  void update(const OptimizerArrays<T, 1>& arrays, std::uint64_t step) const;
};

extern template void SGD::update(const OptimizerArrays<float, 1>&, std::uint64_t) const;
extern template void SGD::update(const OptimizerArrays<double, 1>&, std::uint64_t) const;

}  // namespace tenon
