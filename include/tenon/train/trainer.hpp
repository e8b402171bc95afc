#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <tenon/data/loader.hpp>
#include <tenon/error.hpp>
#include <tenon/losses/loss.hpp>
#include <tenon/model/model.hpp>
#include <tenon/optim/clip.hpp>
#include <tenon/optim/optimizer.hpp>
#include <tenon/train/data_check.hpp>
#include <tenon/train/loss_check.hpp>

namespace tenon {

/// What backward and the optimizer need beside the model, and the five things a training loop does:
///
///     Trainer trainer{model, CrossEntropy{}, Adam{.lr = 1e-3}, 64, seed};
///     for (std::uint64_t epoch = 0; epoch < 5; ++epoch) {
///       loader.start_epoch(epoch);
///       while (loader.next(batch)) {
///         trainer.zero_grad();
///         trainer.forward(batch);
///         double loss = trainer.loss();
///         trainer.backward();
///         trainer.step();
///       }
///     }
///
/// `fit` is this loop. All memory is taken on construction.
template <class M, Loss L, Optimizer O>
class Trainer {
public:
  using model_type = M;
  using network = typename M::network;
  using scalar = typename M::scalar;

private:
  using T = scalar;
  using Trained = typename detail::CheckedLoss<network, L>::trained;
  using Bound = std::conditional_t<Checked<network>::valid, bound_network<Trained>, bound_network<network>>;
  static constexpr Layout layout = layout_of<Bound>;
  static constexpr std::size_t states = static_cast<std::size_t>(O::states);
  static constexpr Needs needs = layout.needs;
  static constexpr std::size_t scratch_sample = std::max(needs.forward_scratch_sample, needs.backward_scratch_sample);
  static constexpr std::size_t scratch_fixed = std::max(needs.forward_scratch_fixed, needs.backward_scratch_fixed);

public:
  /// One sample of what the loss is given: the network's output, or its logits where loss and last
  /// layer join.
  using output = typename Bound::output;

  /// Memory for batches of up to `batch_size`. The seed drives dropout.
  Trainer(M& model, L loss, O optimizer, std::size_t batch_size, std::uint64_t seed = 0)
      : model_(&model),
        loss_(std::move(loss)),
        optimizer_(std::move(optimizer)),
        capacity_(batch_size),
        gradients_(layout.trainable_size),
        saved_(needs.saved_sample * batch_size),
        saved_fixed_(needs.saved_fixed),
        scratch_(scratch_sample * batch_size),
        scratch_fixed_(scratch_fixed),
        output_(output::size * batch_size),
        output_gradient_(output::size * batch_size),
        values_(batch_size),
        sequence_states_(needs.state_sample * batch_size) {
    for (Arena<T>& s : states_) s = Arena<T>(layout.trainable_size);
    context_.seed = seed;
  }

  /// What that memory is, in bytes.
  static constexpr std::size_t bytes(std::size_t batch_size) {
    const std::size_t sample = needs.saved_sample + scratch_sample + needs.state_sample + 2 * output::size + 1;
    const std::size_t fixed = needs.saved_fixed + scratch_fixed;
    return sizeof(T) * (layout.trainable_size * (1 + states) + fixed + batch_size * sample);
  }

  /// The network's output for a batch, in training mode; `loss` and `backward` refer to it, and to the
  /// batch, which has to stay as it is until then.
  Rows<const T> forward(const Batch<T>& batch) {
    if (batch.count > capacity_)
      throw Error("training: expected batches of at most " + std::to_string(capacity_) + " samples, got " +
                  std::to_string(batch.count));
    detail::check_data("training", {M::input::size, output::size, target_kind_of<L>}, detail::offer_of(batch));
    batch_ = batch;
    has_gradient_ = false;
    context_.step = steps_;
    context_.first_sample = accumulated_;
    run_forward<Bound>(context_, memory(), x(), y(), Training{});
    return y();
  }
  /// The loss of that batch; its gradient is kept for `backward`.
  double loss() {
    if (batch_.count == 0) throw Error("training: expected forward before loss and backward, got none");
    const Target<T> target{batch_.labels, {batch_.targets.data(), batch_.count, output::size}};
    has_gradient_ = true;
    return evaluate_loss<last_layer<network>>(loss_, LossArguments<T>{y(), output::size, target, values_.span(), dy()});
  }
  /// Adds the batch's gradients to those since `zero_grad`. Several batches in one step are like one
  /// large batch (with a loss that is summed; means add up): each has dropout masks of its own.
  void backward() {
    if (!has_gradient_) loss();
    context_.overwrite_gradients = cleared_;
    run_backward<Bound>(context_, memory(), x(), Rows<const T>(y()), Rows<const T>(dy()), Rows<T>{});
    cleared_ = false;
    accumulated_ += batch_.count;
  }
  /// One step of the optimizer.
  void step() {
    if (cleared_) clear();
    OptimizerArrays<T, states> arrays{model_->parameters().data(), gradients_.data(), {}, layout.trainable_size};
    for (std::size_t k = 0; k < states; ++k) arrays.state[k] = states_[k].data();
    optimizer_.update(arrays, ++steps_);
    accumulated_ = 0;
  }
  /// Between `backward` and `step`; see optim/clip.hpp. The norm is returned as it was.
  double clip_grad_norm(double max_norm, double norm_type = 2) {
    return tenon::clip_grad_norm(gradients(), max_norm, norm_type);
  }
  void clip_grad_value(double clip_value) { tenon::clip_grad_value(gradients(), clip_value); }

  /// The learning rate of the next step, for schedules: `trainer.set_lr(schedule(1e-3, epoch))`.
  double lr() const { return optimizer_.lr; }
  void set_lr(double rate) { optimizer_.lr = rate; }
  /// The momentum, or what takes its place: beta1 of Adam and its kin. Optimizers without either keep
  /// what they have.
  void set_momentum(double momentum) {
    if constexpr (requires { optimizer_.momentum; }) optimizer_.momentum = momentum;
    else if constexpr (requires { optimizer_.beta1; }) optimizer_.beta1 = momentum;
  }

  /// The next `backward` starts from zero. Costs nothing: it overwrites instead of adding.
  void zero_grad() {
    cleared_ = true;
    accumulated_ = 0;
  }

  /// Calls f(name, value, gradient) for every trainable parameter, with spans.
  template <class F>
  void for_each_parameter(F f) {
    if (cleared_) clear();
    for (const ParameterEntry& entry : parameter_table<network>)
      if (entry.trainable) f(entry.name, model_->values(entry), std::span<T>(gradients_.data() + entry.offset, entry.size));
  }

  /// Where, on the current batch, the first number that is not finite appears, in words.
  std::string find_non_finite() {
    if (std::string sample = detail::describe_non_finite_sample(batch_); !sample.empty()) return sample;
    NonFiniteTrace<T> trace;
    context_.trace.watcher = &trace;
    run_forward<Bound>(context_, memory(), x(), y(), Training{});
    context_.trace.watcher = nullptr;
    const UnitRow* unit = trace.first == NonFiniteTrace<T>::none ? nullptr : &unit_table<Trained>[trace.first];
    return detail::describe_non_finite_layer(unit, non_finite_parameter());
  }
  /// The first parameter that holds a NaN or an infinity; empty where all are finite.
  std::string_view non_finite_parameter() const {
    for (const ParameterEntry& entry : parameter_table<network>)
      if (!detail::all_finite(std::as_const(*model_).values(entry))) return entry.name;
    return {};
  }

  /// The sequences of the next batch start anew. Until then layers that are `stateful` go on where the
  /// batch before ended, sample by sample.
  void reset_states() { std::fill_n(sequence_states_.data(), sequence_states_.size(), T(0)); }

  M& model() { return *model_; }
  O& optimizer() { return optimizer_; }
  const L& loss_function() const { return loss_; }
  std::uint64_t steps() const { return steps_; }
  Rows<const T> outputs() const { return {output_.data(), batch_.count, output::size}; }

private:
  /// All of them, with the zeros that lie between one parameter's and the next.
  std::span<T> gradients() {
    if (cleared_) clear();
    return gradients_.span();
  }
  Rows<const T> x() const { return {batch_.features.data(), batch_.count, M::input::size}; }
  Rows<T> y() { return {output_.data(), batch_.count, output::size}; }
  Rows<T> dy() { return {output_gradient_.data(), batch_.count, output::size}; }
  Memory<T> memory() {
    return {model_->parameters().data(), gradients_.data(), model_->buffers().data(), saved_.data(), saved_fixed_.data(),
            scratch_.data(), scratch_fixed_.data(), 0, 0, sequence_states_.data(), needs.state_sample};
  }
  void clear() {
    std::fill_n(gradients_.data(), gradients_.size(), T(0));
    cleared_ = false;
  }

  M* model_;
  L loss_;
  O optimizer_;
  std::size_t capacity_;
  Arena<T> gradients_;
  std::array<Arena<T>, states> states_{};
  Arena<T> saved_;
  Arena<T> saved_fixed_;
  Arena<T> scratch_;
  Arena<T> scratch_fixed_;
  Arena<T> output_;
  Arena<T> output_gradient_;
  Arena<T> values_;
  Arena<T> sequence_states_;
  typename M::context context_{};
  Batch<T> batch_{};
  std::uint64_t steps_ = 0;
  std::size_t accumulated_ = 0;  // samples that this step has had its gradients from
  bool cleared_ = true;
  bool has_gradient_ = false;    // of the loss
};

}  // namespace tenon
