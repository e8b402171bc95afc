#pragma once

#include <array>
#include <cstddef>
#include <span>

#include <tenon/losses/joint.hpp>
#include <tenon/losses/loss.hpp>

namespace tenon {

/// A loss of a whole batch of pairs (van den Oord et al. 2018): sample i's output A is to be told apart, by its product
/// with output B of the same sample, from all other samples of the batch. With s_ij = a_i . b_j / temperature,
///     -s_ii + log sum_j exp(s_ij),
/// the cross-entropy of the row with label i. As every sample is compared with every other, the value depends on the
/// size of the batch, in evaluation too; in training, a batch that is cut into shards is an Error. Let the codes end
/// with L2Normalize, and s is a cosine. It needs no column of answers. CLIP's loss, where each side is told apart by
/// the other:
///
///     0.5 * InfoNCE<"a", "b">{.temperature = 0.07} + 0.5 * InfoNCE<"b", "a">{.temperature = 0.07}
///
/// Gradient: with p the softmax of row i, by a_i sum_j (p_j - [i = j]) b_j / temperature, and by b_j the like.
/// PyTorch: cross_entropy(a @ b.T / temperature, arange(n)).
template <fixed_string A, fixed_string B>
struct InfoNCE {
  double temperature = 0.1;
  Reduction reduction = Reduction::mean;

  using reads = detail::list<expr::Edge<A>, expr::Edge<B>>;
  static constexpr void each_option(auto& o, auto visit) { visit("temperature", o.temperature, above(0)); }
  template <class T>
  double evaluate_outputs(const OutputArguments<T, 2>& arguments) const;
};

namespace detail {

/// In the library.
template <class T>
double info_nce(const OutputArguments<T, 2>& arguments, double temperature, Reduction reduction);
extern template double info_nce(const OutputArguments<float, 2>&, double, Reduction);
extern template double info_nce(const OutputArguments<double, 2>&, double, Reduction);

}  // namespace detail

template <fixed_string A, fixed_string B>
template <class T>
double InfoNCE<A, B>::evaluate_outputs(const OutputArguments<T, 2>& arguments) const {
  return detail::info_nce(arguments, temperature, reduction);
}

}  // namespace tenon
