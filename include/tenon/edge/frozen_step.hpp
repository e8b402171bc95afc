#pragma once

#include <tenon/net/refuse.hpp>  // first: compilers print the path of includes that leads to an error

#include <cstddef>
#include <span>
#include <type_traits>

#include <tenon/edge/context.hpp>
#include <tenon/edge/frozen.hpp>
#include <tenon/edge/weights.hpp>
#include <tenon/net/run.hpp>
#include <tenon/networks/stepwise.hpp>

namespace tenon {

namespace detail {

/// A network of sequences whose weights are constants. It is given one step a call, as steps come from a sensor, and
/// remembers what it needs of those before: the states of recurrent layers, the last inputs of convolutions, the keys
/// and values of attentions.
///
///     Frozen<gestures::Net, gestures::weights>::Stepped net;  // trained on sequences of 50 steps
///     net.step(sample, scores);                               // what the network would say at this step
///     net.reset();                                            // the next step is the first
///
/// What the steps give is what `Frozen` gives for the whole sequence; a network with a layer that sees more than the
/// steps so far, or of which nobody says that it does not, is refused, and the layer named (networks/stepwise.hpp). A
/// convolution without padding has no result before it has seen as many steps as its kernel reaches: until then the
/// steps before count as 0. Attentions remember as many steps as the network takes. An object holds one step's
/// activations and the memory; objects of one network live side by side.
template <class Net, const Weights<Net>&... W>
class FrozenSteps {
  static_assert(sizeof...(W) <= 1, "Frozen<Net, weights> takes one constant");
  static_assert(check_execution<step_by_step, Net>());
  using Bound = bound_network<Stepwise<Net>>;
  static constexpr Layout layout = layout_of<Bound>;
  static_assert(keeps_parameters<Net>(), "a step has the network's own parameters");
  static constexpr const Needs& needs = layout.needs;
  static constexpr size_t own = needs.inference.sample + edge::shared_scratch_of<Bound>();

public:
  using network = Net;
  using input = typename Bound::input;
  using output = typename Bound::output;

  /// What one object takes, without the pointer to weights that are given at run time.
  static constexpr size_t ram_bytes = (own + needs.state) * sizeof(float);
  static constexpr size_t weight_bytes = sizeof(Weights<Net>);
  /// Multiplications with an addition for one step, without those of attentions.
  static constexpr size_t macs = edge::macs_of<Bound>();

  constexpr FrozenSteps() requires(sizeof...(W) == 1) = default;
  /// Refers to the weights, which must outlive it.
  constexpr explicit FrozenSteps(const Weights<Net>& weights) requires(sizeof...(W) == 0) : given_{&weights} {}

  /// The output at the next step. The spans must not overlap.
  constexpr void step(std::span<const float, input::size> in, std::span<float, output::size> out) {
    const Weights<Net>& w = weights();
    const Memory<float> memory{.parameters = {.values = w.parameters, .constants = w.buffers},
                               .workspace = {.scratch = buffer_, .scratch_fixed = buffer_ + needs.inference.sample},
                               .state = {buffer_ + own, needs.state}};
    edge::Context context;
    run_forward<Bound>(context, memory, Rows<const float>{in.data(), 1, input::size},
                       Rows<float>{out.data(), 1, output::size}, Evaluation{});
  }
  /// Whatever the step of a network is given that has been refused: one error is enough.
  template <class X, class Y>
    requires(!Checked<Net>::valid || !runs_as<step_by_step, Net>)
  constexpr void step(const X&, Y&&) {}

  /// Forgets the steps so far.
  constexpr void reset() {
    for (float& number : buffer_) number = 0.0F;
  }

private:
  struct Nothing {};

  constexpr const Weights<Net>& weights() const {
    if constexpr (sizeof...(W) == 1) return (W, ...);
    else return *given_;
  }

  float buffer_[own + needs.state + 1]{};
  [[no_unique_address]] std::conditional_t<sizeof...(W) == 0, const Weights<Net>*, Nothing> given_{};
};

}  // namespace detail

template <class Net, const Weights<Net>&... W>
using FrozenStep [[deprecated("write Frozen<Net, weights>::Stepped")]] = typename Frozen<Net, W...>::Stepped;

}  // namespace tenon
