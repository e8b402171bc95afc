#pragma once

#include <array>
#include <cstddef>
#include <limits>
#include <utility>

#include <tenon/expr/apply.hpp>
#include <tenon/expr/plan.hpp>

/// The passes of a formula as plain loops over one sample: what `Loops` does for batches on a
/// host, without its vector code, its kilobyte of arguments and its dispatch, and in constant
/// expressions too.
namespace tenon::expr {

/// What a formula reads and writes: rows of `width` numbers, `repeats` of them, each array `step`
/// apart from one row to the next. Channelwise, a row is one channel.
template <class T, size_t Inputs, size_t Parameters>
struct FormulaArrays {
  std::array<const T*, Inputs> input{};
  std::array<size_t, Inputs> step{};
  std::array<const T*, Parameters + 1> parameter{};
  T* result = nullptr;
  size_t result_step = 0;
  size_t width = 0;
  size_t repeats = 1;
};

/// `S::plan` is the plan of an evaluation: it stores one result and sums nothing over a batch.
template <class S, class T>
class FormulaWalk {
  static constexpr int count = S::plan.g.count;
  static constexpr size_t values = static_cast<size_t>(count);
  using Ids = std::make_integer_sequence<int, count>;

  template <int Id>
  static constexpr Vertex vertex = S::plan.g.vertex[Id];

  template <int Id>
  TENON_INLINE static constexpr T value(const T* row, const T* element) {
    if constexpr (S::plan.inner[Id]) return element[Id];
    else return row[Id];
  }

  template <int Id>
  TENON_INLINE static constexpr T operate(const T* row, const T* element) {
    constexpr Vertex v = vertex<Id>;
    if constexpr (v.op == Op::select) {
      return value<v.a>(row, element) != T(0) ? value<v.b>(row, element) : value<v.c>(row, element);
    } else if constexpr (v.b >= 0) {
      return apply<v.op>(value<v.a>(row, element), value<v.b>(row, element));
    } else {
      return apply<v.op>(value<v.a>(row, element), T(0));
    }
  }

  /// One vertex of the inner loop at position j of row r.
  template <int Id, int Level, class Arrays>
  TENON_INLINE static constexpr void inner_vertex(const Arrays& a, size_t r, const T* row, T* element, size_t j) {
    constexpr Vertex v = vertex<Id>;
    if constexpr (!S::plan.inner[Id] || !S::plan.needed[Level][Id]) return;
    else if constexpr (Id == S::plan.stored && Level > S::plan.stored_level)
      element[Id] = a.result[r * a.result_step + j];
    else if constexpr (v.op == Op::input) element[Id] = a.input[v.slot][r * a.step[v.slot] + j];
    else if constexpr (v.op == Op::parameter) element[Id] = a.parameter[v.slot][j];
    else if constexpr (v.op == Op::index) element[Id] = static_cast<T>(static_cast<int>(j));
    else element[Id] = operate<Id>(row, element);
  }

  /// One vertex that is the same for a whole row.
  template <int Id, int Level, class Arrays>
  TENON_INLINE static constexpr void row_vertex(const Arrays& a, size_t r, T* row) {
    constexpr Vertex v = vertex<Id>;
    if constexpr (is_reduction(v.op)) {
      if constexpr (S::plan.level[Id] == Level + 1) row[Id] = start<v.op>();
    } else if constexpr (S::plan.inner[Id] || S::plan.level[Id] != Level) {
      return;
    } else if constexpr (v.op == Op::number) {
      row[Id] = static_cast<T>(v.value);
    } else if constexpr (v.op == Op::features) {
      row[Id] = static_cast<T>(static_cast<int>(a.width));
    } else if constexpr (v.op == Op::index) {
      row[Id] = static_cast<T>(static_cast<int>(r));
    } else if constexpr (v.op == Op::parameter) {
      row[Id] = a.parameter[v.slot][v.rank == Rank::scalar ? 0 : r];
    } else {
      row[Id] = operate<Id>(row, row);
    }
  }

  template <Op O>
  static constexpr T start() {
    if constexpr (O == Op::row_max) return -std::numeric_limits<T>::infinity();
    else if constexpr (O == Op::row_min) return std::numeric_limits<T>::infinity();
    else return T(0);
  }
  /// What this step adds to the reductions of its pass.
  template <int Id, int Level>
  TENON_INLINE static constexpr void reduce(T* row, const T* element) {
    constexpr Vertex v = vertex<Id>;
    if constexpr (is_reduction(v.op) && S::plan.level[Id] == Level + 1) {
      const T next = value<v.a>(row, element);
      if constexpr (v.op == Op::row_max) row[Id] = row[Id] < next || next != next ? next : row[Id];  // NaN stays
      else if constexpr (v.op == Op::row_min) row[Id] = next < row[Id] || next != next ? next : row[Id];
      else row[Id] += next;
    }
  }

  template <int Level, class Arrays, int... Id>
  TENON_INLINE static constexpr void pass(const Arrays& a, size_t r, T* row, std::integer_sequence<int, Id...>) {
    (row_vertex<Id, Level>(a, r, row), ...);
    if constexpr (S::plan.has_loop(Level)) {
      constexpr int stored = S::plan.outputs.list[0].vertex;
      for (size_t j = 0; j < a.width; ++j) {
        T element[values];
        (inner_vertex<Id, Level>(a, r, row, element, j), ...);
        if constexpr (S::plan.stored >= 0 && S::plan.stored_level == Level)
          a.result[r * a.result_step + j] = element[S::plan.stored];
        (reduce<Id, Level>(row, element), ...);
        if constexpr (S::plan.level[stored] == Level) a.result[r * a.result_step + j] = value<stored>(row, element);
      }
    }
  }

public:
  template <class Arrays>
  static constexpr void run(const Arrays& a) {
    for (size_t r = 0; r < a.repeats; ++r) {
      T row[values];
      [&]<int... L>(std::integer_sequence<int, L...>) TENON_INLINE_LAMBDA { (pass<L>(a, r, row, Ids{}), ...); }
      (std::make_integer_sequence<int, S::plan.levels>{});
    }
  }
};

}  // namespace tenon::expr
