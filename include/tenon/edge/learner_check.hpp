#pragma once

#include <tenon/net/refuse.hpp>  // first: compilers print the path of includes that leads to an error

#include <cstddef>

#include <tenon/edge/learner_context.hpp>
#include <tenon/edge/learner_images.hpp>
#include <tenon/edge/learner_statistics.hpp>
#include <tenon/layers/last.hpp>
#include <tenon/layers/mean_steps.hpp>
#include <tenon/layers/moving/axis_cut.hpp>
#include <tenon/layers/permute.hpp>
#include <tenon/layers/recurrent/unit.hpp>
#include <tenon/layers/repeat_vector.hpp>
#include <tenon/layers/split.hpp>
#include <tenon/net/composition.hpp>
#include <tenon/net/execution.hpp>
#include <tenon/net/layer_refusal.hpp>

/// What a network has that edge::Learner cannot train.
namespace tenon {

namespace detail {

/// Bound layers that can be trained on a device, in training and in evaluation without the library.
template <class Bound>
inline constexpr bool learns_on_device = Passthrough<Bound>;
template <class Bound>
  requires edge::HasTrainingKernel<Bound>
inline constexpr bool learns_on_device<Bound> = [] {
  if constexpr (requires { edge::TrainingKernel<Bound>::usable; }) return edge::TrainingKernel<Bound>::usable;
  else return true;
}();
template <class E, class In>
inline constexpr bool learns_on_device<FormulaUnit<E, In>> = true;
template <class First, class Second, class In>
inline constexpr bool learns_on_device<TwoPasses<First, Second, In>> = learns_on_device<First>&&
    learns_on_device<Second>;
template <class Unit, class In>
  requires(!edge::HasTrainingKernel<Unit>)
inline constexpr bool learns_on_device<SeenAs<Unit, In>> = learns_on_device<Unit>;
template <class E, class S>
inline constexpr bool learns_on_device<EdgeUnit<E, S>> = EdgeUnit<E, S>::needs.streams ==
                                                         0;  // random numbers are the library's
template <class Cell, class In, bool Last, auto... Argument>
inline constexpr bool learns_on_device<RecurrentUnit<Cell, In, Last, Argument...>> = true;
template <class In>
inline constexpr bool learns_on_device<LastUnit<In>> = true;
template <class In>
inline constexpr bool learns_on_device<MeanStepsUnit<In>> = true;

template <class In, AxisOrder<In::rank> Order>
inline constexpr bool learns_on_device<PermuteUnit<In, Order>> = true;
template <class In, size_t Steps>
inline constexpr bool learns_on_device<RepeatVectorUnit<In, Steps>> = true;
template <class In, class Out, size_t Outer, size_t Block, size_t Begin>
inline constexpr bool learns_on_device<CutUnit<In, Out, Outer, Block, Begin>> = true;
template <class In, class Out, size_t Block, size_t Begin>
inline constexpr bool learns_on_device<SideBySideUnit<In, Out, Block, Begin>> = true;
template <class In, class Out, size_t Outer, size_t... Own>
inline constexpr bool learns_on_device<SplitUnit<In, Out, Outer, Own...>> = true;

/// Whether a layer learns on a device: layer_refusal asks.
struct DeviceQuestion {
  using execution = learning_on_device;

  template <class L, class In>
  static constexpr bool takes = [] {
    constexpr Structure what = structure_of<L>;
    if constexpr (what == Structure::leaf) return learns_on_device<typename bind<L, In>::type>;
    else return what != Structure::unpool && what != Structure::masked;
  }();
};

template <class Net>
struct refusal_of<learning_on_device, Net>
    : layer_refusal<DeviceQuestion, Net, input_shape<Net>, typename element<Net>::own_path> {};

}  // namespace detail
}  // namespace tenon
