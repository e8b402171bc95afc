#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include <tenon/edge/frozen_step.hpp>
#include <tenon/edge/step_kernel.hpp>
#include <tenon/kernels/columns.hpp>
#include <tenon/model/arena.hpp>
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
  static_assert(edge::check_steps<Net>());
  using Bound = bound_network<Stepwise<Net>>;
  static constexpr Layout layout = layout_of<Bound>;
  static_assert(layout.trainable_size == workspace<Net>.trainable_size, "a step has the network's own parameters");

public:
  using network = Net;
  using input = typename Bound::input;
  using output = typename Bound::output;

  template <class Gemm>
  explicit HostFrozenStep(const Model<Net, float, Gemm>& model) : buffers_(model.buffers()) {
    std::copy_n(model.parameters().data(), layout.trainable_size, parameters_.data());
    Arena<float> room(layout.trainable_size);
    std::vector<float> x(input::size), y(output::size);
    Turn turn{parameters_.data(), room.data()};
    run(turn, x.data(), y.data());
    reset();
  }

  /// The output at the next step. The spans must not overlap.
  TENON_FLATTEN void step(std::span<const float, input::size> in, std::span<float, output::size> out) {
    Context context;
    if constexpr (requires { Bound::plan.slots; } && !tenon::detail::Passthrough<Bound>) run_chain(context, in.data(), out.data());
    else run(context, in.data(), out.data());
  }
  /// Forgets the steps so far.
  void reset() { std::fill_n(state_.data(), state_.size(), 0.0F); }

private:
  struct VectorProducts {
    static constexpr bool turned = true;
    static void multiply(const float* w, const float* x, float* y, std::size_t in, std::size_t out) {
      kernels::add_up_columns(w, x, y, in, out);
    }
  };

  struct Context : edge::BasicContext<VectorProducts> {
    template <class Unit>
      requires edge::HasStepKernel<Unit>
    TENON_INLINE static void forward(const Memory<float>& memory, Rows<const float> x, Rows<float> y) {
      edge::StepKernel<Unit>::run(memory, x.data, y.data);
    }
    template <class Unit>
      requires(edge::HasSampleKernel<Unit> && !edge::HasStepKernel<Unit>)
    TENON_INLINE static void forward(const Memory<float>& memory, Rows<const float> x, Rows<float> y) {
      edge::SampleKernel<Unit>::template run<VectorProducts>(memory, x.data, y.data);
    }
  };
  /// Walks over the network's layers as a step does, and turns their matrices.
  struct Turn : edge::BasicContext<VectorProducts> {
    float* parameters;
    float* room;
    Turn(float* p, float* r) : parameters(p), room(r) {}

    template <class Unit>
      requires edge::HasStepKernel<Unit>
    void forward(const Memory<float>& memory, Rows<const float>, Rows<float>) {
      edge::StepKernel<Unit>::turn(const_cast<float*>(memory.parameters), room);
    }
    template <class Unit>
      requires(edge::HasSampleKernel<Unit> && !edge::HasStepKernel<Unit>)
    void forward(const Memory<float>& memory, Rows<const float>, Rows<float>) {
      edge::SampleKernel<Unit>::turn(const_cast<float*>(memory.parameters), room);
    }
  };

  TENON_INLINE Memory<float> memory() {
    Memory<float> m{parameters_.data(), nullptr, buffers_.data(), nullptr, nullptr, scratch_.data(), fixed_.data(), 0, 0};
    m.state = state_.data();
    m.state_stride = layout.needs.state_sample;
    return m;
  }
  template <class C>
  void run(C& context, const float* in, float* out) {
    detail::run_forward<Bound>(context, memory(), Rows<const float>{in, 1, input::size}, Rows<float>{out, 1, output::size}, Evaluation{});
  }

  /// The same for a chain of layers, whose places are constants once this is inlined: what `run` hands from layer to layer
  /// takes longer than a layer of eight numbers.
  TENON_INLINE void run_chain(Context& context, const float* in, float* out) {
    const Memory<float> all = memory();
    std::size_t number = 0;
    const float* x = in;
    Bound::visit_units([&]<class Unit>() TENON_INLINE_LAMBDA {
      const tenon::detail::Slot& slot = Bound::plan.slots[number++];
      float* const y = slot.inference_output.where == tenon::detail::Place::outside ? out : all.scratch + slot.inference_output.offset;
      if constexpr (edge::HasStepKernel<Unit>) {
        Memory<float> own{all.parameters + slot.parameters};
        own.state = all.state + slot.state;
        edge::StepKernel<Unit>::run(own, x, y);
      } else {
        detail::run_forward<Unit>(context, tenon::detail::memory_of(all, slot, 1, slot.inference_scratch), Rows<const float>{x, 1, Unit::input::size},
                                  Rows<float>{y, 1, Unit::output::size}, Evaluation{});
      }
      x = y;
    });
  }

  Arena<float> parameters_{layout.trainable_size};
  Arena<float> buffers_;
  Arena<float> state_{layout.needs.state_sample};
  Arena<float> scratch_{layout.needs.inference_scratch_sample};
  Arena<float> fixed_{layout.needs.inference_scratch_fixed};
};

}  // namespace tenon
