#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <tenon/error.hpp>
#include <tenon/ignore_index.hpp>
#include <tenon/losses/input_kind.hpp>
#include <tenon/losses/loss.hpp>
#include <tenon/model/tensors.hpp>
#include <tenon/model/xtensor.hpp>

/// Losses of tensors, without a network.
namespace tenon {

/// The tensor that a loss outside a network is given says nothing about itself.
struct plain_numbers;

template <class T, size_t Rank>
struct ValueAndGradient {
  double value = 0;
  xt::xtensor<T, Rank> gradient{};  // by the prediction, of its shape
};

namespace detail {

/// A batch's tensors as a loss wants them: dense, row-major, and a vector of labels or numbers.
template <Loss L, FixedRank Prediction, FixedRank Answers>
class LossInput {
public:
  using T = std::conditional_t<std::is_same_v<typename Prediction::value_type, double>, double, float>;
  static constexpr size_t rank = std::tuple_size_v<typename Prediction::shape_type>;

  LossInput(const Prediction& predictions, const Answers& targets) : prediction_(predictions) {
    static_assert(no_problem());
    static_assert(rank == 1 || rank == 2 || !compares_classes<L>, "class scores are a vector, or (samples, classes)");
    const auto& shape = prediction_.shape();
    samples_ = rank == 1 ? 1 : shape[0];
    if (prediction_.size() == 0)
      throw Error("loss: expected at least one number, got a prediction of shape " + shape_text(shape));
    width_ = prediction_.size() / samples_;
    values_ = xt::xtensor<T, 1>(std::array{samples_});
    if constexpr (takes_labels) read_labels(targets);
    else read_numbers(targets);
  }

  double evaluate(const L& loss, T* gradient) {
    LossArguments<T> arguments{
        {prediction_.data(), samples_, width_}, width_, {}, {values_.data(), samples_}, {gradient, samples_, width_}};
    arguments.target.labels = labels_;
    if (!takes_labels) arguments.target.values = {numbers_.data(), samples_, width_};
    return evaluate_loss<plain_numbers>(loss, arguments);
  }
  xt::xtensor<T, 1>& values() { return values_; }
  const auto& shape() const { return prediction_.shape(); }

private:
  static constexpr bool takes_labels = std::integral<typename Answers::value_type> &&
                                       target_kind_of<L> != TargetKind::values;
  static_assert(takes_labels || target_kind_of<L> != TargetKind::labels,
                "this loss compares with class indices, which are integers");

  static constexpr bool no_problem() {
    using Problem = typename loss_problem<L, plain_numbers>::type;
    if constexpr (!std::is_void_v<loss_formula_problem<L>>) return refuse<invalid_loss<L, loss_formula_problem<L>>>();
    else if constexpr (std::is_void_v<Problem>) return true;
    else return refuse<loss_mismatch<L, Problem, but_gets<plain_numbers>, from_input>>();
  }

  void read_labels(const Answers& targets) {
    static_assert(std::tuple_size_v<typename Answers::shape_type> == 1,
                  "class indices are a tensor of rank 1, one for each sample");
    if (targets.size() != samples_)
      throw Error("loss: expected " + std::to_string(samples_) + " class indices, one for each sample, got " +
                  std::to_string(targets.size()));
    const size_t classes = width_ == 1 ? 2 : width_;
    for (const auto label : targets) {
      const bool ignored = ignores_labels<L> && std::cmp_equal(label, ignore_index);
      if (!ignored && (!std::in_range<size_t>(label) || static_cast<size_t>(label) >= classes))
        throw Error("loss: expected class indices from 0 to " + std::to_string(classes - 1) + ", got " +
                    std::to_string(label));
      labels_.push_back(static_cast<std::int32_t>(label));
    }
  }
  void read_numbers(const Answers& targets) {
    static_assert(std::tuple_size_v<typename Answers::shape_type> == rank, "a target has the shape of the prediction");
    numbers_ = targets;
    if (numbers_.shape() != prediction_.shape())
      throw Error("loss: expected a target of shape " + shape_text(prediction_.shape()) +
                  ", as the prediction has, got " + shape_text(numbers_.shape()));
  }

  xt::xtensor<T, rank> prediction_;
  xt::xtensor<T, rank> numbers_{};
  std::vector<std::int32_t> labels_{};
  xt::xtensor<T, 1> values_{};
  size_t samples_ = 0;
  size_t width_ = 0;
};

}  // namespace detail

/// A loss and its gradient by the prediction:
///
///     xt::xtensor<float, 2> prediction = ..., target = ...;        // (samples, numbers)
///     auto [value, gradient] = value_and_gradient(Huber{.delta = 0.5}, prediction, target);
///     xt::xtensor<int, 1> classes = ...;                           // (samples)
///     auto [loss, slope] = value_and_gradient(CrossEntropy<from_logits>{}, logits, classes);
///
/// A prediction is a batch (samples, axes of a sample...), or, with one axis, one sample. A target is a
/// tensor of the same shape or, of integers, the class index of each sample. No network says what the
/// numbers are here, so cross-entropy has to: from_logits or from_probabilities. `Reduction::none` gives
/// the sum and its gradient; `loss_values` has the value of every sample.
template <Loss L, detail::FixedRank Prediction, detail::FixedRank Answers>
auto value_and_gradient(const L& loss, const Prediction& predictions, const Answers& targets) {
  using Input = detail::LossInput<L, Prediction, Answers>;
  Input input(predictions, targets);
  ValueAndGradient<typename Input::T, Input::rank> result;
  result.gradient.resize(input.shape());
  result.value = input.evaluate(loss, result.gradient.data());
  return result;
}

/// The loss alone.
template <Loss L, detail::FixedRank Prediction, detail::FixedRank Answers>
double loss_value(const L& loss, const Prediction& predictions, const Answers& targets) {
  return detail::LossInput<L, Prediction, Answers>(predictions, targets).evaluate(loss, nullptr);
}

/// The loss of every sample, before any mean: a sum over its numbers where the formula has a value for
/// each.
template <Loss L, detail::FixedRank Prediction, detail::FixedRank Answers>
auto loss_values(const L& loss, const Prediction& predictions, const Answers& targets) {
  detail::LossInput<L, Prediction, Answers> input(predictions, targets);
  input.evaluate(loss, nullptr);
  return std::move(input.values());
}

}  // namespace tenon
