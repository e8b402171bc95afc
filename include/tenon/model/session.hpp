#pragma once

#include <tenon/net/refuse.hpp>  // first: compilers print the path of includes that leads to an error

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include <tenon/edge/frozen_step.hpp>
#include <tenon/edge/sample.hpp>
#include <tenon/model/arena.hpp>
#include <tenon/model/host_chain.hpp>
#include <tenon/model/model.hpp>
#include <tenon/model/session_memory.hpp>

/// Sessions of single samples, of steps, and of pieces of sequences; model/session_memory.hpp declares what a Session
/// is.
namespace tenon {

namespace detail {

/// Copies of a model's parameters, with the matrices transposed where vector units like that.
template <class Bound>
class TransposedParameters {
public:
  template <class M>
  TransposedParameters(const M& model, const Layout& layout, SessionMemory<float>& memory)
      : parameters_(layout.trainable_size), buffers_(model.buffers()) {
    std::copy_n(model.parameters().data(), layout.trainable_size, parameters_.data());
    Arena<float> scratch(layout.trainable_size + layout.buffer_size);  // what does not learn lies among the buffers
    std::vector<float> x(Bound::input::size), y(Bound::output::size);
    TransposingContext turn(scratch.data());
    run_forward<Bound>(turn, in(memory), Rows<const float>{x.data(), 1, x.size()}, Rows<float>{y.data(), 1, y.size()},
                       Evaluation{});
    memory.reset();
  }
  TENON_INLINE Memory<float> in(SessionMemory<float>& memory) {
    return memory.with(parameters_.data(), buffers_.data());
  }

private:
  Arena<float> parameters_, buffers_;
};

}  // namespace detail

/// One sample a call, for hosts on which every microsecond counts: an audio callback, a control loop. Weights are
/// copied, and matrices transposed where vector units like that; a call locks nothing and takes no detour through BLAS.
template <class Net, class Gemm>
class Session<Model<Net, float, Gemm>, session::Single> {
  using Bound = detail::host_network<Net>;

public:
  using network = Net;
  using input = input_shape<Net>;
  using output = output_shape<Net>;

  explicit Session(const Model<Net, float, Gemm>& model, session::Single = {})
      : parameters_(model, workspace<Net>, memory_) {}

  /// The network's output for one sample. The spans must not overlap.
  TENON_FLATTEN void operator()(std::span<const float, input::size> in, std::span<float, output::size> out) {
    detail::OneSampleContext context;
    detail::run_on_host<Bound>(context, parameters_.in(memory_), in.data(), out.data());
  }
  /// A span of floats for each input in turn, or by its name; gives the output's floats, or those of all
  /// (`SampleResult`): `const auto [kind, value] = net(image, table);`
  template <class... X>
    requires edge::detail::SampleInputs<Net, X...>
  auto operator()(const X&... sample) {
    return edge::detail::run_sample<Net>(
        [this](const float* from, float* to) {
          detail::OneSampleContext context;
          detail::run_on_host<Bound>(context, parameters_.in(memory_), from, to);
        },
        sample...);
  }
  template <class... X>
    requires(edge::detail::are_no_sample<Net, X...>)
  auto operator()(X&&...) { return edge::detail::refuse_sample<"Session", Net, X...>(); }

private:
  static constexpr Needs needs = [] {
    Needs n = workspace<Net>.needs;
    n.state = 0;  // samples are independent of one another
    return n;
  }();
  detail::SessionMemory<float> memory_{needs};
  detail::TransposedParameters<Bound> parameters_;
};

/// One step of a sequence a call, as the samples of an audio callback or the ticks of a control loop: a `FrozenStep` on
/// a host, with copied and transposed weights as above. A network that sees later steps is refused by a compile error
/// that names the layer.
template <class Net, class Gemm>
class Session<Model<Net, float, Gemm>, session::Stepped> {
  static_assert(detail::check_execution<step_by_step, Net>());
  static_assert(detail::keeps_parameters<Net>(), "a step has the network's own parameters");
  using Bound = detail::host_network<Stepwise<Net>>;

public:
  using network = Net;
  using input = typename Bound::input;
  using output = typename Bound::output;

  explicit Session(const Model<Net, float, Gemm>& model, session::Stepped = {})
      : parameters_(model, layout_of<Bound>, memory_) {}

  /// The output at the next step. The spans must not overlap.
  TENON_FLATTEN void step(std::span<const float, input::size> in, std::span<float, output::size> out) {
    detail::OneSampleContext context;
    detail::run_on_host<Bound>(context, parameters_.in(memory_), in.data(), out.data());
  }
  /// Whatever the step of a network is given that has been refused: one error is enough.
  template <class X, class Y>
    requires(!Checked<Net>::valid || !runs_as<step_by_step, Net>)
  void step(const X&, Y&&) {}
  /// The next step is the first.
  void reset() { memory_.reset(); }

private:
  detail::SessionMemory<float> memory_{layout_of<Bound>.needs};
  detail::TransposedParameters<Bound> parameters_;
};

/// Prediction that goes on where the call before ended, for networks with `stateful` layers: several sequences
/// side by side, piece by piece. The outputs are those that the whole sequences would give. The model must outlive it.
///
///     using Net = Sequential<Input<1, 4>, LSTM<32, stateful>, Dense<4>>;
///     Session run{model, session::stateful};       // one sequence
///     for (const auto& step : steps) run(step, y); // a step at a time
///     run.reset();                                 // the next sequence starts anew
template <class M>
class Session<M, session::Stateful> {
  using T = typename M::scalar;
  using Bound = bound_network<typename M::network>;
  static constexpr Needs needs = workspace<typename M::network>.needs;
  static_assert(needs.state > 0 || !Checked<typename M::network>::valid,
                "session::stateful takes a network with a stateful layer: LSTM<128, stateful>");

public:
  explicit Session(const M& model, session::Stateful = {}, size_t sequences = 1)
      : model_(&model), sequences_(sequences), memory_(needs, sequences) {}
  explicit Session(const M&&, session::Stateful = {}, size_t = 1) = delete;  // it refers to the model

  /// The network's output for the next piece of every sequence, sequence after sequence.
  void operator()(std::span<const T> samples, std::span<T> y) {
    if (samples.size() != sequences_ * M::input::size || y.size() != sequences_ * M::output::size)
      throw Error("stateful session: expected " + std::to_string(sequences_) + " samples of " +
                  std::to_string(M::input::size) + " numbers and room for " + std::to_string(M::output::size) +
                  " each, got " + std::to_string(samples.size()) + " and " + std::to_string(y.size()));
    typename M::context context;
    run_forward<Bound>(context, memory_.with(model_->parameters().data(), model_->buffers().data()),
                       Rows<const T>{samples.data(), sequences_, M::input::size},
                       Rows<T>{y.data(), sequences_, M::output::size}, Evaluation{});
  }

  /// The next pieces are the first of their sequences.
  void reset() { memory_.reset(); }
  [[deprecated("called reset")]] void reset_states() { reset(); }

private:
  const M* model_;
  size_t sequences_;
  detail::SessionMemory<T> memory_;
};

/// Former names. Their constructors are marked as deprecated: compilers say nothing of a deprecated class whose
/// arguments are deduced.
template <class Net>
class HostFrozen : public Session<Model<Net>> {
public:
  [[deprecated("write Session net{model}")]] explicit HostFrozen(const Model<Net>& model)
      : Session<Model<Net>>(model) {}
};
template <class Net>
class HostFrozenStep : public Session<Model<Net>, session::Stepped> {
public:
  [[deprecated("write Session net{model, session::stepped}")]] explicit HostFrozenStep(const Model<Net>& model)
      : Session<Model<Net>, session::Stepped>(model) {}
};
template <class M>
class StatefulRun : public Session<M, session::Stateful> {
public:
  [[deprecated("write Session run{model, session::stateful, sequences}")]] explicit StatefulRun(const M& model,
                                                                                                size_t sequences = 1)
      : Session<M, session::Stateful>(model, {}, sequences) {}
};

}  // namespace tenon
