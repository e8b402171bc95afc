#pragma once

#include <cstddef>
#include <cstdint>

#include <tenon/expr/arguments.hpp>
#include <tenon/expr/plan.hpp>

/// The loops of a formula as the library is given them: functions for processors with AVX2 and with AVX-512, and a list
/// of what they do, which it walks through on others. Few have those, so a formula is not compiled for them.
namespace tenon::expr {

/// A vertex of a plan, with all that the walk needs to know about it.
struct LoopVertex {
  double value = 0;
  std::int16_t a = -1;
  std::int16_t b = -1;
  std::int16_t c = -1;
  std::int16_t slot = 0;
  Op op = Op::number;
  Rank rank = Rank::scalar;
  std::int8_t level = 0;
  std::uint8_t needed = 0;  // in which passes, as bits
  bool inner = false;
  bool used = false;
  bool tells_nan = false;
};
static_assert(Plan::most_levels <= 8);

/// A result, and when it is written: in the inner loop, after the pixels of a channel, or after the last pass.
struct LoopOutput {
  enum class When : std::uint8_t { in_loop, after_channel, after_row };
  Output output{};
  When when = When::in_loop;
};

/// What a plan does.
struct LoopProgram {
  const LoopVertex* vertex = nullptr;
  const LoopOutput* output = nullptr;
  int count = 0;
  int outputs = 0;
  int levels = 0;
  int stored = -1;
  int stored_level = 0;
  bool collapsible = false;
  bool channelwise = false;
};

/// The lists of a program, no longer than they have to be.
template <int Vertices, int Results>
struct LoopLists {
  LoopVertex vertex[Vertices]{};
  LoopOutput output[Results]{};

  consteval explicit LoopLists(const Plan& p) {
    for (int i = 0; i < Vertices; ++i) {
      const Vertex& v = p.g[i];
      vertex[i] = {.value = v.value,
                   .a = v.a,
                   .b = v.b,
                   .c = v.c,
                   .slot = v.slot,
                   .op = v.op,
                   .rank = v.rank,
                   .level = p.level[i],
                   .inner = p.inner[i]};
      if (v.op == Op::row_max || v.op == Op::row_min) vertex[i].tells_nan = p.tells_nan(i);
      for (int level = 0; p.inner[i] && level < p.levels; ++level)
        vertex[i].needed = static_cast<std::uint8_t>(vertex[i].needed | (p.needed[level][i] ? 1 << level : 0));
    }
    const auto use = [this](int id) {
      if (id >= 0) vertex[id].used = true;
    };
    for (const LoopVertex& v : vertex) use(v.a), use(v.b), use(v.c);
    for (int k = 0; k < Results; ++k) {
      const Output& o = p.outputs.list[k];
      use(o.vertex);
      using When = LoopOutput::When;
      output[k] = {o, !p.in_loop(o) ? When::after_row : p.sums_channel(o) ? When::after_channel : When::in_loop};
    }
  }
  constexpr LoopProgram program(const Plan& p) const {
    return {vertex, output, Vertices, Results, p.levels, p.stored, p.stored_level, p.collapsible, p.channelwise};
  }
};

/// Row number `row` of every sample; channelwise, or where a row is looked at as a whole, all rows.
template <class T>
using RowLoop = void (*)(const Arguments<T>&, size_t row);

/// All that the library needs to run a formula's loops. Without a program, `avx2` is what the file is compiled for.
template <class T>
struct LoopCode {
  RowLoop<T> avx2 = nullptr;
  RowLoop<T> avx512 = nullptr;
  LoopProgram program{};
  bool row_by_row = false;  // the loops are called for one row after the other
};

/// Runs them on a processor of this level (kernels::cpu_level). Leaves the arguments as they were: a copy of them would
/// take as long as a short loop.
template <class T>
void run_loops(const LoopCode<T>& code, Arguments<T>& arguments, int cpu_level);
extern template void run_loops(const LoopCode<float>&, Arguments<float>&, int);
extern template void run_loops(const LoopCode<double>&, Arguments<double>&, int);

}  // namespace tenon::expr
