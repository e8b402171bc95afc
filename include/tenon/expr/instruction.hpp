#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include <tenon/expr/apply.hpp>
#include <tenon/expr/arguments.hpp>
#include <tenon/expr/plan.hpp>

/// One step of a formula's loop as numbers. A compiler works on every function that it is given, also on those that are
/// inlined everywhere: what is instantiated for an instruction, and not for a vertex of a formula, is shared by all
/// formulas that have such an instruction.
namespace tenon::expr {

/// An array that an inner loop reads or writes: an input, a parameter, a result.
struct ArrayName {
  Op op = Op::number;         // of those that are read
  Sink sink = Sink::per_row;  // of those that are written
  int slot = 0;

  constexpr bool operator==(const ArrayName&) const = default;
};

/// The arrays that a loop reads, or those that it writes. The inner loop has a pointer for each of them and no other:
/// an optimiser would have to remove every pointer too many, once per instruction set.
struct ArrayNames {
  ArrayName list[40]{};
  int count = 0;

  constexpr int position(const ArrayName& name) const {
    int i = 0;
    while (i < count && list[i] != name) ++i;
    return i;
  }
  constexpr void add(const ArrayName& name) {
    if (position(name) == count) list[count++] = name;
  }
  /// How long an array of pointers to them is; C++ has no array of none.
  constexpr int slots() const { return std::max(count, 1); }
};

/// Which array an inner loop reads a vertex from.
constexpr ArrayName array_read(const Vertex& v) {
  const bool has_slot = v.op == Op::input || v.op == Op::parameter || v.op == Op::saved;
  return {.op = v.op, .slot = has_slot ? v.slot : 0};
}
constexpr bool is_leaf(Op op) { return op <= Op::saved; }
constexpr bool is_array(Op op) {
  return op == Op::input || op == Op::parameter || op == Op::saved || op == Op::output || op == Op::seed ||
         op == Op::noise;
}
/// Which array a result is written to: the same one, whether the result replaces the numbers there or is added to them.
constexpr ArrayName array_written(const Output& o) {
  return {.sink = o.sink == Sink::accumulate ? Sink::store : o.sink, .slot = o.slot};
}

/// The array of the result, which holds a costly vertex from one pass to the next (Plan::stored).
inline constexpr ArrayName stored_array{.sink = Sink::store};

/// The arrays that the inner loops of a plan read.
constexpr ArrayNames arrays_read(const Plan& p) {
  ArrayNames names;
  for (int i = 0; i < p.g.count; ++i) {
    bool needed = false;
    for (int level = 0; level < p.levels; ++level) needed = needed || p.needed[level][i];
    if (needed && p.inner[i] && is_array(p.g[i].op)) names.add(array_read(p.g[i]));
  }
  return names;
}
/// The arrays that the inner loops of a plan write.
constexpr ArrayNames arrays_written(const Plan& p) {
  ArrayNames names;
  if (p.stored >= 0) names.add(stored_array);
  for (int i = 0; i < p.outputs.count; ++i)
    if (p.in_loop(p.outputs.list[i])) names.add(array_written(p.outputs.list[i]));
  return names;
}

/// Where a number is found: nowhere (it is 0), among the values of this step, among those of the row, in an array that
/// is read or written, or it is the position itself.
enum class From : std::uint8_t { nowhere, element, row, read, written, position };
struct Argument {
  From from = From::nowhere;
  int index = 0;
};

/// What is done for one vertex. Of a select by a comparison, `compared` is that comparison, and its arguments come
/// first.
struct Instruction {
  Op op = Op::number;
  Op compared = Op::number;
  bool against_number = false;  // see Plan
  Argument argument[4]{};
};

/// Where the value of vertex `id` is found; nowhere for -1, an argument that an operation does not have.
constexpr Argument value_of(const Plan& p, int id) {
  if (id < 0) return {};
  return {p.inner[id] ? From::element : From::row, id};
}

/// How a vertex is computed from its arguments.
constexpr Instruction operation(const Plan& p, int id) {
  const Vertex& v = p.g[id];
  Instruction made{.op = v.op, .against_number = p.against_number(id)};
  if (v.op != Op::select) {
    made.argument[0] = value_of(p, v.a);
    made.argument[1] = value_of(p, v.b);
    return made;
  }
  const Vertex& condition = p.g[v.a];
  const bool compares = is_comparison(condition.op);
  if (compares) made.compared = condition.op;
  made.argument[0] = value_of(p, compares ? condition.a : v.a);
  made.argument[1] = compares ? value_of(p, condition.b) : Argument{};
  made.argument[2] = value_of(p, v.b);
  made.argument[3] = value_of(p, v.c);
  return made;
}

/// How the inner loop of pass `level` gets vertex `id`: read from an array, or computed from its arguments.
constexpr Instruction instruction(const Plan& p, const ArrayNames& read, const ArrayNames& written, int id, int level) {
  const Vertex& v = p.g[id];
  if (id == p.stored && level > p.stored_level)
    return {.op = Op::stop, .argument = {{From::written, written.position(stored_array)}}};
  if (is_array(v.op)) return {.op = Op::stop, .argument = {{From::read, read.position(array_read(v))}}};
  if (v.op == Op::index) return {.op = Op::stop, .argument = {{From::position, 0}}};
  return operation(p, id);
}

/// Numbers of vertices or outputs.
struct Numbers {
  int list[FormulaGraph::capacity]{};
  int count = 0;

  constexpr void add(int number) { list[count++] = number; }
};

/// What one pass does. What it does not need is left out here and not in the functions that do the work, because those
/// are inlined once per vertex and instruction set.
struct Pass {
  Numbers leaves, operations;  // vertices that are the same for a whole row: first those that are read
  Numbers inner;               // the vertices of the inner loop
  Numbers written;             // the outputs that the inner loop writes
  Numbers per_row;             // the outputs that are written after the last pass
  Numbers channel_sums;        // the outputs that are summed over the pixels of a channel
  bool loops = false;
  int sums = 0;                // sums over the row, at most four in a pass
  int sum[4]{-1, -1, -1, -1};  // their vertices
  Argument summand[4]{};       // what they sum
  int high = -1, low = -1;     // the vertices of the largest and the smallest number of the row, or -1
  Argument of_high{}, of_low{};
  bool high_tells_nan = false, low_tells_nan = false;

  constexpr bool reduces() const { return sums > 0 || high >= 0 || low >= 0; }
};

/// What pass number `level` of a plan does.
constexpr Pass pass_of(const Plan& p, int level) {
  Pass made;
  made.loops = p.has_loop(level);
  for (int i = 0; i < p.g.count; ++i) {
    const Vertex& v = p.g[i];
    if (p.inner[i] && p.needed[level][i]) made.inner.add(i);
    if (!p.inner[i] && p.level[i] == level && !is_reduction(v.op))
      (is_leaf(v.op) ? made.leaves : made.operations).add(i);
    if (p.level[i] != level + 1) continue;
    if (v.op == Op::row_sum) {
      made.summand[made.sums] = value_of(p, v.a);
      made.sum[made.sums++] = i;
    }
    if (v.op == Op::row_max && made.high < 0) made.high = i, made.of_high = value_of(p, v.a);
    if (v.op == Op::row_min && made.low < 0) made.low = i, made.of_low = value_of(p, v.a);
  }
  made.high_tells_nan = p.tells_nan(made.high);
  made.low_tells_nan = p.tells_nan(made.low);
  for (int k = 0; k < p.outputs.count; ++k) {
    const Output& o = p.outputs.list[k];
    if (!p.in_loop(o)) made.per_row.add(k);
    else if (p.sums_channel(o)) made.channel_sums.add(k);
    else if (p.level[o.vertex] == level) made.written.add(k);
  }
  return made;
}

/// Where an instruction finds its arguments.
template <class T>
struct Sources {
  const T* const* read;
  T* const* written;
  const T* row;
  const T* element;
  size_t position;
};

/// The number that is found at A; 0 where A is nowhere.
template <Argument A, class T>
TENON_INLINE T fetch([[maybe_unused]] const Sources<T>& s) {
  if constexpr (A.from == From::element) return s.element[A.index];
  else if constexpr (A.from == From::row) return s.row[A.index];
  else if constexpr (A.from == From::read) return s.read[A.index][s.position];
  else if constexpr (A.from == From::written) return s.written[A.index][s.position];
  else if constexpr (A.from == From::position) return static_cast<T>(static_cast<std::int32_t>(s.position));
  else return T(0);
}

/// The result of an instruction.
template <Instruction I, class T>
TENON_INLINE T compute(const Sources<T>& s) {
  const T a = fetch<I.argument[0]>(s), b = fetch<I.argument[1]>(s);
  if constexpr (I.op == Op::select) {
    const T yes = fetch<I.argument[2]>(s), no = fetch<I.argument[3]>(s);
    if constexpr (is_comparison(I.compared)) return compare<I.compared>(a, b) ? yes : no;
    else return a != T(0) ? yes : no;
  } else if constexpr (I.against_number) {
    // a number is not NaN, and this is one instruction
    if constexpr (I.op == Op::maximum) return math::max(a, b);
    else return math::min(a, b);
  } else {
    return apply<I.op>(a, b);
  }
}

/// A value that is the same for a whole row (and, channelwise, one channel), and is computed of nothing.
template <Op O, Rank R, class T>
TENON_INLINE T row_leaf([[maybe_unused]] const Arguments<T>& args, [[maybe_unused]] int slot,
                        [[maybe_unused]] double number, [[maybe_unused]] size_t sample,
                        [[maybe_unused]] size_t feature) {
  if constexpr (O == Op::number) return static_cast<T>(number);
  else if constexpr (O == Op::literal) return args.literal[slot];
  else if constexpr (O == Op::label) return static_cast<T>(args.label[sample]);
  else if constexpr (O == Op::features) return static_cast<T>(args.width);
  else if constexpr (O == Op::rows) return static_cast<T>(args.batch_count);
  else if constexpr (O == Op::index) return static_cast<T>(feature);
  else if constexpr (O == Op::seed)
    return args.seed.data ? args.seed.data[sample * args.seed.stride] * args.seed_value : args.seed_value;
  else if constexpr (O == Op::parameter) return args.parameter[slot][R == Rank::scalar ? 0 : feature];
  else if constexpr (O == Op::saved && R == Rank::row) return args.saved_row[slot][sample];
  else return args.saved_feature[slot][feature];
}

/// The first number of row `index` of a sample, in the array that a leaf O is read from. Null for other operations.
template <Op O, class T>
TENON_INLINE const T* read_at([[maybe_unused]] const Arguments<T>& args, [[maybe_unused]] int slot,
                              [[maybe_unused]] size_t sample, [[maybe_unused]] size_t index,
                              [[maybe_unused]] size_t width) {
  if constexpr (O == Op::input) return args.input[slot].row(sample, index, width);
  else if constexpr (O == Op::output) return args.output.row(sample, index, width);
  else if constexpr (O == Op::seed) return args.seed.row(sample, index, width);
  else if constexpr (O == Op::noise) return args.noise.row(sample, index, width);
  else if constexpr (O == Op::parameter) return args.parameter[slot];
  else if constexpr (O == Op::saved) return args.saved_feature[slot];
  else return nullptr;
}
/// The first number of row `index` of a sample, in the array that a result is written to. Null where there is none.
template <Sink S, class T>
TENON_INLINE T* written_at([[maybe_unused]] const Arguments<T>& args, [[maybe_unused]] int slot,
                           [[maybe_unused]] size_t sample, [[maybe_unused]] size_t index,
                           [[maybe_unused]] size_t width) {
  if constexpr (S == Sink::store) return args.store[slot].row(sample, index, width);
  else if constexpr (S == Sink::sum_parameter) return args.gradient[slot];
  else if constexpr (S == Sink::sum_feature) return args.feature_sum[slot];
  else return nullptr;
}

/// Writes a result of the inner loop.
template <Sink S, class T>
TENON_INLINE void put(T& place, T value) {
  if constexpr (S == Sink::store) place = value;
  else place += value;
}
/// Writes a result that a row has one of, after the last pass over it.
template <Sink S, class T>
TENON_INLINE void put_row(const Arguments<T>& args, [[maybe_unused]] int slot, [[maybe_unused]] size_t sample,
                          T value) {
  if constexpr (S == Sink::per_row) args.saved_row[slot][sample] = value;
  else if constexpr (S == Sink::row_value) args.row_values[sample] = value;
  else *args.gradient[slot] += value;
}
/// Adds the sum over a channel's pixels to what it belongs to.
template <Sink S, class T>
TENON_INLINE void put_channel(const Arguments<T>& args, int slot, size_t feature, T sum) {
  if constexpr (S == Sink::sum_parameter) args.gradient[slot][feature] += sum;
  else args.feature_sum[slot][feature] += sum;
}

}  // namespace tenon::expr
