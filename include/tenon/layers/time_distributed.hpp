#pragma once

#include <algorithm>
#include <cstddef>
#include <type_traits>

#include <tenon/net/check.hpp>
#include <tenon/net/composition.hpp>
#include <tenon/net/layout.hpp>
#include <tenon/net/run.hpp>
#include <tenon/shape.hpp>

namespace tenon {

struct sequences;
/// What a layer applied to every step takes as a step.
template <class... Takes>
struct sequences_of_steps;

namespace detail {

/// The shape of a step, and a sequence of steps of a shape.
template <class S>
struct step_of {
  using type = S;
};
template <size_t T, size_t First, size_t... D>
struct step_of<Shape<T, First, D...>> {
  using type = Shape<First, D...>;
};
template <size_t T, class S>
struct sequence_of;
template <size_t T, size_t... D>
struct sequence_of<T, Shape<D...>> {
  using type = Shape<T, D...>;
};

constexpr Needs needs_of_steps(Needs n, size_t steps) {
  n.saved.sample *= steps;
  n.forward.sample *= steps;
  n.inference.sample *= steps;
  n.backward.sample *= steps;
  return n;
}

/// A bound layer that is given the steps of all sequences as samples. Where sequences lie apart, training
/// brings their steps together; evaluation takes one sequence after the other.
template <class Step, class In>
struct OverSteps : Step {
  using input = In;
  using output = typename sequence_of<In::front, typename Step::output>::type;
  static constexpr size_t steps = In::front;

private:
  static constexpr size_t in = In::size, out = output::size;
  static constexpr Needs own = needs_of_steps(layout_of<Step>.needs, steps);
  static constexpr size_t forward_space = aligned(own.forward.sample), backward_space = aligned(own.backward.sample);

public:
  static constexpr Needs needs = [] {
    Needs n = own;
    n.forward.sample = forward_space + aligned(in) + aligned(out);
    n.backward.sample = backward_space + 2 * aligned(in) + 2 * aligned(out);
    n.state = 0;
    return n;
  }();
  static constexpr Layout layout = [] {
    Layout l = layout_of<Step>;
    l.needs = needs;
    l.input_size = in;
    l.output_size = out;
    return l;
  }();

  template <class Mode, class Ctx, class T>
  static constexpr void forward(Ctx& ctx, Memory<T> m, Rows<const T> x, Rows<T> y, Mode mode) {
    m.state = {};
    m.mask = {};  // of these steps, not of those inside one
    const bool together = is_together(x, in) && is_together(y, out);
    if (together) {
      run_steps(ctx, m, as_steps(x, in), as_steps(y, out), mode);
    } else if constexpr (Mode::training) {
      T* const space = m.workspace.scratch + forward_space * x.count;
      const Rows<T> all_x{space, x.count, in}, all_y{space + aligned(in) * x.count, x.count, out};
      copy_rows(x, all_x, in);
      run_steps(ctx, m, as_steps(Rows<const T>(all_x), in), as_steps(all_y, out), mode);
      copy_rows(all_y, y, out);
    } else {
      for (size_t i = 0; i < x.count; ++i)
        run_steps(ctx, m, as_steps(Rows<const T>{x[i], 1, in}, in), as_steps(Rows<T>{y[i], 1, out}, out), mode);
    }
  }

  template <class Ctx, class T>
  static constexpr void backward(Ctx& ctx, Memory<T> m, Rows<const T> x, Rows<const T> y, Rows<const T> dy,
                                 Rows<T> dx) {
    m.state = {};
    m.mask = {};
    const size_t batch = dy.count;
    T* space = m.workspace.scratch + backward_space * batch;
    const auto together = [&](Rows<const T> rows, size_t size) {
      T* const own_space = space;
      space += aligned(size) * batch;
      if (!rows || is_together(rows, size)) return Rows<const T>{rows.data, batch, size};
      const Rows<T> copy{own_space, batch, size};
      copy_rows(rows, copy, size);
      return Rows<const T>(copy);
    };
    const Rows<const T> all_x = together(x, in), all_y = together(y, out), all_dy = together(dy, out);
    const bool apart = dx && !is_together(dx, in);
    const Rows<T> all_dx = apart ? Rows<T>{space, batch, in} : Rows<T>{dx.data, batch, in};
    const WithSteps<Ctx> inner(ctx);
    run_backward<Step>(inner.ctx, m, as_steps(all_x, in), as_steps(all_y, out), as_steps(all_dy, out),
                       as_steps(all_dx, in));
    if (apart) copy_rows(all_dx, dx, in);
  }

private:
  /// The steps of a batch's first sample are numbered from where its sample would be, times the steps: a
  /// mask does not depend on how a batch is split.
  template <class Ctx>
  struct WithSteps {
    Ctx& ctx;
    size_t kept = 0;

    constexpr explicit WithSteps(Ctx& c) : ctx(c) {
      if constexpr (requires { c.first_sample; }) {
        kept = c.first_sample;
        c.first_sample *= steps;
      }
    }
    constexpr ~WithSteps() {
      if constexpr (requires { ctx.first_sample; }) ctx.first_sample = kept;
    }
    WithSteps(const WithSteps&) = delete;
    WithSteps& operator=(const WithSteps&) = delete;
  };

  template <class T>
  static constexpr bool is_together(const Rows<T>& rows, size_t size) {
    return rows.count == 1 || rows.stride == size;
  }
  template <class T>
  static constexpr Rows<T> as_steps(const Rows<T>& rows, size_t size) {
    return {rows.data, rows.count * steps, size / steps};
  }
  template <class Ctx, class T, class Mode>
  static constexpr void run_steps(Ctx& ctx, const Memory<T>& m, Rows<const T> x, Rows<T> y, Mode mode) {
    const WithSteps<Ctx> inner(ctx);
    run_forward<Step>(inner.ctx, m, x, y, mode);
  }
};

}  // namespace detail

/// A layer, or a whole network, applied to every step of a sequence with the same parameters: y[t] = L(x[t]). Dense,
/// the activations and Dropout treat sequences so by themselves; this is for what takes another shape, and for batch
/// statistics over all steps. Parameters keep their names; a state does not outlast a step.
///
/// Shapes: (T, ...) to (T, ...), where L takes (...) to (...). Gradient: that of L, its parameters' summed over the
/// steps. Keras: TimeDistributed. PyTorch: L on x.flatten(0, 1).
///
///     using Net = Sequential<Input<12, 1, 8, 8>, TimeDistributed<Sequential<Conv2D<4, 3>, ReLU, Flatten>>,
///                            LSTM<32, last>>;
template <class L>
struct TimeDistributed {
private:
  template <class In>
  using step = typename detail::step_of<In>::type;
  template <class In>
  static consteval auto judge() {
    if constexpr (In::rank < 2) {
      return std::type_identity<takes<sequences>>{};
    } else {
      using Problem = detail::problem_of<L, step<In>>;
      if constexpr (std::is_void_v<Problem>) return std::type_identity<void>{};
      else return std::type_identity<takes<sequences_of_steps<Problem>>>{};
    }
  }
  template <class In, bool Fits>
  struct bound {
    using type = detail::Reshaping<In, In>;
  };
  template <class In>
  struct bound<In, true> {
    using type = detail::OverSteps<typename detail::bind_at<L, step<In>, path<>, from_input>::bound, In>;
  };

public:
  using invalid = detail::fault_of<L>;
  template <class In>
  using problem = typename decltype(judge<In>())::type;
  template <class In>
  using at = typename bound<In, std::is_void_v<invalid> && std::is_void_v<problem<In>>>::type;
};

template <class L>
struct composition<TimeDistributed<L>> : detail::described<Structure::steps, L> {
  template <class... Part>
  using with = TimeDistributed<Part...>;
};

}  // namespace tenon
