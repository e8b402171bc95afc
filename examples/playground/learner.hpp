#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include <tenon/all/layers.hpp>
#include <tenon/edge/context.hpp>
#include <tenon/losses/formula.hpp>
#include <tenon/losses/loss.hpp>
#include <tenon/net/networks.hpp>
#include <tenon/net/parameters.hpp>
#include <tenon/net/run.hpp>
#include <tenon/optim/adam.hpp>
#include <tenon/random.hpp>

/// Training without a system: what Model and Trainer do, for a machine that has neither BLAS nor exceptions. Forward
/// and backward pass, loss, initial weights and optimizer are the library's.
namespace playground {

using namespace tenon;

/// Portable matrix products and the library's random streams.
struct Context {
  bool overwrite_gradients = false;
  std::uint64_t seed = 0, step = 0;
  std::size_t first_sample = 0;

  Stream stream(std::uint32_t id) const { return Stream(seed, Purpose::dropout, id, step); }
  static void gemm(kernels::Transpose ta, kernels::Transpose tb, std::size_t m, std::size_t n, std::size_t k,
                   float alpha, const float* a, std::size_t lda, const float* b, std::size_t ldb, float beta, float* c,
                   std::size_t ldc) {
    edge::Context::gemm(ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
  }
};

inline constexpr std::size_t most_samples = 256;  // in a batch

/// Cross-entropy of a class, 0 or 1, and the sigmoid of a prediction.
constexpr auto cross_entropy = softplus(prediction) - prediction * target;

/// What the page asks of a network, whatever its type.
struct AnyLearner {
  virtual void start(std::uint64_t seed) = 0;
  virtual double train(std::span<const float> points, std::span<const float> classes, const Adam& optimizer) = 0;
  virtual void predict(std::span<const float> points, std::span<float> logits) = 0;
  virtual std::span<const ParameterEntry> table() const = 0;
  virtual std::span<const float> parameters() const = 0;
  virtual std::span<const float> gradients() const = 0;

protected:
  ~AnyLearner() = default;
};

/// A network of two numbers that gives one, the logarithm of the odds of class 1.
template <class Net>
class Learner final : public AnyLearner {
  using Bound = bound_network<Net>;
  static_assert(input_shape<Net>::size == 2 && output_shape<Net>::size == 1);
  static constexpr const auto& layout = workspace<Net>;
  static constexpr const Needs& needs = layout.needs;
  static constexpr std::size_t scratch = std::max(
      {needs.forward.sample, needs.backward.sample, needs.inference.sample});
  static constexpr std::size_t fixed = std::max({needs.forward.fixed, needs.backward.fixed, needs.inference.fixed});
  static_assert(layout.buffer_size == 0 && needs.state == 0, "no running statistics, no states");

public:
  void start(std::uint64_t seed) override {
    seed_ = seed;
    steps_ = 0;
    std::fill_n(parameters_, size, 0.0F);
    for (auto& array : states_) std::fill_n(array, size, 0.0F);
    std::uint32_t number = 0;
    visit_parameters<Net>([&](const ParameterEntry& entry, auto initializer) {
      Stream stream(seed, Purpose::initial_weights, number++);
      ParameterSpec spec{.name = entry.name, .rank = entry.rank, .fan_in = entry.fan_in, .fan_out = entry.fan_out};
      std::copy_n(entry.dims, entry.rank, spec.dims);
      decltype(initializer)::fill(std::span<float>(parameters_ + entry.offset, entry.size), spec, stream);
    });
  }

  /// One step on a batch of points (x, y) and their classes, 0 or 1. Returns the loss before it.
  double train(std::span<const float> points, std::span<const float> classes, const Adam& optimizer) override {
    const std::size_t count = std::min(classes.size(), most_samples);
    Context context{.seed = seed_, .step = steps_};
    const Rows<const float> x{points.data(), count, 2};
    const Rows<float> y{output_, count, 1}, dy{output_gradient_, count, 1};
    run_forward<Bound>(context, memory(), x, y, Training{});
    const double loss = detail::run_loss<expr::lift<cross_entropy>>(
        LossArguments<float>{.prediction = y,
                             .width = 1,
                             .target = {.values = {classes.data(), count, 1}},
                             .values = values_,
                             .gradient = dy},
        Reduction::mean);
    context.overwrite_gradients = true;
    run_backward<Bound>(context, memory(), x, Rows<const float>(y), Rows<const float>(dy), Rows<float>{});
    optimizer.update(OptimizerArrays<float, 2>{parameters_, gradients_, {states_[0], states_[1]}, size}, ++steps_);
    return loss;
  }

  void predict(std::span<const float> points, std::span<float> logits) override {
    Context context;
    for (std::size_t first = 0; first < logits.size(); first += most_samples) {
      const std::size_t count = std::min(most_samples, logits.size() - first);
      run_forward<Bound>(context, memory(), Rows<const float>{points.data() + 2 * first, count, 2},
                         Rows<float>{logits.data() + first, count, 1}, Evaluation{});
    }
  }

  std::span<const ParameterEntry> table() const override {
    return {parameter_table<Net>.data(), parameter_table<Net>.size()};
  }
  std::span<const float> parameters() const override { return parameters_; }
  std::span<const float> gradients() const override { return gradients_; }

private:
  static constexpr std::size_t size = layout.trainable_size;

  Memory<float> memory() {
    return {.parameters = {.values = parameters_, .gradients = gradients_},
            .workspace = {saved_, saved_fixed_, scratch_, scratch_fixed_}};
  }

  // One learner a network: apart from the object, whose other members are no zeros, these take no place in the module.
  alignas(64) inline static float parameters_[size]{};
  alignas(64) inline static float gradients_[size]{};
  alignas(64) inline static float states_[2][size]{};
  alignas(64) inline static float saved_[needs.saved.sample * most_samples + 1]{};
  alignas(64) inline static float saved_fixed_[needs.saved.fixed + 1]{};
  alignas(64) inline static float scratch_[scratch * most_samples + 1]{};
  alignas(64) inline static float scratch_fixed_[fixed + 1]{};
  inline static float output_[most_samples]{}, output_gradient_[most_samples]{}, values_[most_samples]{};
  std::uint64_t seed_ = 0, steps_ = 0;
};

}  // namespace playground
