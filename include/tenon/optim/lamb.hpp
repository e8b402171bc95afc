#pragma once

#include <cstdint>

#include <tenon/net/parameters.hpp>
#include <tenon/optim/optimizer.hpp>

namespace tenon {

/// AdamW whose step is scaled to the length of each parameter (You et al. 2020), for large batches:
///     m = b1 m + (1 - b1) g,   v = b2 v + (1 - b2) g^2,
///     u = m / (1 - b1^t) / (sqrt(v / (1 - b2^t)) + eps) + weight_decay p,
///     p = p - lr |p| / |u| u,
/// where p is a parameter as a whole, a matrix or a bias, and |p| its Euclidean norm; |p| / |u| is 1 where one of them
/// is 0. It therefore takes the network's parameters one by one (`update<Net>`), and cannot be one of `Groups`.
///
///     fit(model, data, Fit{.optimizer = Lamb{.lr = 0.01}, .batch_size = 4096});
struct Lamb {
  double lr = 1e-3;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double eps = 1e-6;
  double weight_decay = 1e-2;

  static constexpr int states = 2;
  static constexpr bool by_parameter = true;
  static constexpr void each_option(auto& o, auto visit) {
    visit("lr", o.lr, at_least(0));
    visit("beta1", o.beta1, from_below(0, 1));
    visit("beta2", o.beta2, from_below(0, 1));
    visit("eps", o.eps, as_epsilon);
    visit("weight_decay", o.weight_decay, at_least(0));
  }

  template <class Net, class T>
  void update(const OptimizerArrays<T, 2>& arrays, std::uint64_t step) const {
    for (const ParameterEntry& entry : parameter_table<Net>)
      if (entry.trainable)
        update_one(OptimizerArrays<T, 2>{arrays.parameters + entry.offset,
                                         arrays.gradients + entry.offset,
                                         {arrays.state[0] + entry.offset, arrays.state[1] + entry.offset},
                                         entry.size},
                   step);
  }
  /// One parameter.
  template <class T>
  void update_one(const OptimizerArrays<T, 2>& arrays, std::uint64_t step) const;
};

extern template void Lamb::update_one(const OptimizerArrays<float, 2>&, std::uint64_t) const;
extern template void Lamb::update_one(const OptimizerArrays<double, 2>&, std::uint64_t) const;

}  // namespace tenon
