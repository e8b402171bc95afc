#pragma once

#include <tenon/net/refuse.hpp>  // first: compilers print the path of includes that leads to an error

#include <algorithm>
#include <cstddef>
#include <span>
#include <type_traits>

#include <tenon/edge/context.hpp>
#include <tenon/edge/sample.hpp>
#include <tenon/edge/weights.hpp>
#include <tenon/layers/log_softmax.hpp>
#include <tenon/layers/softmax.hpp>
#include <tenon/net/run.hpp>
#include <tenon/networks/last_layer.hpp>

namespace tenon {

namespace detail {

template <class Step, class In>
struct OverSteps;
template <class In, auto... Argument>
struct StreamedUnit;
template <class Net, const Weights<Net>&... W>
class FrozenSteps;

}  // namespace detail

namespace edge {

/// How often the parts of a bound composition run in one pass: those of OverSteps once a step.
template <class Bound>
inline constexpr size_t passes_of = 1;
template <class Step, class In>
inline constexpr size_t passes_of<tenon::detail::OverSteps<Step, In>> = In::front;
template <class Bound>
struct stepped_part {
  using type = Bound;
};
template <class Step, class In>
struct stepped_part<tenon::detail::OverSteps<Step, In>> {
  using type = Step;
};
template <class In, auto... Argument>
struct stepped_part<tenon::detail::StreamedUnit<In, Argument...>> {
  using type = typename tenon::detail::StreamedUnit<In, Argument...>::whole;
};

/// Multiplications with an addition in one pass of a bound layer or composition.
template <class Bound>
constexpr size_t macs_of() {
  size_t total = 0;
  if constexpr (HasSampleKernel<Bound>) total = SampleKernel<Bound>::macs;
  else if constexpr (!std::is_same_v<typename stepped_part<Bound>::type, Bound>)
    total = passes_of<Bound> * macs_of<typename stepped_part<Bound>::type>();
  else if constexpr (requires { Bound::macs; }) total = Bound::macs;
  else if constexpr (!tenon::detail::Leaf<Bound>)
    Bound::visit_units([&total]<class Unit> { total += macs_of<Unit>(); });
  return total;
}

/// Numbers of the fixed scratch that a bound layer or composition needs; layers use the same scratch one after the
/// other. A layer with loops for single samples needs none, though its kernels for batches may.
template <class Bound>
constexpr size_t shared_scratch_of() {
  size_t most = 0;
  if constexpr (HasSampleKernel<Bound> || HasSampleLoops<Bound>) most = 0;
  else if constexpr (!std::is_same_v<typename stepped_part<Bound>::type, Bound>)
    most = shared_scratch_of<typename stepped_part<Bound>::type>();
  else if constexpr (tenon::detail::Leaf<Bound>) most = Bound::needs.inference.fixed;
  else Bound::visit_units([&most]<class Unit> { most = std::max(most, shared_scratch_of<Unit>()); });
  return most;
}

/// A last layer that leaves the order of the numbers as it is: the largest is found without it. (Not so where it works
/// row by row.)
template <class Last, class Out>
inline constexpr bool keeps_order = Out::rank == 1 &&
                                    (std::is_same_v<Last, Softmax> || std::is_same_v<Last, LogSoftmax>);

/// The network that `classify` runs: without a last layer that does not change which score is the largest.
template <class Net>
struct Classifier {
  using network = std::conditional_t<keeps_order<last_layer<Net>, output_shape<Net>>, without_last<Net>, Net>;
  using bound = bound_network<network>;
};

}  // namespace edge

/// A network with constant weights, for one sample at a time: no heap, no exceptions, no system.
///
///     #include "digits.hpp"                        // written by export_header(model, "digits.hpp")
///     static_assert(Frozen<digits::Net>::ram_bytes <= 4096);
///
///     Frozen<digits::Net, digits::weights> net;    // the weights stay in flash
///     net(pixels, probabilities);                  // spans of floats
///     const int digit = net.classify(pixels);
///
/// It works in constant expressions too, unless a layer has loops that are no constant expression: recurrent layers,
/// attention and statistics of a batch are left to run time (docs/support.md: column constexpr). An object holds its
/// activations and nothing else, laid out by the compiler so that numbers whose lives do not overlap share their place;
/// objects of one network live side by side. `Frozen<Net>` without weights says how much memory they would need,
/// and `Weights` from elsewhere can be given to its constructor, which keeps a pointer to them.
template <class Net, const Weights<Net>&... W>
class Frozen {
  static_assert(sizeof...(W) <= 1, "Frozen<Net, weights> takes one constant");
  using Bound = bound_network<Net>;
  static constexpr const Needs& needs = workspace<Net>.needs;
  static constexpr size_t own = needs.inference.sample + edge::shared_scratch_of<Bound>();

public:
  using network = Net;
  using input = input_shape<Net>;
  using output = output_shape<Net>;
  /// The same network given one step of a sequence a call; its header is edge/frozen_step.hpp.
  using Stepped = detail::FrozenSteps<Net, W...>;

  /// The activations between the layers and the space in which `classify` compares: what one object
  /// takes, without the pointer to weights that are given at run time.
  static constexpr size_t ram_bytes = (own + output::size) * sizeof(float);
  /// The weights in flash, padding included.
  static constexpr size_t weight_bytes = sizeof(Weights<Net>);
  /// Multiplications with an addition for one sample.
  static constexpr size_t macs = edge::macs_of<Bound>();

  constexpr Frozen() requires(sizeof...(W) == 1) = default;
  /// Refers to the weights, which must outlive it.
  constexpr explicit Frozen(const Weights<Net>& weights) requires(sizeof...(W) == 0) : given_{&weights} {}

  /// The network's output for one sample. The spans must not overlap.
  constexpr void operator()(std::span<const float, input::size> in, std::span<float, output::size> out) {
    run<Bound>(in.data(), out.data());
  }

  /// A span of floats for each input in turn, or by its name; gives the output's floats, or those of all
  /// (`SampleResult`). Several inputs are copied one behind the other, on the stack; a row of them is not.
  ///     const auto [kind, value] = net(image, table);
  ///     const auto by_name = net(in<"table">(table), in<"image">(image)).get<"value">();
  template <class... X>
    requires edge::detail::SampleInputs<Net, X...>
  constexpr auto operator()(const X&... sample) {
    return edge::detail::run_sample<Net>([this](const float* from, float* to) { run<Bound>(from, to); }, sample...);
  }
  template <class... X>
    requires(edge::detail::are_no_sample<Net, X...>)
  constexpr auto operator()(X&&...) { return edge::detail::refuse_sample<"Frozen", Net, X...>(); }

  /// The class with the largest output (the first of equals); for a single output, whether it is
  /// above one half. A final Softmax is left out: it would not change which is largest.
  constexpr int classify(std::span<const float, input::size> in) {
    static_assert(
        !requires { output::offsets; }, "classify takes a network of one output");
    float* const score = buffer_ + own;
    if constexpr (output::size == 1) {
      run<Bound>(in.data(), score);
      return *score > 0.5F ? 1 : 0;
    } else {
      run<typename edge::Classifier<Net>::bound>(in.data(), score);
      int best = 0;
      for (size_t i = 1; i < output::size; ++i)
        if (score[i] > score[best]) best = static_cast<int>(i);
      return best;
    }
  }

  /// Forgets the last sample.
  constexpr void reset() {
    for (float& number : buffer_) number = 0.0F;
  }

private:
  struct Nothing {};

  constexpr const Weights<Net>& weights() const {
    if constexpr (sizeof...(W) == 1) return (W, ...);
    else return *given_;
  }

  template <class Part>
  constexpr void run(const float* in, float* out) {
    const Weights<Net>& w = weights();
    const Memory<float> memory{.parameters = {.values = w.parameters, .constants = w.buffers},
                               .workspace = {.scratch = buffer_, .scratch_fixed = buffer_ + needs.inference.sample}};
    edge::Context context;
    detail::run_forward<Part>(context, memory, Rows<const float>{in, 1, input::size}, Rows<float>{out, 1, output::size},
                              Evaluation{});
  }

  float buffer_[own + output::size]{};
  [[no_unique_address]] std::conditional_t<sizeof...(W) == 0, const Weights<Net>*, Nothing> given_{};
};

}  // namespace tenon
