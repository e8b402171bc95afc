#pragma once

#include <algorithm>
#include <cstddef>

#include <tenon/inline.hpp>
#include <tenon/net/inputs.hpp>
#include <tenon/net/layer.hpp>
#include <tenon/net/mistakes.hpp>
#include <tenon/net/plan.hpp>

/// Running the parts of a composition: every part gets its share of memory as the plan says.
namespace tenon::detail {

/// An arena may be absent (there are no gradients in evaluation): its null pointer stays null.
template <class T>
constexpr T* advance(T* pointer, size_t count) {
  return pointer ? pointer + count : nullptr;
}

template <class T>
constexpr Rows<T> shifted(Rows<T> rows, size_t count) {
  return {advance(rows.data, count), rows.count, rows.stride};
}
template <class T>
constexpr PerSample<T> shifted(PerSample<T> numbers, size_t count) {
  return {advance(numbers.data, count), numbers.stride};
}

// Inlined: otherwise the result goes through memory, and a layer of a few numbers waits for it.
template <class T>
TENON_INLINE constexpr Memory<T> memory_of(const Memory<T>& whole, const Slot& slot, size_t batch, size_t scratch) {
  return {.parameters = {advance(whole.parameters.values, slot.parameters),
                         advance(whole.parameters.gradients, slot.parameters),
                         advance(whole.parameters.buffers, slot.buffers),
                         advance(whole.parameters.constants, slot.buffers), whole.parameters.unused_gradient},
          .workspace = {advance(whole.workspace.saved, slot.saved * batch),
                        advance(whole.workspace.saved_fixed, slot.saved_fixed),
                        advance(whole.workspace.scratch, scratch * batch), whole.workspace.scratch_fixed},
          .ids = {whole.ids.stream + slot.stream, whole.ids.unit + slot.unit},
          .state = shifted(whole.state, slot.state),
          .mask = whole.mask,
          .written = {.gradients = slot.shared}};
}

/// Whether a layer can add its gradient to what is there.
template <class Bound>
inline constexpr bool adds_to_dx = false;
template <class Bound>
  requires requires { Bound::adds_to_dx; }
inline constexpr bool adds_to_dx<Bound> = Bound::adds_to_dx;

template <class T>
constexpr Rows<T> rows_at(const Memory<T>& memory, Place place, size_t batch, size_t length) {
  T* base = place.where == Place::saved ? memory.workspace.saved : memory.workspace.scratch;
  return {base + place.offset * batch, batch, length};
}

template <class T, class U>
constexpr void copy_rows(Rows<U> from, Rows<T> to, size_t length) {
  for (size_t i = 0; i < to.count; ++i) std::copy_n(from[i], length, to[i]);
}

template <class T, class U>
constexpr void add_rows(Rows<U> from, Rows<T> to, size_t length) {
  for (size_t i = 0; i < to.count; ++i) {
    const T* source = from[i];
    T* target = to[i];
    for (size_t j = 0; j < length; ++j) target[j] += source[j];
  }
}

/// The parts of a network with mistakes do not fit together: it was refused, and is not compiled
/// further, which spares the reader errors about the consequences.
template <class Bound>
inline constexpr bool runs = mistakes_of<Bound>::type::size == 0;

/// Forward of one bound layer or composition that takes an array of rows.
template <class Bound, class Ctx, class T, class Mode>
constexpr void run_forward_many(Ctx& ctx, const Memory<T>& memory, const RowsOf<const T, Bound::input::count>& x,
                                Rows<T> y, Mode mode) {
  if constexpr (requires { ctx.template forward_many<Bound>(memory, x, y); })
    ctx.template forward_many<Bound>(memory, x, y);
  else if constexpr (runs<Bound>) Bound::forward(ctx, memory, x, y, mode);
  if constexpr (Leaf<Bound> && requires { ctx.trace; }) {
    if (ctx.trace) ctx.trace(memory.ids.unit, Rows<const T>(y), Bound::output::size);
  }
}
template <class Bound, class Ctx, class T>
constexpr void run_backward_many(Ctx& ctx, const Memory<T>& memory, const RowsOf<const T, Bound::input::count>& x,
                                 Rows<const T> y, Rows<const T> dy, const RowsOf<T, Bound::input::count>& dx) {
  if constexpr (runs<Bound>) Bound::backward(ctx, memory, x, y, dy, dx);
}

/// Forward of one bound layer or composition. A context may run a layer in its own way, as those of
/// constant weights do. Leaves show their output to `ctx.trace`. A network of several inputs finds them in one row.
template <class Bound, class Ctx, class T, class Mode>
constexpr void run_forward(Ctx& ctx, const Memory<T>& memory, Rows<const T> x, Rows<T> y, Mode mode) {
  if constexpr (ManyInputs<Bound>) {
    run_forward_many<Bound>(ctx, memory, split_inputs<typename Bound::input>(x), y, mode);
    return;
  } else if constexpr (requires { ctx.template forward<Bound>(memory, x, y); }) {
    ctx.template forward<Bound>(memory, x, y);
  } else if constexpr (runs<Bound>) {
    Bound::forward(ctx, memory, x, y, mode);
  }
  if constexpr (!ManyInputs<Bound> && Leaf<Bound> && !Passthrough<Bound> && requires { ctx.trace; }) {
    if (ctx.trace) ctx.trace(memory.ids.unit, Rows<const T>(y), Bound::output::size);
  }
}

template <class Bound, class Ctx, class T>
constexpr void run_backward(Ctx& ctx, const Memory<T>& memory, Rows<const T> x, Rows<const T> y, Rows<const T> dy,
                            Rows<T> dx) {
  if constexpr (requires { ctx.template backward<Bound>(memory, x, y, dy, dx); })
    ctx.template backward<Bound>(memory, x, y, dy, dx);
  else if constexpr (ManyInputs<Bound>)
    run_backward_many<Bound>(ctx, memory, split_inputs<typename Bound::input>(x), y, dy,
                             split_inputs<typename Bound::input>(dx));
  else if constexpr (runs<Bound>) Bound::backward(ctx, memory, x, y, dy, dx);
}

/// What one layer is called with.
template <class T>
struct Call {
  Memory<T> memory;
  Rows<const T> x;
  Rows<const T> y;
  Rows<T> target;  // y in the forward pass, dx in the backward pass
  Rows<const T> dy{};
};

/// Walks a chain forward: each step runs the next layer.
template <class Ctx, class T, class Mode>
struct ForwardWalk {
  Ctx& ctx;
  const Memory<T>& memory;
  Rows<T> y;
  const Slot* slot;
  Rows<const T> x;

  template <class Bound>
  constexpr void step() {
    const Call<T> call = next();
    run_forward<Bound>(ctx, call.memory, call.x, call.target, Mode{});
  }
  /// The same for batches, where a call costs nothing beside the layer.
  template <class Bound>
  TENON_NOINLINE constexpr void step_apart() {
    const Call<T> call = next();
    run_forward<Bound>(ctx, call.memory, call.x, call.target, Mode{});
  }

private:
  // Apart from step, so that it is compiled once and not once per layer.
  constexpr Call<T> next() {
    const Place place = Mode::training ? slot->output : slot->inference_output;
    const size_t scratch = Mode::training ? slot->forward_scratch : slot->inference_scratch;
    const size_t batch = y.count;
    const Rows<T> out = place.where == Place::outside ? y : rows_at(memory, place, batch, slot->output_size);
    const Call<T> call{memory_of(memory, *slot, batch, scratch), x, out, out};
    x = out;
    ++slot;
    return call;
  }
};

/// Walks a chain backward: each step runs the layer before. Without `dx` the layers in front of the
/// first one that learns are left out.
template <class Ctx, class T>
struct BackwardWalk {
  Ctx& ctx;
  const Memory<T>& memory;
  Rows<const T> x;
  Rows<const T> y;
  Rows<const T> dy;
  Rows<T> dx;
  const Slot* slots;
  size_t index;         // of the layer after the next one to run
  size_t first_needed;  // layers in front of this one are skipped
  bool begun = false;

  template <class Bound>
  TENON_NOINLINE constexpr void step() {
    if (index == first_needed) return;
    const Call<T> call = next();
    run_backward<Bound>(ctx, call.memory, call.x, call.y, call.dy, call.target);
  }

private:
  constexpr Call<T> next() {
    const Slot& slot = slots[--index];
    if constexpr (requires { ctx.watch; }) {
      if (ctx.watch && begun && memory.parameters.gradients) {
        // a tied layer's gradients are those of the first one, which are not complete
        const size_t done = slots[index + 1].parameters;
        if (done > slot.parameters || (done == slot.parameters && !slot.shared))
          ctx.watch->done_from(memory.parameters.gradients + done);
        else ctx.watch->progress();
      }
      begun = true;
    }
    const size_t batch = dy.count;
    Call<T> call{memory_of(memory, slot, batch, slot.backward_scratch), x, output_of(index), dx, dy};
    if (index == 0) {
      call.memory.written.dx = memory.written.dx;
    } else {
      call.x = output_of(index - 1);
      call.target = index == first_needed && !dx ? Rows<T>{nullptr, batch, slot.input_size}
                                                 : rows_at(memory, slot.input_gradient, batch, slot.input_size);
    }
    dy = call.target;
    return call;
  }

  /// What layer k gave in the forward pass, if the plan kept it.
  constexpr Rows<const T> output_of(size_t k) const {
    const Slot& slot = slots[k];
    if (slot.output.where == Place::outside) return y;
    if (slot.output.where == Place::scratch) return {nullptr, dy.count, slot.output_size};
    return rows_at(memory, slot.output, dy.count, slot.output_size);
  }
};

}  // namespace tenon::detail

namespace tenon {

using detail::run_backward;
using detail::run_forward;

}  // namespace tenon
