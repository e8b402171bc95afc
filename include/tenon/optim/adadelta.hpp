#pragma once

#include <tenon/optim/optimizer.hpp>

namespace tenon {

/// Adadelta (Zeiler 2012), in PyTorch's form: with g' = g + weight_decay p,
///     v = rho v + (1 - rho) g'^2,   d = sqrt(u + eps) / sqrt(v + eps)  g',
///     u = rho u + (1 - rho) d^2,    p = p - lr d.
/// PyTorch: Adadelta. Keras: Adadelta.
///
///     fit(model, train, Fit{.optimizer = Adadelta{.lr = 1, .rho = 0.95}});
struct Adadelta {
  double lr = 1;
  double rho = 0.9;
  double eps = 1e-6;
  double weight_decay = 0;

  static constexpr int states = 2;
  static constexpr void each_option(auto& o, auto visit) {
    visit("lr", o.lr, at_least(0));
    visit("rho", o.rho, from_to(0, 1));
    visit("eps", o.eps, as_epsilon);
    visit("weight_decay", o.weight_decay, at_least(0));
  }

  template <class T>
  void update(const OptimizerArrays<T, 2>& arrays, std::uint64_t step) const;
};

extern template void Adadelta::update(const OptimizerArrays<float, 2>&, std::uint64_t) const;
extern template void Adadelta::update(const OptimizerArrays<double, 2>&, std::uint64_t) const;

}  // namespace tenon
