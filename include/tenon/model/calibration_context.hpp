#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <vector>

#include <tenon/edge/context.hpp>
#include <tenon/edge/quantized.hpp>
#include <tenon/model/calibration.hpp>
#include <tenon/model/quantize_recurrent.hpp>

/// What `quantize` sees of a float network while samples run through it.
namespace tenon::detail {

/// The context of a run with constant weights that also looks at what every unit gives, every sum, and what a function
/// is applied to within a unit.
struct CalibrationContext : edge::Context {
  struct Trace {
    SeenOfUnits* seen;
    explicit operator bool() const { return true; }
    void operator()(std::uint32_t unit, Rows<const float> y, size_t size) const {
      for (size_t i = 0; i < y.count; ++i) {
        seen->ranges[unit].see(std::span(y[i], size));
        if (seen->values) (*seen->values)[unit].insert((*seen->values)[unit].end(), y[i], y[i] + size);
      }
    }
  };
  Trace trace;
  std::uint32_t first_inner = 0, inner = 0;  // seen in this sample

  using edge::Context::forward;

  template <class Bound>
    requires(edge::detail::has_inner_step<Bound> || edge::detail::is_affine_unit<Bound>())
  void forward(const Memory<float>& memory, Rows<const float> x, Rows<float> y) {
    using core = typename edge::detail::CoreOf<Bound>::core;
    if constexpr (edge::detail::has_inner_step<Bound>) {
      const std::uint32_t unit = first_inner + inner++;
      std::vector<float> between(core::output::size * x.count);
      const Rows<float> rows{between.data(), x.count, core::output::size};
      run_plainly<core>(memory, x, rows);
      trace(unit, rows, core::output::size);
      if constexpr (edge::detail::is_affine_unit<Bound>()) find_factors<Bound, core>(memory, unit);
    } else {
      find_factors<Bound, core>(memory, memory.ids.unit);
    }
    run_plainly<Bound>(memory, x, y);
  }

  template <class Bound>
    requires(edge::detail::RecurrentOf<Bound>::known)
  void forward(const Memory<float>& memory, Rows<const float> x, Rows<float> y) {
    run_plainly<Bound>(memory, x, y);
    for (size_t i = 0; i < x.count; ++i)
      see_recurrent(*trace.seen, first_inner + inner, edge::detail::RecurrentOf<Bound>::cell, Bound::plan,
                    memory.parameters.values, std::span(x[i], Bound::input::size));
    inner += static_cast<std::uint32_t>(3 * Bound::plan.passes());
  }

  template <class Bound>
    requires(edge::detail::AttentionOf<Bound>::known && !edge::detail::AttentionOf<Bound>::many)
  void forward(const Memory<float>& memory, Rows<const float> x, Rows<float> y) { see_attention<Bound>(memory, x, y); }
  template <class Bound, size_t N>
    requires(edge::detail::AttentionOf<Bound>::known&& edge::detail::AttentionOf<Bound>::many)
  void forward_many(const Memory<float>& memory, const RowsOf<const float, N>& x, Rows<float> y) {
    see_attention<Bound>(memory, x, y);
  }

  template <class Bound>
    requires edge::detail::IsGraph<Bound>
  void forward(const Memory<float>& memory, Rows<const float> x, Rows<float> y) {
    walk<Bound>(memory, RowsOf<const float, 1>{x}, y);
  }
  template <class Bound, size_t N>
    requires edge::detail::IsGraph<Bound>
  void forward_many(const Memory<float>& memory, const RowsOf<const float, N>& x, Rows<float> y) {
    walk<Bound>(memory, x, y);
  }
  using edge::Context::forward_many;

  /// The constants that a layer adds to any input: its output for zeros.
  template <class Bound>
    requires edge::detail::adds_constants<Bound>
  void forward(const Memory<float>& memory, Rows<const float> x, Rows<float> y) {
    std::vector<float>& found = seen_factors(memory.ids.unit);
    if (found.empty()) {
      const std::vector<float> nothing(Bound::input::size);
      found.resize(Bound::output::size);
      run_plainly<Bound>(memory, Rows<const float>{nothing.data(), 1, nothing.size()},
                         Rows<float>{found.data(), 1, found.size()});
    }
    run_plainly<Bound>(memory, x, y);
  }

  /// What a formula of several tensors computes on the way.
  template <class Bound, size_t N>
    requires(edge::detail::EdgeFormulaOf<Bound>::known&& N > 1)
  void forward_many(const Memory<float>& memory, const RowsOf<const float, N>& x, Rows<float> y) {
    see_edge_steps<Bound>(y.count, [&](size_t row, size_t i, size_t k) { return static_cast<double>(x[k][row][i]); });
    edge::Context::forward_many<Bound>(memory, x, y);
  }
  template <class Bound>
    requires(edge::detail::EdgeFormulaOf<Bound>::known && !ManyInputs<Bound>)
  void forward(const Memory<float>& memory, Rows<const float> x, Rows<float> y) {
    using of = edge::detail::EdgeFormulaOf<Bound>;
    see_edge_steps<Bound>(y.count, [&](size_t row, size_t i, size_t k) {
      return static_cast<double>(x[row][(i / of::width * of::pieces + k) * of::width + i % of::width]);
    });
    run_plainly<Bound>(memory, x, y);
  }

private:
  /// Queries, keys, values and what is seen lie in the scratch of one sample.
  template <class Bound, class X>
  void see_attention(Memory<float> memory, const X& x, Rows<float> y) {
    constexpr const auto& code = Bound::code;
    constexpr const Needs& needs = layout_of<Bound>.needs;
    std::vector<float> scratch(needs.inference.sample + needs.inference.fixed + 1);
    memory.workspace.scratch = scratch.data();
    memory.workspace.scratch_fixed = scratch.data() + needs.inference.sample;
    Bound::forward(*this, memory, x, y, Evaluation{});
    if constexpr (edge::detail::AttentionOf<Bound>::sizes.hidden > 0) {
      trace(first_inner + inner++, {scratch.data(), 1, 0}, code.queries * code.hidden);
      trace(first_inner + inner++, {scratch.data() + code.key_place(), 1, 0}, code.keys * code.hidden);
    } else {
      see_projections<Bound>(scratch, memory.workspace.scratch_fixed);
    }
  }
  template <class Bound>
  void see_projections(std::vector<float>& scratch, [[maybe_unused]] float* fixed) {
    constexpr const auto& code = Bound::code;
    const auto see = [&](size_t first, size_t stride, size_t steps) {
      std::vector<float> values(steps * code.width);
      for (size_t t = 0; t < steps; ++t)
        std::copy_n(scratch.data() + first + t * stride, code.width, values.data() + t * code.width);
      trace(first_inner + inner++, {values.data(), 1, values.size()}, values.size());
    };
    if constexpr (code.context > 0) {  // a step alone: query, key, value, the weights, what is seen
      constexpr size_t seen = aligned(3 * code.width) + aligned(code.heads * code.context);
      for (const size_t place : {size_t{0}, code.width, 2 * code.width, seen}) see(place, code.width, 1);
      return;
    }
    if constexpr (code.rope > 0) code.turn_back(scratch.data(), fixed);
    see(0, code.query_step(), code.queries);
    for (const size_t k : {size_t{0}, size_t{1}})
      see(code.key_place() + (k + (code.cross ? 0 : 1)) * code.width, code.key_step(), code.keys);
    see(code.given_place(), code.width, code.queries);
  }
  /// `number(row, i, k)` is number i of a row of tensor k.
  template <class Bound, class Number>
  void see_edge_steps(size_t rows, const Number& number) {
    using of = edge::detail::EdgeFormulaOf<Bound>;
    constexpr size_t size = Bound::output::size;
    std::vector<float> values(size * rows);
    const auto see = [&]<class E>(std::type_identity<E>) {
      if constexpr (!std::is_same_v<E, typename of::formula>) {
        for (size_t j = 0; j < values.size(); ++j) {
          std::array<double, of::tensors> v{};
          for (size_t k = 0; k < v.size(); ++k) v[k] = number(j / size, j % size, k);
          values[j] = static_cast<float>(edge::detail::EdgeValue<E>::at(v.data()));
        }
        trace(first_inner + inner++, {values.data(), rows, size}, size);
      }
    };
    [&]<class... E>(list<E...>) {
      (see(std::type_identity<E>{}), ...);
    }(typename edge::detail::EdgeFormula<typename of::formula>::steps{});
  }
  /// Runs a layer as a whole, none of whose inner values are seen, with scratch of its own.
  template <class Bound>
  void run_plainly(Memory<float> memory, Rows<const float> x, Rows<float> y) {
    constexpr const Needs& needs = layout_of<Bound>.needs;
    std::vector<float> scratch(needs.inference.sample * x.count + needs.inference.fixed + 1);
    memory.workspace.scratch = scratch.data();
    memory.workspace.scratch_fixed = scratch.data() + needs.inference.sample * x.count;
    if constexpr (requires { edge::Context::forward<Bound>(memory, x, y); })
      edge::Context::forward<Bound>(memory, x, y);
    else Bound::forward(*this, memory, x, y, Evaluation{});
  }

  /// f(x) = a x + b: b is f(0), and a is f(1) - b.
  template <class Bound, class Core>
  void find_factors(const Memory<float>& memory, std::uint32_t unit) {
    using formula = edge::detail::FormulaOf<Bound>;
    std::vector<float>& found = seen_factors(unit);
    if (!found.empty()) return;
    constexpr size_t size = Core::output::size, channels = formula::channels;
    std::vector<float> x(size), at_0(size), at_1(size);
    const auto rows = [](auto& v) { return Rows<float>{v.data(), 1, size}; };
    run_plainly<Core>(memory, Rows<const float>(rows(x)), rows(at_0));
    std::fill(x.begin(), x.end(), 1.0F);
    run_plainly<Core>(memory, Rows<const float>(rows(x)), rows(at_1));
    found.resize(2 * channels);
    for (size_t c = 0; c < channels; ++c) {
      const size_t i = formula::by_channels ? c * formula::pixels : c;
      found[c] = at_1[i] - at_0[i];
      found[channels + c] = at_0[i];
    }
  }
  std::vector<float>& seen_factors(std::uint32_t unit) const { return trace.seen->factors[unit]; }

  /// The nodes of a graph in order, each with numbers of its own.
  template <class Bound, size_t N>
  void walk(const Memory<float>& memory, const RowsOf<const float, N>& x, Rows<float> y) {
    using view = edge::detail::graph_view<Bound>;
    const size_t count = y.count;
    std::array<std::vector<float>, view::nodes> given;
    std::array<Rows<const float>, view::inputs + view::nodes> value{};
    for (size_t i = 0; i < N; ++i) value[i] = x[i];
    view::each_node([&]<class Node>(size_t k) {
      using tenon::detail::NodeKind;
      constexpr NodeKind kind = edge::detail::node_kind<Node>();
      constexpr size_t size = Node::output::size;
      given[k].resize(size * count);
      const Rows<float> to{given[k].data(), count, size};
      const auto source = [&](size_t j) { return value[view::sources[k][j]]; };
      if constexpr (kind == NodeKind::same || kind == NodeKind::slice) {
        size_t begin = 0;
        if constexpr (kind == NodeKind::slice) begin = Node::begin;
        for (size_t i = 0; i < count; ++i) std::copy_n(source(0)[i] + begin, size, to[i]);
      } else if constexpr (kind == NodeKind::sum) {
        copy_rows(source(0), to, size);
        for (size_t j = 1; j < view::source_count[k]; ++j) {
          add_rows(source(j), to, size);
          trace(first_inner + inner++, to, size);
        }
      } else if constexpr (kind == NodeKind::join) {
        // a part's size is that of the row it stands in: joins have all their parts side by side
        size_t place = 0;
        for (size_t j = 0; j < view::source_count[k]; ++j) {
          const size_t part = view::size_of(view::sources[k][j]);
          for (size_t i = 0; i < count; ++i) std::copy_n(source(j)[i], part, to[i] + place);
          place += part;
        }
      } else {
        const auto& slot = Bound::plan.slots[k];
        Memory<float> own = memory_of(memory, slot, count, slot.inference_scratch);
        own.mask = shifted(memory.mask, view::mask_shifts[k]);
        if constexpr (ManyInputs<Node>) {
          RowsOf<const float, Node::input::count> many{};
          for (size_t j = 0; j < many.size(); ++j) many[j] = source(j);
          run_forward_many<Node>(*this, own, many, to, Evaluation{});
        } else {
          run_forward<Node>(*this, own, source(0), to, Evaluation{});
        }
      }
      value[view::inputs + k] = to;
    });
    size_t place = 0;
    for (const size_t v : view::output_values) {
      for (size_t i = 0; i < count; ++i) std::copy_n(value[v][i], view::size_of(v), y[i] + place);
      place += view::size_of(v);
    }
  }
};

}  // namespace tenon::detail
