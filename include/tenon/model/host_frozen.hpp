#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include <tenon/edge/frozen.hpp>
#include <tenon/kernels/columns.hpp>
#include <tenon/model/arena.hpp>
#include <tenon/model/model.hpp>

namespace tenon {

/// `Frozen` for a host that predicts one sample at a time and has no microsecond to lose: an audio
/// callback, a control loop. It copies the weights and turns the matrices the way vector units like
/// them; a call allocates nothing, locks nothing and takes no detour through BLAS.
///
///     HostFrozen net{model};
///     net(sample, output);       // spans of floats
///
/// Several objects of one network live side by side; one object serves one thread.
template <class Net>
class HostFrozen {
  using Bound = bound_network<Net>;
  static constexpr const Layout& layout = workspace<Net>;

public:
  using network = Net;
  using input = input_shape<Net>;
  using output = output_shape<Net>;

  template <class Gemm>
  explicit HostFrozen(const Model<Net, float, Gemm>& model) : buffers_(model.buffers()) {
    std::copy_n(model.parameters().data(), layout.trainable_size, parameters_.data());
    Arena<float> room(layout.trainable_size);
    std::vector<float> x(input::size), y(output::size);
    Turn turn{parameters_.data(), room.data()};
    run(turn, x.data(), y.data());
  }

  /// The network's output for one sample. The spans must not overlap.
  void operator()(std::span<const float, input::size> in, std::span<float, output::size> out) {
    edge::BasicContext<VectorProducts> context;
    run(context, in.data(), out.data());
  }

private:
  struct VectorProducts {
    static constexpr bool turned = true;
    static void multiply(const float* w, const float* x, float* y, std::size_t in, std::size_t out) {
      kernels::add_up_columns(w, x, y, in, out);
    }
  };

  /// Walks over the network's layers as a run does, and turns their matrices.
  struct Turn : edge::BasicContext<VectorProducts> {
    float* parameters;
    float* room;
    Turn(float* p, float* r) : parameters(p), room(r) {}

    template <class Unit>
      requires edge::HasSampleKernel<Unit>
    void forward(const Memory<float>& memory, Rows<const float>, Rows<float>) {
      edge::SampleKernel<Unit>::turn(const_cast<float*>(memory.parameters), room);
    }
  };

  template <class Context>
  void run(Context& context, const float* in, float* out) {
    const Memory<float> memory{parameters_.data(), nullptr, buffers_.data(), nullptr, nullptr, scratch_.data(), fixed_.data(), 0, 0};
    detail::run_forward<Bound>(context, memory, Rows<const float>{in, 1, input::size}, Rows<float>{out, 1, output::size}, Evaluation{});
  }

  Arena<float> parameters_{layout.trainable_size};
  Arena<float> buffers_;
  Arena<float> scratch_{layout.needs.inference_scratch_sample};
  Arena<float> fixed_{layout.needs.inference_scratch_fixed};
};

}  // namespace tenon
