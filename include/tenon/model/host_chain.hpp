#pragma once

#include <cstddef>
#include <vector>

#include <tenon/edge/context.hpp>
#include <tenon/edge/step_kernel.hpp>
#include <tenon/error.hpp>
#include <tenon/inline.hpp>
#include <tenon/kernels/columns.hpp>
#include <tenon/net/chain.hpp>
#include <tenon/net/checked.hpp>
#include <tenon/net/run.hpp>
#include <tenon/net/sequential.hpp>

/// How a host runs networks of constant weights, one sample or step at a time.
namespace tenon::detail {

/// Matrices are stored (in, out) and multiplied by whole vectors.
struct VectorProducts {
  static constexpr bool transposed = true;
  static void multiply(const float* w, const float* x, float* y, size_t in, size_t out) {
    kernels::add_up_columns(w, x, y, in, out);
  }
};

/// Kernels whose sizes are constants serve layers whose numbers fit the nearest cache; matrices beyond are streamed.
template <class Unit>
concept HostKernel = edge::HasStepKernel<Unit> && layout_of<Unit>
.trainable_size <= 4096;

/// One step of a layer that may remember; without a state every run starts anew.
template <class Unit>
TENON_INLINE void run_kernel(const Memory<float>& memory, const float* x, float* y) {
  constexpr size_t states = layout_of<Unit>.needs.state;
  if constexpr (states > 0) {
    if (!memory.state) {
      float fresh[states]{};
      Memory<float> own = memory;
      own.state = {fresh, states};
      edge::StepKernel<Unit>::run(own, x, y);
      return;
    }
  }
  edge::StepKernel<Unit>::run(memory, x, y);
}

struct OneSampleContext : edge::BasicContext<VectorProducts> {
  template <class Unit>
  requires HostKernel<Unit> TENON_INLINE static void forward(const Memory<float>& memory, Rows<const float> x,
                                                             Rows<float> y) {
    for (size_t i = 0; i < y.count; ++i) run_kernel<Unit>(memory, x[i], y[i]);
  }
  template <class Unit>
    requires(edge::HasSampleKernel<Unit> && !HostKernel<Unit>)
  TENON_INLINE static void forward(const Memory<float>& memory, Rows<const float> x, Rows<float> y) {
    for (size_t i = 0; i < y.count; ++i) edge::SampleKernel<Unit>::template run<VectorProducts>(memory, x[i], y[i]);
  }
};

/// Walks over the network's layers as a run does, and turns their matrices: once, where several nodes of a graph work
/// with the same.
class TransposingContext : public edge::BasicContext<VectorProducts> {
public:
  explicit TransposingContext(float* space) : space_(space) {}

  template <class Unit>
    requires HostKernel<Unit>
  void forward(const Memory<float>& memory, Rows<const float>, Rows<float>) {
    if (is_first<Unit>(memory, same_for_samples<Unit> ? Way::by_columns : Way::by_steps))
      edge::StepKernel<Unit>::turn(parameters(memory), space_);
  }
  template <class Unit>
    requires(edge::HasSampleKernel<Unit> && !HostKernel<Unit>)
  void forward(const Memory<float>& memory, Rows<const float>, Rows<float>) {
    if (is_first<Unit>(memory, Way::by_columns)) edge::SampleKernel<Unit>::turn(parameters(memory), space_);
  }
  template <class Unit>
    requires(Leaf<Unit> && !edge::HasSampleKernel<Unit> && !HostKernel<Unit>)
  void forward(const Memory<float>& memory, Rows<const float> x, Rows<float> y) {
    is_first<Unit>(memory, Way::as_they_are);
    if constexpr (runs<Unit>) Unit::forward(*this, memory, x, y, Evaluation{});
  }

private:
  /// How a layer wants its parameters stored.
  enum class Way : unsigned char { as_they_are, by_columns, by_steps };
  struct Seen {
    const float* parameters;
    Way way;
  };
  /// The kernels of formulas for samples and for steps want the same.
  template <class Unit>
  static constexpr bool same_for_samples = edge::HasSampleKernel<Unit>;

  static float* parameters(const Memory<float>& memory) { return const_cast<float*>(memory.parameters.values); }
  template <class Unit>
  bool is_first(const Memory<float>& memory, Way way) {
    if constexpr (layout_of<Unit>.trainable_size == 0) return false;  // the next layer's begin at the same place
    for (const Seen& s : seen_) {
      if (s.parameters != memory.parameters.values) continue;
      if (s.way != way)
        throw Error("session: expected layers that share parameters to be given inputs of one shape, got one that is "
                    "given a step and one that is given several");
      return false;
    }
    seen_.push_back({memory.parameters.values, way});
    return true;
  }

  float* space_;
  std::vector<Seen> seen_{};
};

/// A chain and nothing derived from one.
template <class Bound>
struct ChainOf {
  static constexpr bool known = false;
};
template <class In, class Chain, class Units, class Elements>
struct ChainOf<BoundChain<In, Chain, Units, Elements>> {
  static constexpr bool known = true;
};
/// What the root of a network is bound to; of a Sequential, its chain.
template <class Net, class In>
struct root_chain {
  using type = bound_network<Net>;
};
template <class... L, class In>
struct root_chain<Sequential<L...>, In> {
  using type = chain_at<In, L...>;
};
template <class Net>
using host_network = typename root_chain<Net, input_shape<Net>>::type;

/// One sample through a bound network. The places of a chain's layers are constants once this is inlined: what is
/// otherwise passed from layer to layer takes longer than a layer of eight numbers.
template <class Bound, class Context>
TENON_INLINE void run_on_host(Context& context, const Memory<float>& all, const float* in, float* out) {
  if constexpr (ChainOf<Bound>::known && !Passthrough<Bound> && runs<Bound>) {
    size_t number = 0;
    const float* x = in;
    Bound::visit_units([&]<class Unit>() TENON_INLINE_LAMBDA {
      const Slot& slot = Bound::plan.slots[number++];
      float* const y = slot.inference_output.where == Place::outside
                           ? out
                           : all.workspace.scratch + slot.inference_output.offset;
      if constexpr (HostKernel<Unit>) {
        const Memory<float> own{.parameters = {.values = all.parameters.values + slot.parameters},
                                .state = shifted(all.state, slot.state)};
        run_kernel<Unit>(own, x, y);
      } else {
        run_forward<Unit>(context, memory_of(all, slot, 1, slot.inference_scratch),
                          Rows<const float>{x, 1, Unit::input::size}, Rows<float>{y, 1, Unit::output::size},
                          Evaluation{});
      }
      x = y;
    });
  } else {
    run_forward<Bound>(context, all, Rows<const float>{in, 1, Bound::input::size},
                       Rows<float>{out, 1, Bound::output::size}, Evaluation{});
  }
}

}  // namespace tenon::detail
