#pragma once

#include <tenon/optim/optimizer.hpp>

namespace tenon {

/// Adagrad (Duchi, Hazan and Singer 2011), in PyTorch's form: with g' = g + weight_decay p and s
/// starting at `initial_accumulator_value`,
///     s = s + g'^2,   p = p - lr / (1 + (t - 1) lr_decay)  g' / (sqrt(s) + eps).
/// PyTorch: Adagrad. Keras: Adagrad.
///
///     fit(model, train, Fit{.optimizer = Adagrad{.lr = 0.05}});
struct Adagrad {
  double lr = 1e-2;
  double lr_decay = 0;
  double weight_decay = 0;
  double initial_accumulator_value = 0;
  double eps = 1e-10;

  static constexpr int states = 1;
  static constexpr void each_option(auto& o, auto visit) {
    visit("lr", o.lr, at_least(0));
    visit("lr_decay", o.lr_decay, at_least(0));
    visit("weight_decay", o.weight_decay, at_least(0));
    visit("initial_accumulator_value", o.initial_accumulator_value, at_least(0));
    visit("eps", o.eps, as_epsilon);
  }

  template <class T>
  void update(const OptimizerArrays<T, 1>& arrays, std::uint64_t step) const;
};

extern template void Adagrad::update(const OptimizerArrays<float, 1>&, std::uint64_t) const;
extern template void Adagrad::update(const OptimizerArrays<double, 1>&, std::uint64_t) const;

}  // namespace tenon
