#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include <tenon/edge/frozen.hpp>
#include <tenon/model/arena.hpp>
#include <tenon/model/host_chain.hpp>
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
  using Bound = detail::host_network<Net>;
  static constexpr const Layout& layout = workspace<Net>;

public:
  using network = Net;
  using input = input_shape<Net>;
  using output = output_shape<Net>;

  template <class Gemm>
  explicit HostFrozen(const Model<Net, float, Gemm>& model) : buffers_(model.buffers()) {
    std::copy_n(model.parameters().data(), layout.trainable_size, parameters_.data());
    Arena<float> room(layout.trainable_size + layout.buffer_size);  // what does not learn lies among the buffers
    std::vector<float> x(input::size), y(output::size);
    detail::TurningContext turn(room.data());
    detail::run_forward<Bound>(turn, memory(), Rows<const float>{x.data(), 1, input::size}, Rows<float>{y.data(), 1, output::size}, Evaluation{});
  }

  /// The network's output for one sample. The spans must not overlap.
  TENON_FLATTEN void operator()(std::span<const float, input::size> in, std::span<float, output::size> out) {
    detail::OneSampleContext context;
    detail::run_on_host<Bound>(context, memory(), in.data(), out.data());
  }

private:
  TENON_INLINE Memory<float> memory() {
    return {parameters_.data(), nullptr, buffers_.data(), nullptr, nullptr, scratch_.data(), fixed_.data(), 0, 0};
  }

  Arena<float> parameters_{layout.trainable_size};
  Arena<float> buffers_;
  Arena<float> scratch_{layout.needs.inference_scratch_sample};
  Arena<float> fixed_{layout.needs.inference_scratch_fixed};
};

}  // namespace tenon
