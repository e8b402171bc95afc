#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

#include <tenon/expr/math.hpp>
#include <tenon/losses/binary_cross_entropy.hpp>
#include <tenon/losses/cross_entropy.hpp>
#include <tenon/losses/formula.hpp>
#include <tenon/losses/joint.hpp>
#include <tenon/losses/loss.hpp>

/// Losses of one sample on a device, with the options that a loss has by default.
namespace tenon::edge {

/// The value and gradient of a loss on outputs Out of a network whose last layer is Last: `of_label(y, label, scale,
/// dy)` or `of_values(y, target, scale, dy)` gives the loss of one sample and `scale` times its gradient.
template <class L, class Last, class Out>
struct DeviceLoss {
  static constexpr bool known = false;
  static constexpr bool of_classes = false;

  static float of_values(const float*, const float*, float, float*) { return 0.0F; }  // has been refused
};

/// From logits: the gradient is the probabilities, less 1 at the label. A label out of range teaches nothing, and its
/// loss is NaN.
template <class Input, class Last, class Out>
struct DeviceLoss<CrossEntropy<Input>, Last, Out> {
  static constexpr bool known = CrossEntropy<Input>::takes_logits || joins_last_layer<CrossEntropy<Input>, Last>;
  static constexpr bool of_classes = true;
  static constexpr size_t answers = answers_of<CrossEntropy<Input>, Out>, classes = Out::size / answers;

  static float of_label(const float* y, std::int32_t label, float scale, float* dy) {
    if (label < 0 || static_cast<size_t>(label) >= classes) {
      for (size_t i = 0; i < classes; ++i) dy[i] = 0.0F;
      return std::numeric_limits<float>::quiet_NaN();
    }
    float most = y[0], sum = 0.0F;
    for (size_t i = 1; i < classes; ++i) most = y[i] > most ? y[i] : most;
    for (size_t i = 0; i < classes; ++i) {
      dy[i] = math::exp(y[i] - most);
      sum += dy[i];
    }
    const float share = scale / sum;
    for (size_t i = 0; i < classes; ++i) dy[i] *= share;
    dy[label] -= scale;
    return math::log(sum) - (y[label] - most);
  }
};

/// From logits: the gradient is the probability less the target, over the number of outputs.
template <class Input, class Last, class Out>
struct DeviceLoss<BinaryCrossEntropy<Input>, Last, Out> {
  static constexpr bool known = BinaryCrossEntropy<Input>::takes_logits ||
                                joins_last_layer<BinaryCrossEntropy<Input>, Last>;
  static constexpr bool of_classes = false;

  static float of_values(const float* y, const float* target, float scale, float* dy) {
    constexpr float share = 1.0F / static_cast<float>(Out::size);
    float sum = 0.0F;
    for (size_t i = 0; i < Out::size; ++i) {
      const float small = math::exp(y[i] > 0.0F ? -y[i] : y[i]);  // no larger than 1
      const float yes = (y[i] > 0.0F ? 1.0F : small) / (1.0F + small);
      sum += (y[i] > 0.0F ? y[i] : 0.0F) + math::log(1.0F + small) - target[i] * y[i];
      dy[i] = (yes - target[i]) * (scale * share);
    }
    return sum * share;
  }
};

/// A formula of prediction and target. Its mean is over the outputs.
template <class L, class Last, class Out>
  requires(tenon::detail::SaysFormula<L> && !tenon::detail::is_of_outputs<L> && !tenon::detail::compares_samples<L>)
struct DeviceLoss<L, Last, Out> {
private:
  using E = expr::lift<L::formula>;
  using Program = tenon::detail::LossProgram<E>;
  static constexpr size_t count = tenon::detail::option_count<L>;

public:
  static constexpr bool known = target_kind_of<L> == TargetKind::values;
  static constexpr bool of_classes = false;

  static float of_values(const float* y, const float* target, float scale, float* dy) {
    constexpr L loss{};
    constexpr auto options = tenon::detail::options_of(loss);
    constexpr auto by = static_cast<float>(
        tenon::detail::divisor(loss.reduction, 1, Program::per_element ? static_cast<double>(Out::size) : 1));
    std::array<float, count> numbers{};
    float value = 0.0F;
    expr::Arguments<float> a;
    a.count = 1;
    a.width = Out::size;
    a.input[0] = {y, Out::size};
    a.input[1] = {target, Out::size};
    for (size_t k = 0; k < count; ++k) {
      numbers[k] = static_cast<float>(options[k]);
      a.parameter[k] = &numbers[k];
    }
    a.row_values = &value;
    a.seed_value = scale / by;
    a.store[0] = {dy, Out::size};
    expr::Loops<typename Program::ValueAndGradient, float, true>::run(a);
    return value / by;
  }
};

}  // namespace tenon::edge
