#pragma once

#include <tenon/net/refuse.hpp>  // first: compilers print the path of includes that leads to an error

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <type_traits>

#include <tenon/edge/learner_check.hpp>
#include <tenon/edge/learner_context.hpp>
#include <tenon/edge/learner_loss.hpp>
#include <tenon/edge/learner_optimizers.hpp>
#include <tenon/edge/weights.hpp>
#include <tenon/losses/loss_check.hpp>
#include <tenon/net/checked.hpp>
#include <tenon/net/freeze.hpp>
#include <tenon/net/run.hpp>

namespace tenon::edge {

/// A loss, or an optimizer, that there is no code for on a device.
template <class Asked, class Takes>
struct no_code_on_device;
struct cross_entropy_or_binary_cross_entropy_from_logits_or_a_formula;
struct a_loss_of_each_sample_alone;
struct PlainSGD_or_SGD_or_Adam;

namespace detail {

template <bool Known, class Asked, class Wanted>
constexpr bool has_code() {
  if constexpr (Known) return true;
  else return tenon::detail::refuse<no_code_on_device<Asked, takes<Wanted>>>();
}

/// What is frozen in a network sends gradients back, and sums that come along with them go where nobody looks.
constexpr size_t unused_gradient_of_frozen(const tenon::detail::Tree& tree) {
  if (tree.frozen) return aligned(tenon::detail::unused_gradient_size(tree));
  size_t most = 0;
  for (size_t u = 0; u < tree.unit_count; ++u) most = std::max(most, unused_gradient_of_frozen(*tree.units[u].tree));
  return most;
}

/// All that a learner keeps. `Bound` is what is trained, `Whole` the network with the last layer that the loss has
/// absorbed.
template <class Bound, class Whole, class O>
struct LearnerMemory {
  static constexpr Needs needs = layout_of<Bound>.needs;
  static constexpr size_t states = static_cast<size_t>(O::states), size = layout_of<Bound>.trainable_size;
  static constexpr size_t saved_sample = needs.saved.sample, state_size = needs.state;
  static constexpr size_t scratch_sample = std::max(
      {needs.forward.sample, needs.backward.sample, layout_of<Whole>.needs.inference.sample});
  static constexpr size_t scratch_fixed = std::max(fixed_scratch<Bound>(), fixed_scratch<Whole>());
  static constexpr size_t unused_gradient = unused_gradient_of_frozen(*tenon::detail::tree_of<Bound>());
  static constexpr size_t one(size_t count) { return std::max<size_t>(count, 1); }
  static_assert(std::is_trivially_destructible_v<O>);
  constexpr LearnerMemory() {}

  float parameters[one(size)]{};
  float gradients[one(size)]{};
  float optimizer_state[one(size * states)]{};
  float saved[one(saved_sample + needs.saved.fixed)]{};
  float scratch[one(scratch_sample + scratch_fixed + unused_gradient)]{};
  float state[one(state_size)]{};
  float output[Bound::output::size]{};
  float gradient[Bound::output::size]{};  // at the output
  const float* buffers = nullptr;
  union {  // zeros at first, so that a static object takes no flash
    char nothing = 0;
    O optimizer;
  };
  std::uint64_t seed = 0;
  std::uint64_t steps = 0;
  size_t taken = 0;  // samples since the last step
};

}  // namespace detail

/// A network that learns on a microcontroller: its own backward pass, derived by the compiler, in an object of known
/// size. No heap, no exceptions, no library, no system.
///
///     using Learner = edge::Learner<Head, CrossEntropy<>, Adam, 8>;   // a step every 8 samples
///     static_assert(sizeof(Learner) <= 16 * 1024);
///
///     Learner learner;
///     learner.start(head::weights, Adam{.lr = 1e-3});                 // from what a host has exported
///     learner.learn(features, label);                                 // forward, backward, and every 8th time a step
///     const int guess = learner.classify(features);
///
/// Samples are taken one at a time, so memory does not grow with `Batch`: the gradients of so many samples are added
/// up, and the step is that of a Trainer whose batch has those samples and whose loss is their mean. Parameters are
/// copied from the weights; what the network has frozen (`Freeze`, `freeze`) and running statistics are read where they
/// lie, in flash. Statistics of a batch are fixed: BatchNorm does what it does in evaluation, and its scale and shift
/// learn. Recurrent layers go back through the steps of one sample; those that are `stateful` start where the sample
/// before ended, and their gradients stop there. Dropout draws the masks that a Trainer of the same seed draws.
///
/// All sums are added up in one order: a host and a device whose compilers do not contract products and sums
/// (-ffp-contract=off) get the same bits for the same samples, and the Trainer the same numbers within rounding. A loss
/// is of each sample alone, and has the options it has by default. A network with a layer that cannot be trained so is
/// one compile error, which names it (`refusal<learning_on_device, Net>`).
template <class Net, class L, class O = SGD, size_t Batch = 1>
class Learner {
  static_assert(Batch >= 1, "a step is made of at least one sample");
  static_assert(tenon::detail::check_execution<learning_on_device, Net>());
  using aim = tenon::detail::CheckedLoss<Net, L>;
  using Bound = bound_network<typename aim::trained>;
  using whole = bound_network<Net>;
  using device_loss = DeviceLoss<L, last_layer<Net>, typename Bound::output>;
  using known_losses = std::conditional_t<tenon::detail::compares_samples<L>, a_loss_of_each_sample_alone,
                                          cross_entropy_or_binary_cross_entropy_from_logits_or_a_formula>;
  static_assert(detail::has_code<device_loss::known, L, known_losses>());
  static_assert(detail::has_code<DeviceOptimizer<O>, O, PlainSGD_or_SGD_or_Adam>());
  using arena = detail::LearnerMemory<Bound, whole, O>;
  static constexpr bool of_classes = device_loss::of_classes;
  static constexpr size_t answers = answers_of<L, typename Bound::output>;

public:
  using network = Net;
  using loss = L;
  using optimizer_type = O;
  using input = input_shape<Net>;
  using output = output_shape<Net>;
  static constexpr size_t batch = Batch;
  static constexpr size_t states = arena::states;

  /// All that an object takes: parameters, gradients, the optimizer's arrays, activations and scratch.
  static constexpr size_t ram_bytes = sizeof(arena);
  /// Of that, what learns.
  static constexpr size_t parameter_bytes = arena::size * sizeof(float);
  /// What a slot of flash has to hold (edge/checkpoint.hpp).
  static constexpr size_t checkpoint_bytes = 32 + parameter_bytes * (1 + states);

  /// All zeros: a static object takes no flash and has no constructor to be run. Before anything else it has to be
  /// started.
  // NOLINTNEXTLINE(modernize-use-equals-default): provided, as C++ wants for a constant without initialiser
  constexpr Learner() {}
  explicit Learner(const Weights<Net>& weights, const O& optimizer = {}, std::uint64_t seed = 0) {
    start(weights, optimizer, seed);
  }

  /// Starts from these weights, which must outlive it where the network has frozen parts or statistics; forgets all
  /// else.
  void start(const Weights<Net>& weights, const O& optimizer = {}, std::uint64_t seed = 0) {
    std::copy_n(weights.parameters, arena::size, m_.parameters);
    std::fill_n(m_.optimizer_state, arena::size * states, 0.0F);
    if (Weights<Net>::buffer_space > 0) m_.buffers = weights.buffers;
    std::construct_at(&m_.optimizer, optimizer);
    m_.seed = seed;
    resume(0);
    reset_states();
  }

  /// Learns from one sample, and makes a step if it is the last of `Batch`. Returns its loss, before the step. A label
  /// out of range teaches nothing, and its loss is NaN.
  float learn(std::span<const float, input::size> x, std::int32_t label) requires(of_classes&& answers == 1) {
    forward(x);
    const float value = device_loss::of_label(m_.output, label, 1.0F / Batch, m_.gradient);
    backward(x);
    return value;
  }
  /// The same with a label for each step of a sequence; the mean of their losses.
  float learn(std::span<const float, input::size> x,
              std::span<const std::int32_t, answers> labels) requires(of_classes&& answers > 1) {
    constexpr size_t classes = Bound::output::size / answers;
    forward(x);
    float sum = 0.0F;
    for (size_t k = 0; k < answers; ++k)
      sum += device_loss::of_label(m_.output + k * classes, labels[k], 1.0F / (Batch * answers),
                                   m_.gradient + k * classes);
    backward(x);
    return sum / answers;
  }
  /// The same with numbers that the network should have given.
  float learn(std::span<const float, input::size> x,
              std::span<const float, Bound::output::size> target) requires(!of_classes) {
    forward(x);
    const float value = device_loss::of_values(m_.output, target.data(), 1.0F / Batch, m_.gradient);
    backward(x);
    return value;
  }

  /// The network's output as it is now. Stateful layers go on as they do when they learn.
  void operator()(std::span<const float, input::size> x, std::span<float, output::size> y) {
    evaluate<whole>(x.data(), y.data());
  }
  /// The class with the largest output, the first of equals; of a single output, whether it is above one half.
  int classify(std::span<const float, input::size> x) {
    if constexpr (output::size == 1) {
      float y[1];
      evaluate<whole>(x.data(), y);
      return y[0] > 0.5F ? 1 : 0;
    } else {
      evaluate<Bound>(x.data(), m_.output);
      int best = 0;
      for (size_t i = 1; i < Bound::output::size; ++i)
        if (m_.output[i] > m_.output[best]) best = static_cast<int>(i);
      return best;
    }
  }

  /// What has been learned, in the order and at the offsets of `parameter_table`, for a checkpoint or for Frozen.
  std::span<const float> parameters() const { return {m_.parameters, arena::size}; }
  std::span<float> parameters() { return {m_.parameters, arena::size}; }
  /// The optimizer's arrays, one behind the other.
  std::span<const float> optimizer_state() const { return {m_.optimizer_state, arena::size * states}; }
  std::span<float> optimizer_state() { return {m_.optimizer_state, arena::size * states}; }
  /// The gradients since the last step.
  std::span<const float> gradients() const { return {m_.gradients, arena::size}; }

  O& optimizer() { return m_.optimizer; }
  std::uint64_t steps() const { return m_.steps; }
  /// Goes on from so many steps, as if no sample had been taken since: what reads a checkpoint does.
  void resume(std::uint64_t steps) {
    m_.steps = steps;
    m_.taken = 0;
  }
  /// The next sample starts a sequence.
  void reset_states() { std::fill_n(m_.state, arena::state_size, 0.0F); }

private:
  Memory<float> memory(bool training) {
    Memory<float> m;
    m.parameters.values = m_.parameters;
    m.parameters.constants = m_.buffers;  // statistics are fixed, too
    if (training) {
      m.parameters.gradients = m_.gradients;
      m.workspace.saved = m_.saved;
      m.workspace.saved_fixed = m_.saved + arena::saved_sample;
    }
    m.workspace.scratch = m_.scratch;
    m.workspace.scratch_fixed = m_.scratch + arena::scratch_sample;
    if (arena::state_size > 0) m.state = {m_.state, arena::state_size};
    return m;
  }
  LearnContext context() {
    return {m_.seed, m_.steps, m_.taken, m_.taken == 0, m_.scratch + arena::scratch_sample + arena::scratch_fixed};
  }

  void forward(std::span<const float, input::size> x) {
    LearnContext ctx = context();
    run_forward<Bound>(ctx, memory(true), Rows<const float>{x.data(), 1, input::size},
                       Rows<float>{m_.output, 1, Bound::output::size}, Training{});
  }
  void backward(std::span<const float, input::size> x) {
    LearnContext ctx = context();
    run_backward<Bound>(ctx, memory(true), Rows<const float>{x.data(), 1, input::size},
                        Rows<const float>{m_.output, 1, Bound::output::size},
                        Rows<const float>{m_.gradient, 1, Bound::output::size}, Rows<float>{nullptr, 1, input::size});
    if (++m_.taken < Batch) return;
    m_.taken = 0;
    ++m_.steps;
    OptimizerArrays<float, states> arrays{m_.parameters, m_.gradients, {}, arena::size};
    for (size_t k = 0; k < states; ++k) arrays.state[k] = m_.optimizer_state + k * arena::size;
    detail::take_step(m_.optimizer, arrays, m_.steps);
  }
  template <class Part>
  void evaluate(const float* x, float* y) {
    LearnContext ctx = context();
    run_forward<Part>(ctx, memory(false), Rows<const float>{x, 1, input::size}, Rows<float>{y, 1, Part::output::size},
                      Evaluation{});
  }

  arena m_;
};

/// A backbone that does not learn, say a Quantized or a Frozen network, in front of a head that does:
///
///     edge::OnBackbone<Quantized<backbone::Net, backbone::numbers>, edge::Learner<Head, CrossEntropy<>, Adam, 8>> net;
///     net.start(head::weights);
///     net.learn(image, label);
///     const int guess = net.classify(image);
template <class Backbone, class Head>
class OnBackbone {
public:
  using input = input_shape<typename Backbone::network>;
  using output = typename Head::output;
  static constexpr size_t features = Head::input::size;
  static constexpr size_t ram_bytes = Backbone::ram_bytes + Head::ram_bytes + features * sizeof(float);

private:
  static_assert(output_shape<typename Backbone::network>::size == features,
                "the head takes as many numbers as the backbone gives");

public:
  // NOLINTNEXTLINE(modernize-use-equals-default): as that of Learner
  constexpr OnBackbone() {}
  /// The head starts from these weights; see there.
  template <class... A>
  void start(const Weights<typename Head::network>& weights, const A&... arguments) {
    head_.start(weights, arguments...);
  }

  template <class Answer>
  float learn(std::span<const float, input::size> x, const Answer& answer) {
    backbone_(x, features_);
    return head_.learn(features_, answer);
  }
  void operator()(std::span<const float, input::size> x, std::span<float, output::size> y) {
    backbone_(x, features_);
    head_(features_, y);
  }
  int classify(std::span<const float, input::size> x) {
    backbone_(x, features_);
    return head_.classify(features_);
  }

  Backbone& backbone() { return backbone_; }
  Head& head() { return head_; }

private:
  Backbone backbone_{};
  Head head_{};
  float features_[features]{};
};

}  // namespace tenon::edge
