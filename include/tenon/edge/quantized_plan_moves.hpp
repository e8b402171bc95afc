#pragma once

#include <array>
#include <cstddef>

#include <tenon/edge/quantized_plan_elements.hpp>

/// Steps that only bring numbers to other places.
namespace tenon::edge::detail {

/// Pieces, permutations, images between zeros or repeated.
template <size_t Capacity>
struct PlanMoves : PlanElements<Capacity> {
  using base = PlanElements<Capacity>;
  using base::plan, base::ordered, base::add, base::move;

  /// Two tensors of (count, own) as (count, 2 own).
  constexpr size_t read_side_by_side(const std::array<size_t, 2>& x, size_t count, size_t own) {
    const size_t first = plan.move_count;
    for (size_t d = 0; d < 2; ++d)
      plan.add_move(
          x[d],
          {.to = d * own, .count = {1, 1, count, own}, .from_step = {0, 0, own, 1}, .to_step = {0, 0, 2 * own, 1}});
    return add({.pattern = {.kind = StepKind::join},
                .in = 2 * count * own,
                .out = 2 * count * own,
                .source = x[0],
                .first_move = first,
                .moves = 2},
               {});
  }

  /// Some places of an axis. Images are cut where they lie, be it between channels or between pixels.
  template <size_t Count>
  constexpr size_t read_pieces(size_t x, Pieces<Count> p) {
    TensorOrder order = plan.orders[x];
    if (order.pixels > 1) {
      const auto whole = [&](size_t n) { return n % order.pixels == 0; };
      bool channels = p.outer == 1 && whole(p.inner * p.taken);
      for (const size_t place : p.place) channels = channels && whole(place * p.inner);
      const size_t block = p.length * p.inner;
      if (channels) {
        // every pixel gives the same few of its channels
        const size_t own = p.inner * p.taken / order.pixels, all = own * Count, first = plan.move_count;
        for (size_t k = 0; k < Count; ++k)
          plan.add_move(x, {.from = p.place[k] * p.inner / order.pixels,
                            .to = k * own,
                            .count = {1, 1, order.pixels, own},
                            .from_step = {0, 0, order.channels, 1},
                            .to_step = {0, 0, all, 1}});
        return add({.pattern = {.kind = StepKind::move},
                    .in = plan.sizes[x],
                    .out = all * order.pixels,
                    .source = x,
                    .first_move = first,
                    .moves = Count},
                   TensorOrder(all, order.pixels));
      }
      if (p.outer % order.channels == 0 && order.pixels % block == 0) {
        p.outer /= order.channels;
        p.inner *= order.channels;
        order.pixels = order.pixels / p.length * p.taken * Count;
      } else {
        x = ordered(x, {});
        order = {};
      }
    }
    const size_t own = p.inner * p.taken, first = plan.move_count, block = p.length * p.inner;
    for (size_t k = 0; k < Count; ++k)
      plan.add_move(x, {.from = p.place[k] * p.inner,
                        .to = k * own,
                        .count = {1, 1, p.outer, own},
                        .from_step = {0, 0, block, 1},
                        .to_step = {0, 0, own * Count, 1}});
    return add({.pattern = {.kind = StepKind::move},
                .in = plan.sizes[x],
                .out = p.outer * own * Count,
                .source = x,
                .first_move = first,
                .moves = Count},
               TensorOrder(order.channels, order.pixels));
  }

  /// Axis k of the result is axis axes[k] of x.
  constexpr size_t read_permute(size_t x, size_t rank, const std::array<size_t, 4>& dims,
                                const std::array<size_t, 4>& axes) {
    const bool by_pixels = plan.orders[x].pixels > 1 && plan.orders[x].channels == dims[0];
    if (!by_pixels) x = ordered(x, {});
    std::array<size_t, 4> from{}, to{};
    for (size_t k = rank, size = 1; k > 0; size *= dims[--k])
      from[k - 1] = by_pixels ? (k == 1 ? 1 : size * dims[0]) : size;
    for (size_t k = rank, size = 1; k > 0; size *= dims[axes[--k]]) to[k - 1] = size;
    kernels::Int8Move way;
    for (size_t k = 0; k < rank; ++k) {
      const size_t loop = 4 - rank + k;
      way.count[loop] = dims[axes[k]];
      way.from_step[loop] = from[axes[k]];
      way.to_step[loop] = to[k];
    }
    return move(x, {}, plan.sizes[x], way);
  }

  constexpr size_t read_placing(size_t x, const kernels::Placing& p) {
    x = ordered(x, {p.channels, p.y.small * p.x.small});
    const size_t line = p.x.large * p.channels;
    return move(x, {p.channels, p.y.large * p.x.large}, p.channels * p.y.large * p.x.large,
                {.to = p.y.before * line + p.x.before * p.channels,
                 .count = {1, p.y.small, p.x.small, p.channels},
                 .from_step = {0, p.x.small * p.channels, p.channels, 1},
                 .to_step = {0, p.y.step * line, p.x.step * p.channels, 1}},
                true);
  }

  constexpr size_t read_upsampling(size_t x, const kernels::Upsampling& u) {
    x = ordered(x, {u.channels, u.height * u.width});
    const size_t size = plan.sizes[x] * u.factor_y * u.factor_x, line = u.width * u.factor_x * u.channels;
    const TensorOrder order(u.channels, size / u.channels);
    if (u.linear)
      return add(
          {.pattern = {.kind = StepKind::stretch}, .in = plan.sizes[x], .out = size, .source = x, .stretching = u},
          order);
    const size_t first = plan.move_count;
    for (size_t r = 0; r < u.factor_y; ++r)
      plan.add_move(x, {.to = r * line,
                        .count = {u.height, u.width, u.factor_x, u.channels},
                        .from_step = {u.width * u.channels, u.channels, 0, 1},
                        .to_step = {u.factor_y * line, u.factor_x * u.channels, u.channels, 1}});
    return add({.pattern = {.kind = StepKind::move},
                .in = plan.sizes[x],
                .out = size,
                .source = x,
                .first_move = first,
                .moves = u.factor_y},
               order);
  }
};

}  // namespace tenon::edge::detail
