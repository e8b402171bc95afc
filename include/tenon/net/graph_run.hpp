#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include <tenon/net/graph_tables.hpp>
#include <tenon/net/inputs.hpp>
#include <tenon/net/run.hpp>

/// The walks over a graph, forward and backward. They read the tables; the only thing compiled for each node is the
/// call of its layer.
namespace tenon::detail {

/// Stands for the bound layer of a node that only moves numbers.
template <NodeKind Kind, class Out, std::size_t Begin = 0>
struct MovesNumbers {
  using output = Out;
  static constexpr NodeKind kind = Kind;
  static constexpr std::size_t begin = Begin;
  static constexpr bool moves_numbers = true;
};
template <class Bound>
inline constexpr bool only_moves = Passthrough<Bound>;
template <NodeKind Kind, class Out, std::size_t Begin>
inline constexpr bool only_moves<MovesNumbers<Kind, Out, Begin>> = true;

template <class T>
constexpr Rows<T> shifted(Rows<T> rows, std::size_t count) {
  return {advance(rows.data, count), rows.count, rows.stride};
}

/// The arrays that the spots of one pass refer to.
template <class T>
struct GraphMemory {
  const Memory<T>* memory = nullptr;
  Rows<T> output{};
  std::size_t batch = 0;

  /// A place inside the arenas, or in the output.
  constexpr Rows<T> inside(const Spot& s) const {
    if (s.where == Spot::output) return shifted(output, s.inner);
    if (s.where == Spot::nowhere) return {nullptr, batch, 0};
    T* const base = s.where == Spot::saved ? memory->saved : memory->scratch;
    return {advance(base, s.offset * batch + s.inner), batch, s.stride};
  }
};

template <class T, class U>
constexpr void move_rows(Move how, Rows<U> from, Rows<T> to, std::size_t size) {
  if (how == Move::copy) copy_rows(from, to, size);
  else if (how == Move::add) add_rows(from, to, size);
  else if (how == Move::zero)
    for (std::size_t i = 0; i < to.count; ++i) std::fill_n(to[i], size, T(0));
}

/// Forward, node after node.
template <class Ctx, class T, class Mode, std::size_t I>
struct GraphForward {
  Ctx& ctx;
  const GraphShape& graph;
  const Slot* slots;
  const Spot* spots;
  const Move* moves;
  const RowsOf<const T, I>& inputs;
  GraphMemory<T> own;
  std::size_t k = 0;

  template <class Bound>
  constexpr void step() {
    if constexpr (only_moves<Bound>) {
      move_numbers();
    } else if constexpr (ManyInputs<Bound>) {
      RowsOf<const T, Bound::input::count> x{};
      for (std::size_t j = 0; j < x.size(); ++j) x[j] = value(source(j));
      run_forward_many<Bound>(ctx, memory(), x, target(), Mode{});
    } else {
      run_forward<Bound>(ctx, memory(), value(source(0)), target(), Mode{});
    }
    ++k;
  }

  constexpr Rows<const T> value(std::size_t v) const {
    const Spot& s = spots[v];
    if (s.where == Spot::input) return shifted(inputs[s.number], s.inner);
    return Rows<const T>(own.inside(s));
  }

  /// Outputs that lie elsewhere, such as one that is an input too, are copied to where they belong.
  constexpr void finish(const Move* output_moves) const {
    std::size_t offset = 0;
    for (std::size_t o = 0; o < graph.output_count; ++o) {
      const std::size_t v = graph.outputs[o], size = graph.size(v);
      if (output_moves[o] != Move::none) copy_rows(value(v), shifted(own.output, offset), size);
      offset += size;
    }
  }

private:
  constexpr std::size_t source(std::size_t j) const { return graph.sources[graph.nodes[k].source + j]; }
  constexpr Rows<T> target() const { return own.inside(spots[graph.input_count + k]); }
  constexpr Memory<T> memory() const {
    const Slot& slot = slots[k];
    Memory<T> m = memory_of(*own.memory, slot, own.batch,
                            Mode::training ? slot.forward_scratch : slot.inference_scratch);
    m.mask = advance(m.mask, graph.nodes[k].mask_shift);
    return m;
  }
  constexpr void move_numbers() const {
    const GraphNode& node = graph.nodes[k];
    std::size_t part = 0;
    for (std::size_t j = 0; j < node.sources; ++j) {
      const Move how = moves[node.source + j];
      if (how != Move::none) {
        const std::size_t begin = node.kind == NodeKind::slice ? node.begin : 0;
        const std::size_t size = node.kind == NodeKind::slice ? node.size : graph.size(source(j));
        move_rows(how, shifted(value(source(j)), begin), shifted(target(), part), size);
      }
      if (node.kind == NodeKind::join) part += graph.size(source(j));
    }
  }
};

/// Backward, from the last node to the first. Nodes that lead to nothing that learns or is asked for are left out.
template <class Ctx, class T, class Plan, std::size_t I, std::size_t N>
struct GraphBackward {
  Ctx& ctx;
  const GraphShape& graph;
  const Plan& plan;
  const RowsOf<const T, I>& inputs;
  const RowsOf<T, I>& asked;
  const Memory<T>& memory;
  Rows<const T> y;
  Rows<const T> dy;
  std::array<bool, I + N> wanted{};
  std::size_t k = N;

  constexpr void begin() {
    for (std::size_t i = 0; i < I; ++i) wanted[i] = static_cast<bool>(asked[i]);
    for (std::size_t node = 0; node < N; ++node) {
      bool any = !graph.nodes[node].layout.fixed();
      for (std::size_t j = 0; j < graph.nodes[node].sources; ++j)
        any = any || wanted[graph.sources[graph.nodes[node].source + j]];
      wanted[I + node] = any;
    }
    do_moves(0);
  }

  template <class Bound>
  constexpr void step() {
    --k;
    if (wanted[I + k]) {
      if constexpr (!only_moves<Bound>) {
        const Slot& slot = plan.slots[k];
        Memory<T> m = memory_of(memory, slot, dy.count, slot.backward_scratch);
        m.mask = advance(m.mask, graph.nodes[k].mask_shift);
        const bool before = ctx.overwrite_gradients;
        if (slot.shared)
          ctx.overwrite_gradients = false;  // nodes behind this one have written gradients of the same parameters
        m.shared = memory.shared;
        if constexpr (requires { ctx.watch; }) {
          const auto watch = ctx.watch;
          if (watch && memory.gradients) ctx.watch = watch_of_node();
          call<Bound>(m);
          ctx.watch = watch;
        } else {
          call<Bound>(m);
        }
        ctx.overwrite_gradients = before;
      }
    }
    do_moves(N - k);
  }

private:
  template <class Bound>
  constexpr void call(const Memory<T>& m) {
    if constexpr (ManyInputs<Bound>) {
      constexpr std::size_t count = Bound::input::count;
      RowsOf<const T, count> x{};
      RowsOf<T, count> dx{};
      for (std::size_t j = 0; j < count; ++j) {
        x[j] = value(source(j));
        dx[j] = target(j);
      }
      run_backward_many<Bound>(ctx, m, x, value(I + k), gradient(I + k), dx);
    } else {
      run_backward<Bound>(ctx, m, value(source(0)), value(I + k), gradient(I + k), target(0));
    }
  }
  constexpr std::size_t source(std::size_t j) const { return graph.sources[graph.nodes[k].source + j]; }

  /// The gradients behind those of nodes up to this one are complete. What is inside a node that works with the
  /// parameters of an earlier one has nothing to say: that one will add to its gradients.
  constexpr auto watch_of_node() const {
    auto watch = ctx.watch;
    std::size_t end = 0;
    for (std::size_t j = 0; j < k; ++j) end = std::max(end, end_of(j));
    if (plan.slots[k].parameters < end) watch = nullptr;
    ctx.watch->done_from(memory.gradients + std::max(end, end_of(k)));
    return watch;
  }
  constexpr std::size_t end_of(std::size_t node) const {
    return plan.slots[node].parameters + graph.nodes[node].layout.trainable_size;
  }

  /// What a value was in the forward pass, if the plan kept it.
  constexpr Rows<const T> value(std::size_t v) const {
    const Spot& s = plan.training.spots[v];
    if (s.where == Spot::input) return shifted(inputs[s.number], s.inner);
    if (s.where == Spot::output) return shifted(y, s.inner);
    if (s.where == Spot::saved) return {advance(memory.saved, s.offset * dy.count + s.inner), dy.count, s.stride};
    return {nullptr, dy.count, s.stride};
  }
  constexpr Rows<T> writable(const Spot& s) const {
    if (s.where == Spot::input) return shifted(asked[s.number], s.inner);
    return {advance(memory.scratch, s.offset * dy.count + s.inner), dy.count, s.stride};
  }
  constexpr Rows<const T> readable(const Spot& s) const {
    if (s.where == Spot::output) return shifted(dy, s.inner);
    return Rows<const T>(writable(s));
  }
  constexpr Rows<const T> gradient(std::size_t v) const { return readable(plan.gradients.spots[v]); }
  constexpr Rows<T> target(std::size_t j) const {
    const Spot& s = plan.gradients.targets[graph.nodes[k].source + j];
    if (s.where == Spot::nowhere || !wanted[source(j)]) return {nullptr, dy.count, graph.size(source(j))};
    return writable(s);
  }
  constexpr void do_moves(std::size_t time) const {
    const auto& t = plan.gradients;
    for (std::size_t i = t.first_move[time]; i < t.first_move[time + 1]; ++i) {
      const GradientMove& m = t.moves[i];
      if (!wanted[m.to]) continue;
      const Rows<T> to = shifted(writable(t.spots[m.to]), m.to_begin);
      if (m.how == Move::zero) {
        move_rows(m.how, Rows<const T>{}, to, m.size);
        continue;
      }
      const Spot& from = m.from_temporary ? t.targets[m.from]
                         : m.from < I + N ? t.spots[m.from]
                                          : t.outside[m.from - I - N];
      move_rows(m.how, shifted(readable(from), m.from_begin), to, m.size);
    }
  }
};

}  // namespace tenon::detail
