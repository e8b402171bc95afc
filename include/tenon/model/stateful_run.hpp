#pragma once

#include <algorithm>
#include <span>
#include <string>
#include <utility>

#include <tenon/model/model.hpp>

namespace tenon {

/// Prediction that goes on where the call before ended, for networks with `stateful` layers: so many sequences side by
/// side, piece by piece. What the pieces give is what the whole sequences would.
///
///     using Net = Sequential<Input<1, 4>, LSTM<32, stateful>, Dense<4>>;
///     StatefulRun run{model, 1};                   // one sequence
///     for (const auto& step : steps) run(step, y); // a step at a time
///     run.reset_states();                          // the next sequence starts anew
///
/// The model must outlive it; several runs of one model do not disturb each other. Allocates nothing after construction.
template <class M>
class StatefulRun {
  using T = typename M::scalar;
  using Bound = bound_network<typename M::network>;
  static constexpr Needs needs = workspace<typename M::network>.needs;
  static_assert(needs.state_sample > 0 || !Checked<typename M::network>::valid,
                "StatefulRun takes a network with a stateful layer: LSTM<128, stateful>");

public:
  explicit StatefulRun(const M& model, std::size_t sequences = 1)
      : model_(&model),
        sequences_(sequences),
        states_(needs.state_sample * sequences),
        scratch_(needs.inference_scratch_sample * sequences),
        fixed_(needs.inference_scratch_fixed) {
    reset_states();
  }

  /// The network's output for the next piece of every sequence, sequence after sequence.
  void operator()(std::span<const T> x, std::span<T> y) {
    if (x.size() != sequences_ * M::input::size || y.size() != sequences_ * M::output::size)
      throw Error("stateful run: expected " + std::to_string(sequences_) + " samples of " + std::to_string(M::input::size) +
                  " numbers and room for " + std::to_string(M::output::size) + " each, got " + std::to_string(x.size()) + " and " +
                  std::to_string(y.size()));
    typename M::context context;
    const Memory<T> memory{.parameters = model_->parameters().data(),
                           .buffers = const_cast<T*>(model_->buffers().data()),  // evaluation writes none
                           .scratch = scratch_.data(),
                           .scratch_fixed = fixed_.data(),
                           .state = states_.data(),
                           .state_stride = needs.state_sample};
    run_forward<Bound>(context, memory, Rows<const T>{x.data(), sequences_, M::input::size},
                       Rows<T>{y.data(), sequences_, M::output::size}, Evaluation{});
  }

  /// The next pieces are the first of their sequences.
  void reset_states() { std::fill_n(states_.data(), states_.size(), T(0)); }

private:
  const M* model_;
  std::size_t sequences_;
  Arena<T> states_;
  Arena<T> scratch_;
  Arena<T> fixed_;
};

template <class M>
StatefulRun(const M&, std::size_t) -> StatefulRun<M>;
template <class M>
StatefulRun(const M&) -> StatefulRun<M>;

}  // namespace tenon
