#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include <tenon/expr/instruction.hpp>
#include <tenon/expr/loop_program.hpp>

namespace tenon::expr {

namespace {

/// One operation on `n` numbers. Those of one argument are given it twice.
template <class T>
using BlockOperation = void (*)(const T* a, const T* b, T* result, std::size_t n);

template <Op O, class T>
void operate(const T* a, const T* b, T* result, std::size_t n) {
#pragma omp simd
  for (std::size_t j = 0; j < n; ++j) result[j] = apply<O>(a[j], b[j]);
}

constexpr int first_operation = static_cast<int>(Op::negate);
constexpr int last_operation = static_cast<int>(Op::not_equal);

template <class T, int... O>
constexpr std::array<BlockOperation<T>, sizeof...(O)> operations(std::integer_sequence<int, O...>) {
  return {operate<static_cast<Op>(first_operation + O), T>...};
}
template <class T>
BlockOperation<T> operation(Op op) {
  static constexpr auto all = operations<T>(std::make_integer_sequence<int, last_operation - first_operation + 1>{});
  return all[static_cast<std::size_t>(static_cast<int>(op) - first_operation)];
}

template <class T>
void choose(const T* condition, const T* yes, const T* no, T* result, std::size_t n) {
#pragma omp simd
  for (std::size_t j = 0; j < n; ++j) {
    const T then = yes[j], otherwise = no[j];  // both are read, or this would be a branch
    result[j] = condition[j] != T(0) ? then : otherwise;
  }
}

/// A sum, added up as plain x86-64 does it: every number of a vector for itself.
template <class T>
class LaneSum {
  static constexpr std::size_t lanes = 16 / sizeof(T);
  T lane[lanes]{};

public:
  void add(const T* numbers, std::size_t n) {
    std::size_t j = 0;
    for (; j + lanes <= n; j += lanes)
      for (std::size_t l = 0; l < lanes; ++l) lane[l] += numbers[j + l];
    for (std::size_t l = 0; j + l < n; ++l) lane[l] += numbers[j + l];
  }
  T total() const {
    if constexpr (lanes == 4) return (lane[0] + lane[2]) + (lane[1] + lane[3]);
    else return lane[0] + lane[1];
  }
};

/// The largest of numbers, or with the opposite sign the smallest.
template <class T>
class Extremum {
  T largest = -std::numeric_limits<T>::infinity();
  bool has_nan = false;

public:
  void add(const T* numbers, std::size_t n, T sign) {
    T found = largest, no_numbers = 0;
#pragma omp simd reduction(max : found) reduction(+ : no_numbers)
    for (std::size_t j = 0; j < n; ++j) {
      const T x = sign * numbers[j];
      found = found < x ? x : found;
      no_numbers += x != x ? T(1) : T(0);
    }
    largest = found;
    has_nan = has_nan || no_numbers > 0;
  }
  T value(T sign, bool tells_nan) const {
    return tells_nan && has_nan ? std::numeric_limits<T>::quiet_NaN() : sign * largest;
  }
};

/// Runs a program on blocks of a row, which stay in the nearest cache: each operation is a loop over one block.
template <class T>
class LoopWalk {
public:
  LoopWalk(const LoopProgram& program, const Arguments<T>& arguments)
      : p(program),
        args(arguments),
        most(std::min<std::size_t>(256, scratch / static_cast<std::size_t>(std::max(p.count, 1)) / 16 * 16)) {}

  void run() {
    for (std::size_t sample = 0; sample < args.count; ++sample)
      if (p.channelwise) {
        for (std::size_t feature = 0; feature * args.pixels < args.width; ++feature)
          one_row({sample, sample, feature, feature, args.pixels});
      } else {
        for (std::size_t k = 0; k < args.repeats; ++k) one_row({sample, sample * args.repeats + k, k, 0, args.width});
      }
  }

private:
  static constexpr std::size_t scratch = 4096;
  static_assert(scratch / FormulaGraph::capacity >= 16);

  /// Where a row is found: in arrays that are read and written, and among those that have a number for each row.
  struct Place {
    std::size_t sample, row, index, feature, width;
  };

  void one_row(const Place& at) {
    place = at;
    for (int i = 0; i < p.count; ++i) spread[i] = spread[i] && p.vertex[i].rank == Rank::scalar;
    for (int level = 0; level < p.levels; ++level) pass(level);
    for (int k = 0; k < p.outputs; ++k) finish(p.output[k]);
  }
  void pass(int level) {
    for (int i = 0; i < p.count; ++i) set_row(i, level);
    if (!has_loop(level)) return;
    const int only = only_result(level);
    direct = only < 0 ? -1 : p.output[only].output.vertex;
    written = only < 0 ? nullptr : array(p.output[only].output);
    for (int i = 0; i < p.count; ++i)
      if (is_made(i, level)) sum[i] = {}, extremum[i] = {};
    for (int k = 0; k < p.outputs; ++k) channel_sum[k] = {};
    for (std::size_t j = 0; j < place.width; j += most) block(level, j, std::min(most, place.width - j));
    for (int i = 0; i < p.count; ++i) {
      if (!is_made(i, level)) continue;
      const LoopVertex& v = p.vertex[i];
      if (v.op == Op::row_sum) row[i] = sum[i].total();
      else row[i] = extremum[i].value(v.op == Op::row_max ? T(1) : T(-1), v.tells_nan);
    }
    for (int k = 0; k < p.outputs; ++k)
      if (sums_channel(k, level)) put_sum(p.output[k].output, channel_sum[k].total());
  }

  /// Whether vertex i is a reduction of this pass.
  bool is_made(int i, int level) const { return is_row_reduction(p.vertex[i].op) && p.vertex[i].level == level + 1; }
  bool is_written(int k, int level) const {
    return p.output[k].when == LoopOutput::When::in_loop && p.vertex[p.output[k].output.vertex].level == level;
  }
  bool sums_channel(int k, int level) const {
    return level == 0 && p.output[k].when == LoopOutput::When::after_channel;
  }
  bool has_loop(int level) const {
    for (int i = 0; i < p.count; ++i)
      if (is_made(i, level)) return true;
    for (int k = 0; k < p.outputs; ++k)
      if (is_written(k, level) || sums_channel(k, level)) return true;
    return false;
  }

  /// What is the same for the whole row.
  void set_row(int i, int level) {
    const LoopVertex& v = p.vertex[i];
    if (!v.used || v.inner || v.level != level || is_reduction(v.op)) return;
    if (is_leaf(v.op)) row[i] = leaf(v);
    else if (v.op == Op::select) row[i] = row[v.a] != T(0) ? row[v.b] : row[v.c];
    else operation<T>(v.op)(row + v.a, row + (v.b < 0 ? v.a : v.b), row + i, 1);
  }
  T leaf(const LoopVertex& v) const {
    const auto of = [&]<Op O, Rank R>() { return row_leaf<O, R>(args, v.slot, v.value, place.row, place.feature); };
    switch (v.op) {
    case Op::number:
      return of.template operator()<Op::number, Rank::scalar>();
    case Op::literal:
      return of.template operator()<Op::literal, Rank::scalar>();
    case Op::label:
      return of.template operator()<Op::label, Rank::row>();
    case Op::features:
      return of.template operator()<Op::features, Rank::scalar>();
    case Op::rows:
      return of.template operator()<Op::rows, Rank::scalar>();
    case Op::index:
      return of.template operator()<Op::index, Rank::feature>();
    case Op::seed:
      return of.template operator()<Op::seed, Rank::row>();
    case Op::parameter:
      return v.rank == Rank::scalar ? of.template operator()<Op::parameter, Rank::scalar>()
                                    : of.template operator()<Op::parameter, Rank::feature>();
    default:
      return v.rank == Rank::row ? of.template operator()<Op::saved, Rank::row>()
                                 : of.template operator()<Op::saved, Rank::feature>();
    }
  }

  /// What a pass makes, where it makes nothing else: that is written as it is computed.
  int only_result(int level) const {
    int found = -1;
    for (int k = 0; k < p.outputs; ++k) {
      if (!is_written(k, level) && !sums_channel(k, level)) continue;
      const auto [sink, vertex, slot] = p.output[k].output;
      if (found >= 0 || sink != Sink::store || !p.vertex[vertex].inner || is_leaf(p.vertex[vertex].op)) return -1;
      found = k;
    }
    for (int i = 0; i < p.count; ++i)
      if (is_made(i, level)) return -1;
    return p.stored >= 0 && level <= p.stored_level ? -1 : found;
  }

  /// Numbers j to j + n of the row.
  void block(int level, std::size_t j, std::size_t n) {
    for (int i = 0; i < p.count; ++i)
      if ((p.vertex[i].needed >> level & 1) != 0) numbers[i] = compute(i, level, j, n);
    for (int i = 0; i < p.count; ++i) {
      if (!is_made(i, level)) continue;
      const LoopVertex& v = p.vertex[i];
      const T* summed = numbers_of(v.a);
      if (v.op == Op::row_sum) sum[i].add(summed, n);
      else extremum[i].add(summed, n, v.op == Op::row_max ? T(1) : T(-1));
    }
    for (int k = 0; k < p.outputs; ++k)
      if (sums_channel(k, level)) channel_sum[k].add(numbers_of(p.output[k].output.vertex), n);
    // what is written may lie where something was read: first all is computed
    if (p.stored >= 0 && p.stored_level == level) std::copy_n(numbers[p.stored], n, stored_at(j));
    for (int k = 0; k < p.outputs; ++k)
      if (is_written(k, level) && p.output[k].output.vertex != direct)
        put(p.output[k].output, numbers_of(p.output[k].output.vertex), j, n);
  }
  const T* compute(int i, int level, std::size_t j, std::size_t n) {
    const LoopVertex& v = p.vertex[i];
    T* const result = i == direct ? written + j : own(i);
    if (i == p.stored && level > p.stored_level) return stored_at(j);
    if (is_array(v.op)) return unchanged(i, array(v) + j, n);
    if (v.op == Op::index) {
      for (std::size_t k = 0; k < n; ++k) result[k] = static_cast<T>(static_cast<std::int32_t>(j + k));
    } else if (v.op == Op::select) {
      choose(numbers_of(v.a), numbers_of(v.b), numbers_of(v.c), result, n);
    } else {
      operation<T>(v.op)(numbers_of(v.a), numbers_of(v.b < 0 ? v.a : v.b), result, n);
    }
    return result;
  }
  /// What is read, as it was before one of several results is written over it.
  const T* unchanged(int i, const T* read, std::size_t n) {
    const bool is_result = std::any_of(p.output, p.output + p.outputs, [i](auto& o) { return o.output.vertex == i; });
    if (!is_result) return read;
    std::copy_n(read, n, own(i));
    return own(i);
  }
  /// The block of a vertex; one that is the same for the whole row is written into it as often as there are numbers.
  const T* numbers_of(int i) {
    if (p.vertex[i].inner) return numbers[i];
    if (!spread[i]) {
      std::fill_n(own(i), std::min(most, place.width), row[i]);
      spread[i] = true;
    }
    return own(i);
  }
  T* own(int i) { return space + static_cast<std::size_t>(i) * most; }

  const T* array(const LoopVertex& v) const {
    switch (v.op) {
    case Op::input:
      return args.input[v.slot].row(place.sample, place.index, place.width);
    case Op::output:
      return args.output.row(place.sample, place.index, place.width);
    case Op::seed:
      return args.seed.row(place.sample, place.index, place.width);
    case Op::noise:
      return args.noise.row(place.sample, place.index, place.width);
    case Op::parameter:
      return args.parameter[v.slot];
    default:
      return args.saved_feature[v.slot];
    }
  }
  T* stored_at(std::size_t j) const { return args.store[0].row(place.sample, place.index, place.width) + j; }

  T* array(const Output& o) const {
    if (o.sink == Sink::sum_parameter) return args.gradient[o.slot];
    if (o.sink == Sink::sum_feature) return args.feature_sum[o.slot];
    return args.store[o.slot].row(place.sample, place.index, place.width);
  }
  void put(const Output& o, const T* from, std::size_t j, std::size_t n) const {
    T* const to = array(o) + j;
    if (o.sink == Sink::store) std::copy_n(from, n, to);
    else
      for (std::size_t k = 0; k < n; ++k) to[k] += from[k];
  }
  void put_sum(const Output& o, T total) const {
    (o.sink == Sink::sum_parameter ? args.gradient : args.feature_sum)[o.slot][place.feature] += total;
  }
  void finish(const LoopOutput& o) const {
    if (o.when != LoopOutput::When::after_row) return;
    const auto [sink, vertex, slot] = o.output;
    if (sink == Sink::per_row) args.saved_row[slot][place.row] = row[vertex];
    else if (sink == Sink::row_value) args.row_values[place.row] = row[vertex];
    else *args.gradient[slot] += row[vertex];
  }

  const LoopProgram& p;
  const Arguments<T>& args;
  const std::size_t most;  // numbers in a block
  Place place{};
  T row[FormulaGraph::capacity];
  bool spread[FormulaGraph::capacity]{};
  int direct = -1;       // the vertex that is written as it is computed,
  T* written = nullptr;  // and where
  const T* numbers[FormulaGraph::capacity];
  LaneSum<T> sum[FormulaGraph::capacity], channel_sum[Outputs::capacity];
  Extremum<T> extremum[FormulaGraph::capacity];
  T space[scratch];
};

}  // namespace

template <class T>
void run_loops(const LoopCode<T>& code, Arguments<T>& arguments, int cpu_level) {
  const std::size_t samples = arguments.count, repeats = arguments.repeats, width = arguments.width;
  if (code.program.collapsible) arguments.collapse();
  if (cpu_level == 0 && code.program.vertex) {
    LoopWalk<T>(code.program, arguments).run();
  } else {
    const RowLoop<T> loop = cpu_level == 2 ? code.avx512 : code.avx2;
    const std::size_t rows = code.row_by_row ? arguments.repeats : 1;
    for (std::size_t row = 0; row < rows; ++row) loop(arguments, row);
  }
  arguments.count = samples;
  arguments.repeats = repeats;
  arguments.width = width;
}
template void run_loops(const LoopCode<float>&, Arguments<float>&, int);
template void run_loops(const LoopCode<double>&, Arguments<double>&, int);

}  // namespace tenon::expr
