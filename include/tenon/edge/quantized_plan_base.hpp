#pragma once

#include <array>
#include <cstddef>

#include <tenon/edge/quantized_layer.hpp>
#include <tenon/edge/step_plan.hpp>

/// The base of all readers of steps.
namespace tenon::edge::detail {

/// Tensors that belong together: the outputs of a graph that has several. Bundles are numbered far behind all tensors.
struct TensorBundles {
  static constexpr size_t first_number = size_t{1} << 30, most_parts = 16, most = 16;
  struct Bundle {
    std::array<size_t, most_parts> tensor{}, begin{}, size{};
    size_t count = 0;
  };
  std::array<Bundle, most> bundle{};
  size_t count = 0;

  static constexpr bool is(size_t tensor) { return tensor >= first_number; }

  /// 0 where there are too many.
  constexpr size_t add(const size_t* tensors, const size_t* sizes, size_t parts) {
    if (count == most || parts > most_parts) return 0;
    Bundle& own = bundle[count];
    own.count = parts;
    for (size_t k = 0; k < parts; ++k) {
      own.tensor[k] = tensors[k];
      own.size[k] = sizes[k];
      own.begin[k] = k == 0 ? 0 : own.begin[k - 1] + sizes[k - 1];
    }
    return first_number + count++;
  }
  /// The tensor that is numbers [begin, begin + size) of the bundle; `first_number` where these are no whole tensor.
  constexpr size_t find(size_t number, size_t begin, size_t size) const {
    const Bundle& own = bundle[number - first_number];
    for (size_t k = 0; k < own.count; ++k)
      if (own.begin[k] == begin && own.size[k] == size) return own.tensor[k];
    return first_number;
  }
  template <class Visit>
  constexpr void each_part(size_t number, Visit visit) const {
    if (!is(number)) return visit(number);
    const Bundle& own = bundle[number - first_number];
    for (size_t k = 0; k < own.count; ++k) visit(own.tensor[k]);
  }
};

/// The plan while it is read: its tensors, and steps that are added one after the other.
template <size_t Capacity>
struct PlanBase {
  StepPlan<Capacity> plan{};
  std::array<PointFunction, Capacity> function{};  // of tables
  std::array<bool, Capacity + 1> held{};           // tensors that something later reads
  std::array<bool, 32> images{};                   // which inputs are
  size_t unit_count = 0;
  /// How many values within units, and sums, there are so far. Their numbers follow those of the units, in the order in
  /// which they are computed.
  size_t inner = 0;
  size_t rows = 1;  // steps of a sequence that a layer does one by one

  /// The tensors that come from outside; all but the first are steps that do nothing.
  template <class... S>
  constexpr std::array<size_t, sizeof...(S)> read_inputs(const Inputs<S...>*) {
    plan.inputs = 0;
    return {read_input(S::size, S::rank == 3, S::rank == 3 ? TensorOrder(S::front, S::inner) : TensorOrder())...};
  }
  template <class S>
  constexpr std::array<size_t, 1> read_inputs(const S*) {
    return read_inputs(static_cast<const Inputs<S>*>(nullptr));
  }
  constexpr size_t read_input(size_t size, bool image, TensorOrder order) {
    const size_t tensor = plan.inputs++;
    if (tensor < images.size()) images[tensor] = image;
    if (tensor > 0) return add({.pattern = {.kind = StepKind::input}, .out = size}, order);
    plan.sizes[0] = size;
    plan.orders[0] = order;
    return 0;
  }

  /// The tensor with its numbers in that order: itself, or what a move makes of it.
  constexpr size_t ordered(size_t x, TensorOrder order) {
    const TensorOrder own = plan.orders[x];
    if (own == order) return x;
    if (own.pixels > 1)
      x = move(x, {}, plan.sizes[x],
               {.count = {1, 1, own.channels, own.pixels},
                .from_step = {0, 0, 1, own.channels},
                .to_step = {0, 0, own.pixels, 1}});
    if (order.pixels > 1)
      x = move(x, order, plan.sizes[x],
               {.count = {1, 1, order.pixels, order.channels},
                .from_step = {0, 0, 1, order.pixels},
                .to_step = {0, 0, order.channels, 1}});
    return x;
  }

  constexpr size_t unknown() {
    plan.fits = false;
    return 0;
  }

  constexpr size_t add(QuantizedStep step, TensorOrder order, PointFunction f = nullptr) {
    if (step.moves == 0) step.first_move = plan.move_count;
    plan.add(step, order);
    if (plan.overflows) return 0;
    function[plan.count - 1] = f;
    return plan.count;
  }

  /// One move makes the whole tensor.
  constexpr size_t move(size_t x, TensorOrder order, size_t size, const kernels::Int8Move& way, bool padded = false) {
    const size_t first = plan.move_count;
    plan.add_move(x, way);
    return add({.pattern = {.kind = StepKind::move},
                .in = plan.sizes[x],
                .out = size,
                .source = x,
                .first_move = first,
                .moves = 1,
                .padded = padded},
               order);
  }
};

}  // namespace tenon::edge::detail
