#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include <tenon/edge/frozen_step.hpp>
#include <tenon/model/arena.hpp>
#include <tenon/model/host_chain.hpp>
#include <tenon/model/model.hpp>

namespace tenon {

/// `FrozenStep` for a host: sequences that come step by step, as the samples of an audio callback or the ticks of a control
/// loop. It copies the weights and turns the matrices the way vector units like them; a step allocates nothing and locks
/// nothing.
///
///     HostFrozenStep net{model};       // Model<Sequential<Input<50, 1>, LSTM<20>, Dense<1>>>
///     net.step(sample, output);        // spans of floats
///     net.reset();                     // the next step is the first
///
/// Several objects of one network live side by side; one object serves one thread.
template <class Net>
class HostFrozenStep {
  static_assert(detail::check_execution<step_by_step, Net>());
  using Bound = detail::host_network<Stepwise<Net>>;
  static constexpr Layout layout = layout_of<Bound>;
  static_assert(detail::keeps_parameters<Net>(), "a step has the network's own parameters");

public:
  using network = Net;
  using input = typename Bound::input;
  using output = typename Bound::output;

  template <class Gemm>
  explicit HostFrozenStep(const Model<Net, float, Gemm>& model) : buffers_(model.buffers()) {
    std::copy_n(model.parameters().data(), layout.trainable_size, parameters_.data());
    Arena<float> room(layout.trainable_size + layout.buffer_size);  // what does not learn lies among the buffers
    std::vector<float> x(input::size), y(output::size);
    detail::TurningContext turn(room.data());
    detail::run_forward<Bound>(turn, memory(), Rows<const float>{x.data(), 1, input::size}, Rows<float>{y.data(), 1, output::size}, Evaluation{});
    reset();
  }

  /// The output at the next step. The spans must not overlap.
  TENON_FLATTEN void step(std::span<const float, input::size> in, std::span<float, output::size> out) {
    detail::OneSampleContext context;
    detail::run_on_host<Bound>(context, memory(), in.data(), out.data());
  }
  /// Forgets the steps so far.
  void reset() { std::fill_n(state_.data(), state_.size(), 0.0F); }

private:
  TENON_INLINE Memory<float> memory() {
    Memory<float> m{parameters_.data(), nullptr, buffers_.data(), nullptr, nullptr, scratch_.data(), fixed_.data(), 0, 0};
    m.state = state_.data();
    m.state_stride = layout.needs.state_sample;
    return m;
  }

  Arena<float> parameters_{layout.trainable_size};
  Arena<float> buffers_;
  Arena<float> state_{layout.needs.state_sample};
  Arena<float> scratch_{layout.needs.inference_scratch_sample};
  Arena<float> fixed_{layout.needs.inference_scratch_fixed};
};

}  // namespace tenon
