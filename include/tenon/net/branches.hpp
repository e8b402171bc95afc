#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <type_traits>
#include <utility>

#include <tenon/net/check.hpp>
#include <tenon/net/chain.hpp>
#include <tenon/net/first_input.hpp>
#include <tenon/net/plan.hpp>
#include <tenon/net/run.hpp>
#include <tenon/net/tree.hpp>

/// Branches: several layers fed with the same input. Add sums what they give, Concat joins it.
/// Either way the gradient of the input is the sum of what the branches send back.
namespace tenon::detail {

/// How the branches of a composition share memory. A branch of Concat writes behind the ones
/// before it, at its column.
template <std::size_t N>
struct BranchPlan {
  std::array<Slot, N> slots{};
  std::array<std::size_t, N> columns{};
  Layout layout{};
};

/// `joined`: every branch writes its own part of y. Otherwise the first one writes y and the others
/// are added to it, from scratch or, where their backward reads what they gave, from `saved`.
template <std::size_t N>
constexpr BranchPlan<N> plan_branches(const std::array<Layout, N>& branches,
                                      const std::array<bool, N>& passthrough, bool joined) {
  BranchPlan<N> plan;
  Layout& total = plan.layout;
  Needs& needs = total.needs;
  needs.backward_reads_input = false;
  total.input_size = branches[0].input_size;
  for (std::size_t b = 0; b < N; ++b) {
    const Layout& branch = branches[b];
    Slot& slot = plan.slots[b];
    place_child(total, branch, slot);
    plan.columns[b] = joined ? total.output_size : 0;
    total.output_size = joined ? total.output_size + branch.output_size : branch.output_size;
    needs.backward_reads_input |= branch.needs.backward_reads_input;
    needs.backward_reads_output |= joined && branch.needs.backward_reads_output;

    const std::size_t given = aligned(branch.output_size);
    if (!joined && branch.needs.backward_reads_output) {
      slot.output = {Place::saved, needs.saved_sample};
      needs.saved_sample += given;
    } else if (!joined && b > 0) {
      slot.output = {Place::scratch, 0};
      slot.forward_scratch = given;
    }
    if (!joined && b > 0) {
      slot.inference_output = {Place::scratch, 0};
      slot.inference_scratch = given;
    }
    if (b > 0) {
      slot.input_gradient = {Place::scratch, 0};
      slot.backward_scratch = aligned(branch.input_size);
    }
    if (passthrough[b]) continue;  // its numbers are copied or added straight away
    const auto raise = [](std::size_t& most, std::size_t own, std::size_t inner) {
      most = std::max(most, own + aligned(inner));
    };
    raise(needs.forward_scratch_sample, slot.forward_scratch, branch.needs.forward_scratch_sample);
    raise(needs.inference_scratch_sample, slot.inference_scratch,
          branch.needs.inference_scratch_sample);
    raise(needs.backward_scratch_sample, slot.backward_scratch,
          branch.needs.backward_scratch_sample);
  }
  return plan;
}

/// The branches L... bound to In: `Joined` side by side, or summed.
template <bool Joined, class Output, class In, class Seats, class... L>
struct BoundBranches;

template <bool Joined, class Output, class In, class... Seat, class... L>
struct BoundBranches<Joined, Output, In, list<Seat...>, L...> {
  using input = In;
  using output = Output;
  using elements = list<Element<L, typename Seat::output>...>;

  static constexpr std::size_t count = sizeof...(L);
  static constexpr auto plan =
      plan_branches<count>({layout_of<typename Seat::bound>...},
                           {Passthrough<typename Seat::bound>...}, Joined);
  static constexpr Layout layout = plan.layout;
  static constexpr Needs needs = layout.needs;

  static constexpr std::array<ElementInfo, count> infos{
      element_info<L, typename Seat::output>()...};
  static constexpr auto branches = [] {
    std::size_t next = 0;
    return std::array<Branch, count>{branch_of<typename Seat::bound>(next++, 1)...};
  }();
  static constexpr Tree tree{.kind = TreeKind::composition,
                             .elements = infos.data(),
                             .element_count = count,
                             .units = branches.data(),
                             .unit_count = count};

  template <class Mode, class Ctx, class T>
  static constexpr void forward(Ctx& ctx, Memory<T> memory, Rows<const T> x, Rows<T> y, Mode mode) {
    std::size_t b = 0;
    const int in_order[] = {
        (forward_branch<typename Seat::bound>(b++, ctx, memory, x, y, mode), 0)...};
    static_cast<void>(in_order);
  }

  template <class Ctx, class T>
  static constexpr void backward(Ctx& ctx, Memory<T> memory, Rows<const T> x, Rows<const T> y,
                                 Rows<const T> dy, Rows<T> dx) {
    std::size_t b = 0;
    const int in_order[] = {
        (backward_branch<typename Seat::bound>(b++, ctx, memory, x, y, dy, dx), 0)...};
    static_cast<void>(in_order);
  }

  template <class Visit>
  static constexpr void visit_units(Visit&& visit) {
    const int in_order[] = {(visit.template operator()<typename Seat::bound>(), 0)...};
    static_cast<void>(in_order);
  }

private:
  template <class T>
  static constexpr Rows<T> part(Rows<T> rows, std::size_t b) {
    return {advance(rows.data, plan.columns[b]), rows.count, rows.stride};
  }

  template <class Bound, class Mode, class Ctx, class T>
  static constexpr void forward_branch(std::size_t b, Ctx& ctx, const Memory<T>& memory,
                                       Rows<const T> x, Rows<T> y, Mode mode) {
    constexpr std::size_t size = Bound::output::size;
    if constexpr (Passthrough<Bound>) {
      if (Joined || b == 0) copy_rows(x, part(y, b), size);
      else add_rows(x, y, size);
    } else {
      const Slot& slot = plan.slots[b];
      const Place place = Mode::training ? slot.output : slot.inference_output;
      const std::size_t scratch = Mode::training ? slot.forward_scratch : slot.inference_scratch;
      const Rows<T> out = place.where == Place::outside ? part(y, b)
                                                        : rows_at(memory, place, y.count, size);
      run_forward<Bound>(ctx, memory_of(memory, slot, y.count, scratch), x, out, mode);
      if (place.where == Place::outside) return;
      if (b == 0) copy_rows(Rows<const T>(out), y, size);
      else add_rows(Rows<const T>(out), y, size);
    }
  }

  template <class Bound, class Ctx, class T>
  static constexpr void backward_branch(std::size_t b, Ctx& ctx, const Memory<T>& memory,
                                        Rows<const T> x, Rows<const T> y, Rows<const T> dy,
                                        Rows<T> dx) {
    constexpr std::size_t size = Bound::input::size;
    if constexpr (Passthrough<Bound>) {
      if (!dx) return;
      if (b == 0) copy_rows(part(dy, b), dx, size);
      else add_rows(part(dy, b), dx, size);
    } else {
      if (!dx && layout_of<Bound>.fixed()) return;
      const Slot& slot = plan.slots[b];
      Rows<const T> given = part(y, b);
      if constexpr (!Joined) {
        given = slot.output.where == Place::saved
                    ? Rows<const T>(rows_at(memory, slot.output, dy.count, Bound::output::size))
                    : Rows<const T>{nullptr, dy.count, Bound::output::size};
      }
      const bool is_extra = dx && b > 0;
      const Rows<T> sent_back =
          is_extra ? rows_at(memory, slot.input_gradient, dy.count, size) : dx;
      run_backward<Bound>(ctx, memory_of(memory, slot, dy.count, slot.backward_scratch), x, given,
                          part(dy, b), sent_back);
      if (is_extra) add_rows(Rows<const T>(sent_back), dx, size);
    }
  }
};

/// Every branch in its seat: fed from where the whole is fed.
template <class In, class Index, class... L>
struct seat_branches;
template <class In, std::size_t... I, class... L>
struct seat_branches<In, std::index_sequence<I...>, L...> {
  using type = list<seat<unnamed<L>, In, typename element<L>::template path_at<I>, from_input>...>;
};
template <class In, class... L>
using seats = typename seat_branches<In, std::index_sequence_for<L...>, L...>::type;

/// The first branch that says what it takes speaks for all.
template <class... L>
struct declared_by_branches : first_declared<void, 0, L...> {};

}  // namespace tenon::detail
