#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>

#include <tenon/expr/program.hpp>
#include <tenon/options.hpp>

/// Optimizers are formulas over (parameter, gradient, state), run as one loop over the arenas.
namespace tenon {

namespace optimizing {

/// What the formulas of an optimizer are about: a parameter and its gradient.
inline constexpr expr::Input<0> parameter{};
inline constexpr expr::Input<1> grad{};
/// Array K of numbers that the optimizer keeps, one per parameter; zeros at first.
template <int K>
inline constexpr expr::Input<2 + K> state{};

}  // namespace optimizing

namespace detail {

/// Several formulas as one, to list their scalars.
template <class F, class... Rest>
struct bundle {
  using type = expr::Operation<expr::Op::number, F, typename bundle<Rest...>::type>;
};
template <class F>
struct bundle<F> {
  using type = F;
};

/// All formulas of an update as one plan: stores 0 (the parameter), 2, 3, ... (states), in the places
/// of the inputs they replace. Scalars are numbered over all formulas, in the order of first mention.
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

/// What an update writes: the new parameter and the new states, all from the old values.
template <class Parameter, class... State>
struct UpdateLoop {
  static constexpr int states = sizeof...(State);

  struct Spec {
    static constexpr expr::Plan plan = plan_update<Parameter, State...>();
  };

  /// One step over `count` numbers.
  template <class T, std::size_t N>
  static void run(T* parameters, const T* gradients, std::array<T*, static_cast<std::size_t>(states)> state_arrays,
                  std::size_t count, const std::array<double, N>& scalars) {
    expr::Arguments<T> a;
    static_assert(N <= std::size(decltype(a.parameter){}),
                  "an update has eight scalars at most: combine some of them beforehand");
    std::array<T, N> values;
    for (std::size_t i = 0; i < N; ++i) {
      values[i] = static_cast<T>(scalars[i]);
      a.parameter[i] = &values[i];
    }
    a.count = 1;
    a.width = count;
    a.input[0] = {parameters, count};
    a.input[1] = {gradients, count};
    a.store[0] = {parameters, count};
    for (int k = 0; k < states; ++k) {
      a.input[2 + k] = {state_arrays[static_cast<std::size_t>(k)], count};
      a.store[2 + k] = {state_arrays[static_cast<std::size_t>(k)], count};
    }
    expr::Loops<Spec, T>::run(a);
  }
};

template <auto Parameter, auto... State>
using Update = UpdateLoop<expr::lift<Parameter>, expr::lift<State>...>;

}  // namespace detail

/// The arrays an optimizer works on; `state` holds `O::states` of them.
template <class T, std::size_t States>
struct OptimizerArrays {
  T* parameters = nullptr;
  const T* gradients = nullptr;
  std::array<T*, States> state{};
  std::size_t count = 0;
};

/// Settings as members, among them `lr` (what they may be: see options.hpp), `states` arrays of the parameters' size,
/// and `update(arrays, step)` with steps counted from 1; one that treats parameters differently is asked for
/// `update<Net>(arrays, step)`.
template <class O>
concept Optimizer = requires(const O& o) {
  { O::states } -> std::convertible_to<int>;
  { o.lr } -> std::convertible_to<double>;
}
&&requires(const O& o, const OptimizerArrays<float, static_cast<std::size_t>(O::states)>& arrays, std::uint64_t step) {
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

/// Sets the momentum, or what takes its place: beta1 of Adam and the like. Optimizers without either keep what
/// they have.
template <class O>
constexpr void set_momentum(O& optimizer, double momentum) {
  if constexpr (requires { optimizer.set_momentum(momentum); }) optimizer.set_momentum(momentum);
  else if constexpr (requires { optimizer.momentum; }) optimizer.momentum = momentum;
  else if constexpr (requires { optimizer.beta1; }) optimizer.beta1 = momentum;
}

}  // namespace tenon
