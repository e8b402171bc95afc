#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>

#include <tenon/expr/program.hpp>
#include <tenon/options.hpp>

/// An optimizer is a few formulas of a parameter, its gradient and the numbers it keeps beside it, run as one loop over
/// all parameters of a network.
namespace tenon {

namespace optimizing {

/// What stands in the formulas of an optimizer: a parameter and its gradient.
inline constexpr expr::Input<0> parameter{};
inline constexpr expr::Input<1> grad{};
/// A number that the optimizer keeps for each parameter, in its array K; zero at first.
template <int K>
inline constexpr expr::Input<2 + K> state{};

}  // namespace optimizing

namespace detail {

/// Several formulas as one type, so that the settings (lr, ...) which they mention can be listed together.
template <class F, class... Rest>
struct bundle {
  using type = expr::Operation<expr::Op::number, F, typename bundle<Rest...>::type>;
};
template <class F>
struct bundle<F> {
  using type = F;
};

/// All formulas of an update as one plan. Its results are stored in the places of the inputs they replace: 0 is the
/// parameter, 2, 3, ... are the arrays kept (1 is the gradient, which stays). Settings are numbered over all formulas,
/// in the order in which they are first mentioned.
template <class... F>
consteval expr::Plan plan_update() {
  using Scalars = expr::parameters_of<typename bundle<F...>::type>;
  expr::FormulaGraph g;
  expr::Outputs o;
  int slot = 0;
  ((o.add(expr::Sink::store, expr::lower<typename expr::detail::canonical<F, Scalars>::type>(g), slot),
    slot += slot == 0 ? 2 : 1),
   ...);
  return expr::make_plan(g, o);
}

/// The loop of an update: from the old values it computes the new parameter and the new numbers kept beside it.
template <class Parameter, class... State>
struct UpdateLoop {
  static constexpr int states = sizeof...(State);

  struct Spec {
    static constexpr expr::Plan plan = plan_update<Parameter, State...>();
  };

  /// One step over `count` numbers.
  template <class T, size_t N>
  static void run(T* parameters, const T* gradients, std::array<T*, static_cast<size_t>(states)> state_arrays,
                  size_t count, const std::array<double, N>& scalars) {
    expr::Arguments<T> a;
    static_assert(N <= std::size(decltype(a.parameter){}),
                  "an update has eight scalars at most: combine some of them beforehand");
    std::array<T, N> values;
    for (size_t i = 0; i < N; ++i) {
      values[i] = static_cast<T>(scalars[i]);
      a.parameter[i] = &values[i];
    }
    a.count = 1;
    a.width = count;
    a.input[0] = {parameters, count};
    a.input[1] = {gradients, count};
    a.store[0] = {parameters, count};
    for (int k = 0; k < states; ++k) {
      a.input[2 + k] = {state_arrays[static_cast<size_t>(k)], count};
      a.store[2 + k] = {state_arrays[static_cast<size_t>(k)], count};
    }
    expr::Loops<Spec, T>::run(a);
  }
};

template <auto Parameter, auto... State>
using Update = UpdateLoop<expr::lift<Parameter>, expr::lift<State>...>;

}  // namespace detail

/// The arrays an optimizer works on, each of `count` numbers; `state` holds the `O::states` that it keeps.
template <class T, size_t States>
struct OptimizerArrays {
  T* parameters = nullptr;
  const T* gradients = nullptr;
  std::array<T*, States> state{};
  size_t count = 0;
};

/// An optimizer has its settings as members, `lr` among them (options.hpp shows how it says what they may be). `states`
/// is how many arrays of the parameters' size it keeps, and `update(arrays, step)` takes a step, counted from 1. One
/// that treats parameters differently has `update<Net>(arrays, step)` instead.
template <class O>
concept Optimizer = requires(const O& o) {
  { O::states } -> std::convertible_to<int>;
  { o.lr } -> std::convertible_to<double>;
}
&&requires(const O& o, const OptimizerArrays<float, static_cast<size_t>(O::states)>& arrays, std::uint64_t step) {
  o.update(arrays, step);
};

/// What a Trainer takes: an optimizer, one for each of several groups (optim/groups.hpp), or one that needs to know
/// where each parameter lies (optim/lamb.hpp).
template <class O>
concept NetworkOptimizer = Optimizer<O> ||
    (requires(const O& o) {
      { O::states } -> std::convertible_to<int>;
      { o.lr } -> std::convertible_to<double>;
    } &&
     (
         requires(const O& o) { o.groups; } || requires { requires O::by_parameter; }));

/// Sets the momentum, or beta1 of Adam and the like, which takes its place. Nothing happens to an optimizer that has
/// neither.
template <class O>
constexpr void set_momentum(O& optimizer, double momentum) {
  if constexpr (requires { optimizer.set_momentum(momentum); }) optimizer.set_momentum(momentum);
  else if constexpr (requires { optimizer.momentum; }) optimizer.momentum = momentum;
  else if constexpr (requires { optimizer.beta1; }) optimizer.beta1 = momentum;
}

}  // namespace tenon
