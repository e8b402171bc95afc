#pragma once

#include <tenon/optim/optimizer.hpp>

namespace tenon {

/// RMSprop (Tieleman and Hinton 2012, lecture 6e; centred: Graves 2013), in PyTorch's form: with
/// g' = g + weight_decay p,
///     v = alpha v + (1 - alpha) g'^2,
///     a = alpha a + (1 - alpha) g'   if centred, otherwise a = 0,
///     b = momentum b + g' / (sqrt(v - a^2) + eps),   p = p - lr b.
/// The defaults are PyTorch's, alpha = 0.99 included.
/// PyTorch: RMSprop. Keras: RMSprop.
///
///     fit(model, train, Fit{.optimizer = RMSprop{.lr = 1e-3, .momentum = 0.9}});
struct RMSprop {
  double lr = 1e-2;
  double alpha = 0.99;
  double eps = 1e-8;
  double weight_decay = 0;
  double momentum = 0;
  bool centered = false;

  static constexpr int states = 3;
  static constexpr void each_option(auto& o, auto visit) {
    visit("lr", o.lr, at_least(0));
    visit("alpha", o.alpha, from_below(0, 1));
    visit("eps", o.eps, as_epsilon);
    visit("weight_decay", o.weight_decay, at_least(0));
    visit("momentum", o.momentum, from_to(0, 1));
    visit("centered", o.centered);
  }

  template <class T>
  void update(const OptimizerArrays<T, 3>& arrays, std::uint64_t step) const;
};

extern template void RMSprop::update(const OptimizerArrays<float, 3>&, std::uint64_t) const;
extern template void RMSprop::update(const OptimizerArrays<double, 3>&, std::uint64_t) const;

}  // namespace tenon
