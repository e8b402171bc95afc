#pragma once

#include <tenon/optim/optimizer.hpp>

namespace tenon {

/// Lion, "evolved sign momentum" (Chen et al. 2023), with decoupled weight decay:
///     p = (1 - lr weight_decay) p - lr sign(b1 m + (1 - b1) g),   m = b2 m + (1 - b2) g.
/// Every weight moves by lr, so lr wants to be 3 to 10 times smaller than Adam's.
struct Lion {
  double lr = 1e-4;
  double beta1 = 0.9;
  double beta2 = 0.99;
  double weight_decay = 0;

  static constexpr int states = 1;

  template <class T>
  void update(const OptimizerArrays<T, 1>& arrays, std::uint64_t step) const;
};

extern template void Lion::update(const OptimizerArrays<float, 1>&, std::uint64_t) const;
extern template void Lion::update(const OptimizerArrays<double, 1>&, std::uint64_t) const;

}  // namespace tenon
