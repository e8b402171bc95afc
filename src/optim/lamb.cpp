#include <tenon/optim/lamb.hpp>

#include <algorithm>
#include <cmath>

namespace tenon {

namespace {

/// u, which is computed twice: so it needs no memory, and its norm comes first.
template <class T>
struct Direction {
  Direction(const Lamb& o, const OptimizerArrays<T, 2>& a, std::uint64_t step)
      : arrays(a),
        first(static_cast<T>(1 / (1 - std::pow(o.beta1, static_cast<double>(step))))),
        root(static_cast<T>(1 / std::sqrt(1 - std::pow(o.beta2, static_cast<double>(step))))),
        eps(static_cast<T>(o.eps)),
        decay(static_cast<T>(o.weight_decay)) {}

  T operator()(std::size_t i) const {
    return first * arrays.state[0][i] / (root * std::sqrt(arrays.state[1][i]) + eps) + decay * arrays.parameters[i];
  }

  const OptimizerArrays<T, 2>& arrays;
  T first, root, eps, decay;
};

}  // namespace

template <class T>
void Lamb::add_lengths(const OptimizerArrays<T, 2>& a, std::uint64_t step, std::size_t first, double* norms) const {
  const auto b1 = static_cast<T>(beta1), b2 = static_cast<T>(beta2), n1 = static_cast<T>(1 - beta1),
             n2 = static_cast<T>(1 - beta2);
  T *const m = a.state[0], *const v = a.state[1], *const p = a.parameters;
  const Direction<T> direction(*this, a, step);
  for (std::size_t i = 0, number = 0; i < a.count; ++number) {
    double of_p = 0, of_u = 0;
    for (const std::size_t end = std::min(i + block - (first + i) % block, a.count); i < end; ++i) {
      const T g = a.gradients[i];
      m[i] = b1 * m[i] + n1 * g;
      v[i] = b2 * v[i] + n2 * g * g;
      const T u = direction(i);
      of_p += static_cast<double>(p[i]) * static_cast<double>(p[i]);
      of_u += static_cast<double>(u) * static_cast<double>(u);
    }
    norms[2 * number] = of_p;
    norms[2 * number + 1] = of_u;
  }
}

template <class T>
void Lamb::update_by(const OptimizerArrays<T, 2>& a, std::uint64_t step, const double* norms,
                     std::size_t blocks) const {
  double of_p = 0, of_u = 0;
  for (std::size_t k = 0; k < 2 * blocks; k += 2) {
    of_p += norms[k];
    of_u += norms[k + 1];
  }
  const double ratio = of_p > 0 && of_u > 0 ? std::sqrt(of_p / of_u) : 1;
  const auto rate = static_cast<T>(lr * ratio);
  const Direction<T> direction(*this, a, step);
  for (std::size_t i = 0; i < a.count; ++i) a.parameters[i] -= rate * direction(i);
}

template void Lamb::add_lengths(const OptimizerArrays<float, 2>&, std::uint64_t, std::size_t, double*) const;
template void Lamb::add_lengths(const OptimizerArrays<double, 2>&, std::uint64_t, std::size_t, double*) const;
template void Lamb::update_by(const OptimizerArrays<float, 2>&, std::uint64_t, const double*, std::size_t) const;
template void Lamb::update_by(const OptimizerArrays<double, 2>&, std::uint64_t, const double*, std::size_t) const;

}  // namespace tenon
