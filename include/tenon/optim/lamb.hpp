#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <tenon/net/parameters.hpp>
#include <tenon/net/select.hpp>
#include <tenon/optim/norm_blocks.hpp>
#include <tenon/optim/optimizer.hpp>

namespace tenon {

/// AdamW whose step is scaled to the length of each parameter (You et al. 2020), for large batches:
///     m = b1 m + (1 - b1) g,   v = b2 v + (1 - b2) g^2,
///     u = m / (1 - b1^t) / (sqrt(v / (1 - b2^t)) + eps) + weight_decay p,
///     p = p - lr |p| / |u| u,
/// where p is a parameter as a whole, a matrix or a bias, and |p| its Euclidean norm; |p| / |u| is 1 where one of them
/// is 0. It therefore takes the network's parameters one by one (`update<Net>`), and cannot be one of `Groups`.
/// PyTorch: none. Keras: Lamb.
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
    std::vector<double> norms(sums<Net>());
    add_sums<Net>(arrays, step, 0, norms.data());
    update<Net>(arrays, step, 0, norms.data());
  }
  /// The same of a part of the parameters, which begins with number `first` of their arena, in two calls: the first
  /// puts the part's share of |p|^2 and |u|^2 in `norms`, which is all zeros; the second takes all parts' shares.
  template <class Net, class T>
  void add_sums(const OptimizerArrays<T, 2>& part, std::uint64_t step, size_t first, double* norms) const {
    each_parameter<Net>(part, first,
                        [&](const OptimizerArrays<T, 2>& some, size_t at, size_t slot, const ParameterEntry& entry) {
                          add_lengths(some, step, at, norms + 2 * (slot + at / block - entry.offset / block));
                        });
  }
  template <class Net, class T>
  void update(const OptimizerArrays<T, 2>& part, std::uint64_t step, size_t first, const double* norms) const {
    each_parameter<Net>(part, first,
                        [&](const OptimizerArrays<T, 2>& some, size_t, size_t slot, const ParameterEntry& entry) {
                          update_by(some, step, norms + 2 * slot, blocks_of(entry));
                        });
  }
  /// One parameter.
  template <class T>
  void update_one(const OptimizerArrays<T, 2>& arrays, std::uint64_t step) const {
    std::vector<double> norms(2 * detail::norm_blocks(arrays.count));
    add_lengths(arrays, step, 0, norms.data());
    update_by(arrays, step, norms.data(), norms.size() / 2);
  }
  /// How many sums there are: two for each block of the arena, of each parameter in it.
  template <class Net>
  static constexpr size_t sums() {
    size_t count = 0;
    for (const ParameterEntry& entry : parameter_table<Net>) count += entry.trainable ? 2 * blocks_of(entry) : 0;
    return count;
  }

private:
  static constexpr size_t block = detail::norm_block;
  static constexpr size_t blocks_of(const ParameterEntry& entry) {
    return detail::norm_blocks(entry.offset + entry.size) - entry.offset / block;
  }
  /// Calls f(arrays, number in the arena where they begin, the number of the parameter's first block among all, entry)
  /// for what each parameter has in a part.
  template <class Net, class T, class F>
  static void each_parameter(const OptimizerArrays<T, 2>& part, size_t first, F f) {
    size_t slot = 0;
    for (const ParameterEntry& entry : parameter_table<Net>) {
      if (!entry.trainable) continue;
      const detail::Range here = detail::Range{entry.offset, entry.size}.within(first, part.count);
      const size_t at = here.offset - first;
      if (here.size > 0)
        f(
            OptimizerArrays<T, 2>{
                part.parameters + at, part.gradients + at, {part.state[0] + at, part.state[1] + at}, here.size},
            here.offset, slot, entry);
      slot += blocks_of(entry);
    }
  }
  /// Moves the averages, and sums up |p|^2 and |u|^2 block by block; the first number is number `first` of the arena.
  template <class T>
  void add_lengths(const OptimizerArrays<T, 2>& arrays, std::uint64_t step, size_t first, double* norms) const;
  template <class T>
  void update_by(const OptimizerArrays<T, 2>& arrays, std::uint64_t step, const double* norms, size_t blocks) const;
};

extern template void Lamb::add_lengths(const OptimizerArrays<float, 2>&, std::uint64_t, size_t, double*) const;
extern template void Lamb::add_lengths(const OptimizerArrays<double, 2>&, std::uint64_t, size_t, double*) const;
extern template void Lamb::update_by(const OptimizerArrays<float, 2>&, std::uint64_t, const double*, size_t) const;
extern template void Lamb::update_by(const OptimizerArrays<double, 2>&, std::uint64_t, const double*, size_t) const;

}  // namespace tenon
