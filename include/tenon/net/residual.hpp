#pragma once

#include <cstddef>

#include <tenon/net/chain.hpp>
#include <tenon/net/composition.hpp>
#include <tenon/net/first_input.hpp>

namespace tenon {

namespace detail {

/// What a residual block keeps beside its branch: what the branch gave, if its backward reads that,
/// for y is the sum.
struct ResidualPlan {
  Slot branch{};
  Place kept{};
  Layout layout{};
};

constexpr ResidualPlan plan_residual(const Layout& branch, std::size_t size) {
  ResidualPlan plan;
  plan.layout.input_size = plan.layout.output_size = size;
  place_child(plan.layout, branch, plan.branch);
  Needs& needs = plan.layout.needs;
  needs.backward_reads_input = branch.needs.backward_reads_input;
  needs.forward_scratch_sample = branch.needs.forward_scratch_sample;
  needs.backward_scratch_sample = branch.needs.backward_scratch_sample;
  needs.inference_scratch_sample = branch.needs.inference_scratch_sample;
  if (branch.needs.backward_reads_output) {
    plan.kept = {Place::saved, needs.saved_sample};
    needs.saved_sample += aligned(size);
  }
  return plan;
}

template <class Whole, class In, class... L>
struct BoundResidual {
private:
  using branch = chain_at<In, L...>;
  static constexpr std::size_t size = In::size;
  static constexpr ResidualPlan plan = plan_residual(layout_of<branch>, size);

public:
  using input = In;
  using output = In;
  using elements = typename branch::elements;
  using mistakes = typename must_give<branch, In, Whole>::type;

  static constexpr Layout layout = plan.layout;
  static constexpr Needs needs = layout.needs;
  static constexpr const Tree& tree = branch::tree;

  template <class Mode, class Ctx, class T>
  static constexpr void forward(Ctx& ctx, Memory<T> memory, Rows<const T> x, Rows<T> y, Mode mode) {
    const Memory<T> inside = memory_of(memory, plan.branch, y.count, 0);
    if (Mode::training && plan.kept.where == Place::saved) {
      const Rows<T> kept = rows_at(memory, plan.kept, y.count, size);
      run_forward<branch>(ctx, inside, x, kept, mode);
      copy_rows(Rows<const T>(kept), y, size);
    } else {
      run_forward<branch>(ctx, inside, x, y, mode);
    }
    add_rows(x, y, size);
  }

  template <class Ctx, class T>
  static constexpr void backward(Ctx& ctx, Memory<T> memory, Rows<const T> x, Rows<const T>,
                                 Rows<const T> dy, Rows<T> dx) {
    Rows<const T> kept{nullptr, dy.count, size};
    if (plan.kept.where == Place::saved) kept = rows_at(memory, plan.kept, dy.count, size);
    run_backward<branch>(ctx, memory_of(memory, plan.branch, dy.count, 0), x, kept, dy, dx);
    if (dx) add_rows(dy, dx, size);
  }

  template <class Visit>
  static constexpr void visit_units(Visit&& visit) {
    branch::visit_units(visit);
  }
};

}  // namespace detail

/// y = x + chain(x), the chain being L... one after the other; it gives the shape it takes.
/// dx = dy + the chain's own. Parameters are named like a Sequential's: `2.0.weight`.
template <class... L>
struct Residual {
  template <class In>
  struct at : detail::BoundResidual<Residual, In, L...> {};
};

namespace detail {

template <class... L>
struct declared_input<Residual<L...>> : declared_input<Sequential<L...>> {};

}  // namespace detail

template <class... L>
struct composition<Residual<L...>> : detail::described<Structure::residual, L...> {
  template <class... Part>
  using with = Residual<Part...>;
};

}  // namespace tenon
