#pragma once

#include <cstddef>

#include <tenon/net/chain.hpp>
#include <tenon/net/composition.hpp>
#include <tenon/net/first_input.hpp>

namespace tenon {

namespace detail {

/// A gated part keeps the factors that its branch gave; in front of the branch's scratch lie their gradients, or in
/// evaluation the factors.
struct GatePlan {
  Slot branch{};
  std::size_t factors = 0;  // place in `saved`
  std::size_t room = 0;
  Layout layout{};
};

constexpr GatePlan plan_gate(const Layout& branch, std::size_t size, std::size_t channels) {
  GatePlan plan;
  plan.layout.input_size = plan.layout.output_size = size;
  place_child(plan.layout, branch, plan.branch);
  plan.room = aligned(channels);
  Needs& needs = plan.layout.needs;
  plan.factors = needs.saved_sample;
  needs.saved_sample += plan.room;
  needs.forward_scratch_sample = branch.needs.forward_scratch_sample;
  needs.backward_scratch_sample = plan.room + branch.needs.backward_scratch_sample;
  needs.inference_scratch_sample = plan.room + branch.needs.inference_scratch_sample;
  return plan;
}

template <class Whole, class In, class... L>
struct BoundGate {
private:
  using branch = chain_at<In, L...>;
  static constexpr std::size_t channels = In::front, pixels = In::size / channels;
  static constexpr GatePlan plan = plan_gate(layout_of<branch>, In::size, channels);

public:
  using input = In;
  using output = In;
  using elements = typename branch::elements;
  using mistakes = typename must_give<branch, Shape<channels>, Whole>::type;

  static constexpr Layout layout = plan.layout;
  static constexpr Needs needs = layout.needs;
  static constexpr const Tree& tree = branch::tree;

  template <class Mode, class Ctx, class T>
  static constexpr void forward(Ctx& ctx, const Memory<T>& memory, Rows<const T> x, Rows<T> y, Mode mode) {
    const Rows<T> s{Mode::training ? memory.saved + plan.factors * y.count : memory.scratch, y.count, plan.room};
    run_forward<branch>(ctx, memory_of(memory, plan.branch, y.count, Mode::training ? 0 : plan.room), x, s, mode);
    for (std::size_t i = 0; i < y.count; ++i)
      for (std::size_t c = 0; c < channels; ++c) {
        const T factor = s[i][c];
        const T* from = x[i] + c * pixels;
        T* to = y[i] + c * pixels;
        for (std::size_t p = 0; p < pixels; ++p) to[p] = factor * from[p];
      }
  }

  /// ds = sum over pixels of x dy; dx = s dy + the branch's own.
  template <class Ctx, class T>
  static constexpr void backward(Ctx& ctx, const Memory<T>& memory, Rows<const T> x, Rows<const T>, Rows<const T> dy, Rows<T> dx) {
    const Rows<const T> s{memory.saved + plan.factors * dy.count, dy.count, plan.room};
    const Rows<T> ds{memory.scratch, dy.count, plan.room};
    for (std::size_t i = 0; i < dy.count; ++i)
      for (std::size_t c = 0; c < channels; ++c) {
        const T *in = x[i] + c * pixels, *slope = dy[i] + c * pixels;
        T sum = 0;
        for (std::size_t p = 0; p < pixels; ++p) sum += in[p] * slope[p];
        ds[i][c] = sum;
      }
    run_backward<branch>(ctx, memory_of(memory, plan.branch, dy.count, plan.room), x, s, Rows<const T>(ds), dx);
    if (!dx) return;
    for (std::size_t i = 0; i < dy.count; ++i)
      for (std::size_t c = 0; c < channels; ++c) {
        const T* slope = dy[i] + c * pixels;
        T* to = dx[i] + c * pixels;
        for (std::size_t p = 0; p < pixels; ++p) to[p] += s[i][c] * slope[p];
      }
  }

  template <class Visit>
  static constexpr void visit_units(Visit&& visit) {
    branch::visit_units(visit);
  }
};

}  // namespace detail

/// y[c] = s[c] x[c] with s = chain(x), the chain being L... and giving one factor for each channel. Gradients:
/// dx = s dy + the chain's own, ds[c] = sum over the channel of x dy. Parameters are named like a Sequential's.
template <class... L>
struct Gate {
  template <class In>
  struct at : detail::BoundGate<Gate, In, L...> {};
};

namespace detail {

template <class... L>
struct declared_input<Gate<L...>> : declared_input<Sequential<L...>> {};

}  // namespace detail

template <class... L>
struct composition<Gate<L...>> : detail::described<Structure::gate, L...> {
  template <class... Part>
  using with = Gate<Part...>;
};

}  // namespace tenon
