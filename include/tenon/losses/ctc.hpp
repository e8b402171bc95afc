#pragma once

#include <cstddef>

#include <tenon/losses/input_kind.hpp>
#include <tenon/losses/loss.hpp>

namespace tenon {

/// Connectionist temporal classification (Graves et al. 2006): a network that gives class scores at each of `Steps`
/// steps, (Steps, classes), learns to write a shorter sequence of labels whose times are not given. The loss is -log of
/// the probability of all ways a to say it, with p_t the probabilities of step t,
///     loss = -log(sum_a product_t p_t(a_t)).
/// In each way a label stays for one step or several, and `blank` may stand anywhere between labels; between two equal
/// ones it has to. Sums run forward and backward over the labels with blanks between them,
/// in logarithms.
///
/// A sample has `Steps` labels: those to be written, and `ignore_index` behind them; the blank is not one of them. The
/// mean is PyTorch's: each sample's loss is divided by the number of its labels first. Labels that do not fit into
/// so few steps cost infinity, or, with `zero_infinity`, nothing. Every step counts: shorter inputs have to be filled
/// up, sound with silence for instance.
///
/// A network that ends with Softmax or LogSoftmax is trained without it. Gradient by the scores: the probability of a
/// class minus that of being there on the way. PyTorch: nn.CTCLoss.
///
///     fit(model, data, Fit{.loss = CTCLoss<32>{}});
template <size_t Steps, class Input = by_last_layer>
struct CTCLoss {
  size_t blank = 0;
  bool zero_infinity = false;
  Reduction reduction = Reduction::mean;

  static_assert(!std::is_same_v<Input, from_probabilities>,
                "CTCLoss takes scores: of a network that ends with Softmax or LogSoftmax, or from_logits");
  static constexpr TargetKind target_kind = TargetKind::labels;
  static constexpr bool takes_logits = std::is_same_v<Input, from_logits>;
  template <class Last>
  static constexpr bool joins = !takes_logits && detail::is_one_of<Last, Softmax, LogSoftmax>;
  static constexpr bool ignores_labels = true;
  static constexpr bool labels_rows = false;
  static constexpr bool weighs_samples = true;
  template <class Last>
  using problem = detail::input_problem_of<or_say<from_logits>, Input, Last, Softmax, LogSoftmax>;

  static constexpr void each_option(auto& o, auto visit) {
    visit("blank", o.blank, at_least(0));
    visit("zero_infinity", o.zero_infinity);
  }
  template <class Last, class T>
  double evaluate(const LossArguments<T>& loss) const;
};

namespace detail {

/// In the library.
template <class T>
double ctc(const LossArguments<T>& loss, size_t steps, size_t blank, bool zero_infinity, Reduction reduction);
extern template double ctc(const LossArguments<float>&, size_t, size_t, bool, Reduction);
extern template double ctc(const LossArguments<double>&, size_t, size_t, bool, Reduction);

}  // namespace detail

template <size_t Steps, class Input>
template <class Last, class T>
double CTCLoss<Steps, Input>::evaluate(const LossArguments<T>& loss) const {
  return detail::ctc(loss, Steps, blank, zero_infinity, reduction);
}

}  // namespace tenon
