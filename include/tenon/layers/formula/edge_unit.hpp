#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <type_traits>
#include <utility>

#include <tenon/expr/edges.hpp>
#include <tenon/expr/program.hpp>
#include <tenon/kernels/noise.hpp>
#include <tenon/layers/formula/unit.hpp>
#include <tenon/net/inputs.hpp>
#include <tenon/net/reshaping.hpp>

/// Formulas of several inputs as bound layers. Their loops are those of any formula; a random array is one input more.
namespace tenon {

struct inputs_of_one_shape;
struct a_formula_of_in_without_x_and_products;
template <size_t Count>
struct as_many_inputs_as_the_formula_names;

namespace detail {

template <class E>
inline constexpr bool has_plain_input = false;
template <int K>
inline constexpr bool has_plain_input<expr::Input<K>> = true;
template <>
inline constexpr bool has_plain_input<expr::Label> = true;
template <auto R>
inline constexpr bool has_plain_input<expr::Noise<R>> = true;
template <Op O, class... A>
inline constexpr bool has_plain_input<Operation<O, A...>> = (has_plain_input<A> || ...);

/// What depends on the shapes.
template <size_t Parameters>
struct EdgePlan {
  std::array<ParameterSpec, Parameters> parameters{};
  std::array<size_t, Parameters + 1> offset{};
  size_t size = 0, width = 0, repeats = 0, pixels = 1;
  size_t noise = 0, rows = 0;  // in `saved`
  Needs needs{};
};

/// The code of all layers of one formula. `F` and `Quiet` are canonical, with and without random numbers.
template <class F, class Quiet, size_t Edges, size_t Randoms, size_t Parameters, bool Channelwise>
struct EdgeCode {
  using program = expr::Program<F, Channelwise>;
  using quiet = expr::Program<Quiet, Channelwise>;
  static constexpr unsigned wanted = (1U << Edges) - 1;
  using backward_loop = typename program::template BackwardRecompute<wanted, 0>;

  static constexpr EdgePlan<Parameters> plan(const FormulaInput& input,
                                             std::array<ParameterSpec, Parameters> declared) {
    EdgePlan<Parameters> p{.parameters = declared, .size = input.size, .width = input.width};
    p.repeats = input.size / input.width;
    if (Channelwise) p.pixels = input.size / input.features;
    for (size_t i = 0; i < Parameters; ++i) {
      ParameterSpec& spec = p.parameters[i];
      if (spec.dims[0] == per_feature) spec.dims[0] = input.features;
      spec.fan_in = spec.fan_out = input.width;
      p.offset[i + 1] = p.offset[i] + aligned(spec.size());
    }
    Needs& n = p.needs;
    n.backward_reads_input = 0;
    for (int k = 0; k < static_cast<int>(Edges); ++k)
      if (program::reads_input(k)) n.backward_reads_input |= 1U << k;
    n.backward_reads_output = program::reads_output;
    p.noise = n.saved.sample;
    n.saved.sample += Randoms * aligned(input.size);
    p.rows = n.saved.sample;
    n.saved.sample += aligned(static_cast<size_t>(program::saved_rows) * p.repeats);
    n.backward.sample = Edges > 1 || Parameters > 0 ? Edges * aligned(input.size) : 0;
    n.streams = static_cast<std::uint32_t>(Randoms);
    return p;
  }

  template <class Mode, class Ctx, class T>
  static void forward(const EdgePlan<Parameters>& p, const std::array<expr::Draw, Randoms + 1>& draws,
                      [[maybe_unused]] Ctx& ctx, const Memory<T>& m, const RowsOf<const T, Edges>& x, Rows<T> y, Mode) {
    expr::Arguments<T> a = arguments(p, m, x, y.count);
    a.store[0] = {y.data, y.stride};
    if constexpr (!Mode::training) {
      expr::LoopsIn<Ctx, typename quiet::Evaluate, T>::run(a);
    } else {
      for (size_t r = 0; r < Randoms; ++r) {
        T* const numbers = m.workspace.saved + (p.noise + r * aligned(p.size)) * y.count;
        const Stream stream = ctx.stream(m.ids.stream + static_cast<std::uint32_t>(r));
        if (draws[r] == expr::Draw::normal) kernels::fill_normal(numbers, y.count, p.size, stream, ctx.first_sample);
        else kernels::fill_uniform(numbers, y.count, p.size, stream, ctx.first_sample);
      }
      expr::LoopsIn<Ctx, typename program::ForwardRecompute, T>::run(a);
    }
  }

  template <class Ctx, class T>
  static void backward(const EdgePlan<Parameters>& p, Ctx& ctx, const Memory<T>& m, const RowsOf<const T, Edges>& x,
                       Rows<const T> y, Rows<const T> dy, const RowsOf<T, Edges>& dx) {
    bool any = false;
    for (const Rows<T>& d : dx) any = any || d;
    if (m.parameters.gradients && ctx.overwrite_gradients)
      for (size_t i = 0; i < Parameters; ++i)
        std::fill_n(m.parameters.gradients + p.offset[i], p.parameters[i].size(), T(0));
    if (!any && !(m.parameters.gradients && Parameters > 0)) return;
    expr::Arguments<T> a = arguments(p, m, x, dy.count);
    a.seed = {dy.data, dy.stride};
    a.output = {y.data, y.stride};
    for (size_t k = 0; k < Edges; ++k) {
      a.store[k] = dx[k] ? expr::Array<T>{dx[k].data, dx[k].stride}
                         : expr::Array<T>{m.workspace.scratch + k * aligned(p.size) * dy.count, p.size};
      if (!program::has_gradient(static_cast<int>(k)) && dx[k])
        for (size_t i = 0; i < dx[k].count; ++i) std::fill_n(dx[k][i], p.size, T(0));
    }
    if constexpr (backward_loop::plan.outputs.count > 0) expr::LoopsIn<Ctx, backward_loop, T>::run(a);
  }

private:
  template <class T>
  static expr::Arguments<T> arguments(const EdgePlan<Parameters>& p, const Memory<T>& m,
                                      const RowsOf<const T, Edges>& x, size_t count) {
    expr::Arguments<T> a;
    a.count = count;
    a.repeats = p.repeats;
    a.width = p.width;
    a.pixels = p.pixels;
    a.batch_count = count * p.repeats;
    for (size_t k = 0; k < Edges; ++k) a.input[k] = {x[k].data, x[k].stride};
    if (m.workspace.saved) {
      for (size_t r = 0; r < Randoms; ++r)
        a.input[Edges + r] = {m.workspace.saved + (p.noise + r * aligned(p.size)) * count, p.size};
      for (int k = 0; k < program::saved_rows; ++k)
        a.saved_row[k] = m.workspace.saved + p.rows * count + static_cast<size_t>(k) * count * p.repeats;
    }
    for (size_t i = 0; i < Parameters; ++i) {
      a.parameter[i] = m.parameters.values + p.offset[i];
      a.gradient[i] = m.parameters.gradients ? m.parameters.gradients + p.offset[i] : m.parameters.unused_gradient;
    }
    return a;
  }
};

/// A formula E of edges bound to as many inputs of shape S.
template <class E, class S>
struct EdgeUnit {
  static constexpr size_t edges = expr::edges_of<E>::size, randoms = expr::randoms_of<E>::size;
  using formula = E;
  using noisy = expr::with_numbered_edges<E, true>;
  using still = expr::with_numbered_edges<E, false>;
  using parameter_list = expr::parameters_of<E>;
  using initializers = typename initializers_of<parameter_list>::type;
  static constexpr bool channelwise = has_channels<S> && has_per_feature<E> && !reduces_row<E>;
  using code = EdgeCode<expr::Canonical<noisy>, expr::Canonical<still>, edges, randoms, parameter_list::size,
                        channelwise>;

  template <size_t... K>
  static Inputs<std::conditional_t<K + 1 != 0, S, S>...> several(std::index_sequence<K...>);
  using input = std::conditional_t<edges == 1, S, decltype(several(std::make_index_sequence<edges>{}))>;
  using output = S;

  static constexpr auto plan = code::plan({.size = S::size, .width = row_width<S>, .features = feature_count<S>},
                                          declare_parameters(parameter_list{}));
  static constexpr const auto& parameters = plan.parameters;
  static constexpr const Needs& needs = plan.needs;
  static constexpr auto draws = []<class... R>(list<R...>) {
    return std::array<expr::Draw, randoms + 1>{expr::detail::draw_of<R>...};
  }(expr::randoms_of<E>{});

  template <class To>
  static auto onnx(To& to) requires(To::template has_words<formula>) {
    return to.template formula<EdgeUnit>();
  }
  template <class Mode, class Ctx, class T>
  static void forward(Ctx& ctx, const Memory<T>& m, const RowsOf<const T, edges>& x, Rows<T> y, Mode mode) {
    code::forward(plan, draws, ctx, m, x, y, mode);
  }
  template <class Ctx, class T>
  static void backward(Ctx& ctx, const Memory<T>& m, const RowsOf<const T, edges>& x, Rows<const T> y, Rows<const T> dy,
                       const RowsOf<T, edges>& dx) {
    code::backward(plan, ctx, m, x, y, dy, dx);
  }
  template <class Mode, class Ctx, class T>
    requires(edges == 1)
  static void forward(Ctx& ctx, const Memory<T>& m, Rows<const T> x, Rows<T> y, Mode mode) {
    forward(ctx, m, RowsOf<const T, 1>{x}, y, mode);
  }
  template <class Ctx, class T>
    requires(edges == 1)
  static void backward(Ctx& ctx, const Memory<T>& m, Rows<const T> x, Rows<const T> y, Rows<const T> dy, Rows<T> dx) {
    backward(ctx, m, RowsOf<const T, 1>{x}, y, dy, RowsOf<T, 1>{dx});
  }
};

/// What is wrong with a formula of edges, whatever it is applied to.
template <class E>
constexpr auto judge_edges() {
  if constexpr (has_plain_input<E> || products_of<E>::size > 0 || (chunks_of<E>) > 1 || reduces_batch<E> ||
                expr::edges_of<E>::size == 0)
    return std::type_identity<takes<a_formula_of_in_without_x_and_products>>{};
  else return std::type_identity<void>{};
}

template <class In>
struct one_shape_of {
  static constexpr bool same = true;
  using type = In;
};
template <class First, class... S>
struct one_shape_of<Inputs<First, S...>> {
  static constexpr bool same = (std::is_same_v<First, S> && ...);
  using type = First;
};

template <class E, class In>
constexpr auto judge_edge_inputs() {
  constexpr size_t edges = expr::edges_of<E>::size;
  if constexpr (input_count<In> != edges)
    return std::type_identity<takes<as_many_inputs_as_the_formula_names<edges>>>{};
  else if constexpr (!one_shape_of<In>::same) return std::type_identity<takes<inputs_of_one_shape>>{};
  else return std::type_identity<void>{};
}

template <class... P>
constexpr bool all_scalar(list<P...>) {
  return (parameter_traits<P>::scalar && ...);
}
/// The rows of a sequence are its steps. Anywhere else a step may only be made of its own numbers, one by one.
template <class E, class In, Time Axis>
constexpr bool formula_steps() {
  if constexpr (reduces_batch<E>) return false;
  else if constexpr (Axis == Time::first && In::rank == 2) return true;
  else return !reduces_row<E> && products_of<E>::size == 0 && chunks_of<E> == 1 && all_scalar(expr::parameters_of<E>{});
}

}  // namespace detail

/// A layer that is a formula of several inputs, which it names.
template <class E>
struct EdgeFormulaLayer {
  static constexpr bool many_inputs = true;
  using edge_formula = E;
  using invalid = typename decltype(detail::judge_edges<E>())::type;
  template <class In>
  using problem = typename decltype(detail::judge_edge_inputs<E, In>())::type;

private:
  template <class In, bool Fits>
  struct bound {
    using type = detail::Reshaping<In, typename detail::one_shape_of<In>::type>;
  };
  template <class In>
  struct bound<In, true> {
    using type = detail::EdgeUnit<E, typename detail::one_shape_of<In>::type>;
  };

public:
  template <class In>
  using at = typename bound<In, std::is_void_v<invalid> && std::is_void_v<problem<In>>>::type;
  template <class In, Time Axis>
  static constexpr bool steps = detail::formula_steps<E, typename detail::one_shape_of<In>::type, Axis>();
};

}  // namespace tenon
