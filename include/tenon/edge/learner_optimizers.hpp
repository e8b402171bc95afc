#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include <tenon/kernels/float_vectors.hpp>
#include <tenon/optim/adam.hpp>
#include <tenon/optim/optimizer.hpp>
#include <tenon/optim/sgd.hpp>

/// The steps of optimizers on a device, as plain loops: the formulas of optim/, in the same order of operations.
namespace tenon {

/// SGD without momentum, which keeps no array: p = p - lr (g + weight_decay p).
struct PlainSGD {
  double lr = 1e-3;
  double weight_decay = 0;

  static constexpr int states = 0;
  static constexpr void each_option(auto& o, auto visit) {
    visit("lr", o.lr, at_least(0));
    visit("weight_decay", o.weight_decay, at_least(0));
  }
};

namespace edge {

namespace detail {

/// base^n by squaring: the same bits on every machine, as those of std::pow are not.
constexpr double whole_power(double base, std::uint64_t n) {
  double power = 1;
  for (; n > 0; n >>= 1, base *= base)
    if ((n & 1) != 0) power *= base;
  return power;
}

inline void take_step(const PlainSGD& o, const OptimizerArrays<float, 0>& a, std::uint64_t) {
  const auto lr = static_cast<float>(o.lr), decay = static_cast<float>(o.weight_decay);
  const auto update = [&](auto& p, const auto& g) TENON_INLINE_LAMBDA { p -= lr * g; };
  const auto decayed = [&](auto& p, const auto& g) TENON_INLINE_LAMBDA { p -= lr * (g + decay * p); };
  if (decay == 0.0F) kernels::each_number(a.count, update, a.parameters, a.gradients);
  else kernels::each_number(a.count, decayed, a.parameters, a.gradients);
}

inline void take_step(const SGD& o, const OptimizerArrays<float, 1>& a, std::uint64_t step) {
  if (o.momentum == 0) return take_step(PlainSGD{o.lr, o.weight_decay}, {a.parameters, a.gradients, {}, a.count}, step);
  const auto lr = static_cast<float>(o.lr), decay = static_cast<float>(o.weight_decay),
             momentum = static_cast<float>(o.momentum);
  const auto fresh = step == 1 ? 1.0F : static_cast<float>(1 - o.dampening);
  const bool nesterov = o.nesterov;
  const auto update = [&](auto& parameter, auto& velocity, const auto& gradient) TENON_INLINE_LAMBDA {
    const auto g = gradient + decay * parameter;
    const auto v = momentum * velocity + fresh * g;
    velocity = v;
    parameter -= lr * (nesterov ? g + momentum * v : v);
  };
  kernels::each_number(a.count, update, a.parameters, a.state[0], a.gradients);
}

inline void take_step(const Adam& o, const OptimizerArrays<float, 2>& a, std::uint64_t step) {
  const auto lr = static_cast<float>(o.lr / (1 - whole_power(o.beta1, step)));
  const auto scale = static_cast<float>(1 / std::sqrt(1 - whole_power(o.beta2, step)));
  const auto beta1 = static_cast<float>(o.beta1), beta2 = static_cast<float>(o.beta2),
             fresh1 = static_cast<float>(1 - o.beta1), fresh2 = static_cast<float>(1 - o.beta2),
             decay = static_cast<float>(o.weight_decay), eps = static_cast<float>(o.eps);
  float *const first = a.state[0], *const second = a.state[1];
  for (size_t i = 0; i < a.count; ++i) {
    const float p = a.parameters[i], g = a.gradients[i] + decay * p;
    const float m = beta1 * first[i] + fresh1 * g, v = beta2 * second[i] + fresh2 * (g * g);
    first[i] = m;
    second[i] = v;
    a.parameters[i] = p - lr * m / (scale * std::sqrt(v) + eps);
  }
}

}  // namespace detail

/// What a Learner takes: PlainSGD, SGD, Adam.
template <class O>
concept DeviceOptimizer = requires(const O& o, const OptimizerArrays<float, static_cast<size_t>(O::states)>& arrays,
                                   std::uint64_t step) {
  detail::take_step(o, arrays, step);
};

}  // namespace edge
}  // namespace tenon
