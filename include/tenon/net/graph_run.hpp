#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include <tenon/inline.hpp>
#include <tenon/net/graph_tables.hpp>
#include <tenon/net/inputs.hpp>
#include <tenon/net/run.hpp>

/// The walks over a graph, forward and backward. They read the tables; the only thing compiled for each node is the
/// call of its layer.
namespace tenon::detail {

/// Stands for the bound layer of a node that only moves numbers.
template <NodeKind Kind, class Out, size_t Begin = 0>
struct MovesNumbers {
  using output = Out;
  static constexpr NodeKind kind = Kind;
  static constexpr size_t begin = Begin;
  static constexpr bool moves_numbers = true;
};
template <class Bound>
inline constexpr bool only_moves = Passthrough<Bound>;
template <NodeKind Kind, class Out, size_t Begin>
inline constexpr bool only_moves<MovesNumbers<Kind, Out, Begin>> = true;

/// The arrays that the spots of one pass refer to.
template <class T>
struct GraphMemory {
  const Memory<T>* memory = nullptr;
  Rows<T> output{};
  size_t batch = 0;

  /// A place inside the arenas, or in the output.
  constexpr Rows<T> inside(const Spot& s) const {
    if (s.where == Spot::output) return shifted(output, s.inner);
    if (s.where == Spot::nowhere) return {nullptr, batch, 0};
    T* const base = s.where == Spot::saved ? memory->workspace.saved : memory->workspace.scratch;
    return {advance(base, s.offset * batch + s.inner), batch, s.stride};
  }
};

template <class T, class U>
constexpr void move_rows(Move how, Rows<U> from, Rows<T> to, size_t size) {
  if (how == Move::copy) copy_rows(from, to, size);
  else if (how == Move::add) add_rows(from, to, size);
  else if (how == Move::zero)
    for (size_t i = 0; i < to.count; ++i) std::fill_n(to[i], size, T(0));
}

/// Forward, node after node.
template <class Ctx, class T, class Mode, size_t I>
struct GraphForward {
  Ctx& ctx;
  const GraphShape& graph;
  const Slot* slots;
  const Spot* spots;
  const Move* moves;
  const RowsOf<const T, I>& inputs;
  GraphMemory<T> own;
  size_t k = 0;

  template <class Bound>
  constexpr void step() {
    if constexpr (only_moves<Bound>) {
      move_numbers();
    } else if constexpr (ManyInputs<Bound>) {
      RowsOf<const T, Bound::input::count> x{};
      read_sources(x.data(), x.size());
      const Call<T> call = next();
      run_forward_many<Bound>(ctx, call.memory, x, call.target, Mode{});
    } else {
      const Call<T> call = next();
      run_forward<Bound>(ctx, call.memory, call.x, call.target, Mode{});
    }
    ++k;
  }
  /// The same for batches, where a call costs nothing beside the layer.
  template <class Bound>
  TENON_NOINLINE constexpr void step_apart() {
    step<Bound>();
  }

  constexpr Rows<const T> value(size_t v) const {
    const Spot& s = spots[v];
    if (s.where == Spot::input) return shifted(inputs[s.number], s.inner);
    return Rows<const T>(own.inside(s));
  }

  /// Outputs that lie elsewhere, such as one that is an input too, are copied to where they belong.
  constexpr void finish(const Move* output_moves) const {
    size_t offset = 0;
    for (size_t o = 0; o < graph.output_count; ++o) {
      const size_t v = graph.outputs[o], size = graph.size(v);
      if (output_moves[o] != Move::none) copy_rows(value(v), shifted(own.output, offset), size);
      offset += size;
    }
  }

private:
  constexpr size_t source(size_t j) const { return graph.sources[graph.nodes[k].source + j]; }
  constexpr Rows<T> target() const { return own.inside(spots[graph.input_count + k]); }

  // Training calls what is the same for all nodes, so that it is compiled once. A sample alone would wait for the
  // calls, and what is frozen knows the tables when it is compiled.
  constexpr Call<T> next() const {
    if constexpr (Mode::training) return found_apart();
    else return found();
  }
  TENON_NOINLINE constexpr Call<T> found_apart() const { return found(); }
  constexpr Call<T> found() const {
    const Slot& slot = slots[k];
    Memory<T> m = memory_of(*own.memory, slot, own.batch,
                            Mode::training ? slot.forward_scratch : slot.inference_scratch);
    m.mask = shifted(m.mask, graph.nodes[k].mask_shift);
    return {m, value(source(0)), Rows<const T>(target()), target()};
  }
  constexpr void read_sources(Rows<const T>* x, size_t count) const {
    for (size_t j = 0; j < count; ++j) x[j] = value(source(j));
  }
  constexpr void move_numbers() const {
    const GraphNode& node = graph.nodes[k];
    size_t part = 0;
    for (size_t j = 0; j < node.sources; ++j) {
      const Move how = moves[node.source + j];
      if (how != Move::none) {
        const size_t begin = node.kind == NodeKind::slice ? node.begin : 0;
        const size_t size = node.kind == NodeKind::slice ? node.size : graph.size(source(j));
        move_rows(how, shifted(value(source(j)), begin), shifted(target(), part), size);
      }
      if (node.kind == NodeKind::join) part += graph.size(source(j));
    }
  }
};

/// What a node's backward pass may change in the context, to be put back after it.
template <class Ctx>
struct GradientOrder {
  bool overwrite = false;
  constexpr void of(const Ctx& ctx) { overwrite = ctx.overwrite_gradients; }
  constexpr void restore(Ctx& ctx) const { ctx.overwrite_gradients = overwrite; }
};
template <class Ctx>
  requires requires(Ctx& ctx) { ctx.watch; }
struct GradientOrder<Ctx> {
  bool overwrite = false;
  decltype(Ctx::watch) watch{};
  constexpr void of(const Ctx& ctx) {
    overwrite = ctx.overwrite_gradients;
    watch = ctx.watch;
  }
  constexpr void restore(Ctx& ctx) const {
    ctx.overwrite_gradients = overwrite;
    ctx.watch = watch;
  }
};

/// Backward, from the last node to the first. Nodes that lead to nothing that learns or is asked for are left out.
template <class Ctx, class T, class Plan, size_t I, size_t N>
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
  size_t k = N;
  GradientOrder<Ctx> before{};

  constexpr void begin() {
    for (size_t i = 0; i < I; ++i) wanted[i] = static_cast<bool>(asked[i]);
    for (size_t node = 0; node < N; ++node) {
      bool any = !graph.nodes[node].layout.fixed();
      for (size_t j = 0; j < graph.nodes[node].sources; ++j)
        any = any || wanted[graph.sources[graph.nodes[node].source + j]];
      wanted[I + node] = any;
    }
    do_moves(0);
  }

  template <class Bound>
  TENON_NOINLINE constexpr void step() {
    --k;
    if constexpr (!only_moves<Bound>) {
      if (wanted[I + k]) {
        const Call<T> call = begin_node();
        if constexpr (ManyInputs<Bound>) {
          RowsOf<const T, Bound::input::count> x{};
          RowsOf<T, Bound::input::count> dx{};
          find_inputs(x.data(), dx.data(), x.size());
          run_backward_many<Bound>(ctx, call.memory, x, call.y, call.dy, dx);
        } else {
          run_backward<Bound>(ctx, call.memory, call.x, call.y, call.dy, call.target);
        }
        end_node();
      }
    }
    do_moves(N - k);
  }

private:
  // Everything that does not depend on the layer is apart from step, so that it is compiled once and not once per node.
  TENON_NOINLINE constexpr Call<T> begin_node() {
    before.of(ctx);
    const Slot& slot = plan.slots[k];
    Memory<T> m = memory_of(memory, slot, dy.count, slot.backward_scratch);
    m.mask = shifted(m.mask, graph.nodes[k].mask_shift);
    m.written.gradients = memory.written.gradients;
    m.written.dx = plan.gradients.targets[graph.nodes[k].source].adds;
    if (slot.shared)
      ctx.overwrite_gradients = false;  // nodes behind this one have written gradients of the same parameters
    if constexpr (requires { ctx.watch; }) {
      if (ctx.watch && memory.parameters.gradients) ctx.watch = watch_of_node();
    }
    return {m, value(source(0)), value(I + k), target(0), gradient(I + k)};
  }
  constexpr void end_node() { before.restore(ctx); }
  constexpr void find_inputs(Rows<const T>* x, Rows<T>* dx, size_t count) const {
    for (size_t j = 0; j < count; ++j) {
      x[j] = value(source(j));
      dx[j] = target(j);
    }
  }
  constexpr size_t source(size_t j) const { return graph.sources[graph.nodes[k].source + j]; }

  /// Reports to `ctx.watch` which gradients are complete: all behind those of this node and the nodes before it.
  /// Returns the watch for what is inside this node: none where it works with the parameters of an earlier node, which
  /// will add to their gradients.
  constexpr auto watch_of_node() const {
    auto watch = ctx.watch;
    size_t end = 0;
    for (size_t j = 0; j < k; ++j) end = std::max(end, end_of(j));
    if (plan.slots[k].parameters < end) watch = nullptr;
    ctx.watch->done_from(memory.parameters.gradients + std::max(end, end_of(k)));
    return watch;
  }
  constexpr size_t end_of(size_t node) const {
    return plan.slots[node].parameters + graph.nodes[node].layout.trainable_size;
  }

  /// What a value was in the forward pass, if the plan kept it.
  constexpr Rows<const T> value(size_t v) const {
    const Spot& s = plan.training.spots[v];
    if (s.where == Spot::input) return shifted(inputs[s.number], s.inner);
    if (s.where == Spot::output) return shifted(y, s.inner);
    if (s.where == Spot::saved)
      return {advance(memory.workspace.saved, s.offset * dy.count + s.inner), dy.count, s.stride};
    return {nullptr, dy.count, s.stride};
  }
  constexpr Rows<T> writable(const Spot& s) const {
    if (s.where == Spot::input) return shifted(asked[s.number], s.inner);
    return {advance(memory.workspace.scratch, s.offset * dy.count + s.inner), dy.count, s.stride};
  }
  constexpr Rows<const T> readable(const Spot& s) const {
    if (s.where == Spot::output) return shifted(dy, s.inner);
    return Rows<const T>(writable(s));
  }
  constexpr Rows<const T> gradient(size_t v) const { return readable(plan.gradients.spots[v]); }
  constexpr Rows<T> target(size_t j) const {
    const Spot& s = plan.gradients.targets[graph.nodes[k].source + j];
    if (s.where == Spot::nowhere || !wanted[source(j)]) return {nullptr, dy.count, graph.size(source(j))};
    return writable(s);
  }
  TENON_NOINLINE constexpr void do_moves(size_t time) const {
    const auto& t = plan.gradients;
    for (size_t i = t.first_move[time]; i < t.first_move[time + 1]; ++i) {
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
