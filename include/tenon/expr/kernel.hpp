#pragma once
#ifndef TENON_OWN_WARNINGS
#pragma GCC system_header  // who builds without -fopenmp-simd need not hear of the pragmas that are ignored
#endif

#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <utility>

#include <tenon/expr/instruction.hpp>
#include <tenon/expr/loop_program.hpp>
#include <tenon/kernels/dispatch.hpp>

namespace tenon::expr {

/// Runs a formula's loops on the processor at hand. To ask which one that is takes code, which all formulas share here.
template <class T>
TENON_NOINLINE void run_loops_here(const LoopCode<T>& code, Arguments<T>& arguments) {
  run_loops(code, arguments, kernels::cpu_level());
}

/// The lists by which the library walks through a plan; they are the same for float and double.
template <class S>
struct Listed {
  static constexpr LoopLists<S::plan.g.count, S::plan.outputs.count> lists{S::plan};
};

/// The loops of a plan. `S` has a static constexpr member `plan`. With `InOrder`, sums are added up one number after
/// the other and the instruction set is the one that the file is compiled for: the same bits on every machine that does
/// not contract a product and a sum into one fma. With `Alone`, the loops call nothing of the library, so that those
/// for plain x86-64 are compiled too.
template <class S, class T, bool InOrder = false, bool Alone = false>
class Loops {
  static constexpr int count = S::plan.g.count;

  static constexpr const Vertex& vertex(int id) { return S::plan.g.vertex[id]; }
  static constexpr const Output& output(int k) { return S::plan.outputs.list[k]; }

  template <int Level>
  struct Code {
    static constexpr Pass pass = pass_of(S::plan, Level);
  };
  template <int Level, Numbers Pass::*Which, int... I>
  static auto expand(std::integer_sequence<int, I...>)
      -> std::integer_sequence<int, (Code<Level>::pass.*Which).list[I]...>;
  template <int Level, Numbers Pass::*Which>
  using numbers = decltype(expand<Level, Which>(std::make_integer_sequence<int, (Code<Level>::pass.*Which).count>{}));

  static constexpr ArrayNames arrays_in = arrays_read(S::plan), arrays_out = arrays_written(S::plan);
  static constexpr auto each_in = std::make_integer_sequence<int, arrays_in.slots()>{};
  static constexpr auto each_out = std::make_integer_sequence<int, arrays_out.slots()>{};

  /// Pointers to one row's numbers, and to the parameters that all rows share.
  struct Row {
    const T* read[arrays_in.slots()];
    T* written[arrays_out.slots()];
  };

  /// What one step of the inner loop gives to the reductions of its pass.
  struct Summands {
    T sum[4];
    T high;
    T low;
  };

  /// One step of the inner loop. Its values are local to this function, not to the loop's body:
  /// GCC turns arrays declared in an `omp simd` body into arrays over lanes and gives up.
  template <int Level, int... Id, int... K>
  TENON_INLINE static auto step([[maybe_unused]] const Row& r, [[maybe_unused]] const T* row, [[maybe_unused]] size_t j,
                                std::integer_sequence<int, Id...>, std::integer_sequence<int, K...>) {
    T element[count];
    // without optimisation g++ takes it for read where nothing is computed
    if constexpr (sizeof...(Id) == 0) element[0] = T(0);
    const Sources<T> from{r.read, r.written, row, element, j};
    ((element[Id] = compute<instruction(S::plan, arrays_in, arrays_out, Id, Level)>(from)), ...);
    if constexpr (S::plan.stored >= 0 && S::plan.stored_level == Level)
      r.written[arrays_out.position(stored_array)][j] = element[S::plan.stored];
    (put<output(K).sink>(r.written[arrays_out.position(array_written(output(K)))][j],
                         fetch<value_of(S::plan, output(K).vertex)>(from)),
     ...);
    constexpr const Pass& p = Code<Level>::pass;
    if constexpr (p.reduces())
      return Summands{
          {fetch<p.summand[0]>(from), fetch<p.summand[1]>(from), fetch<p.summand[2]>(from), fetch<p.summand[3]>(from)},
          fetch<p.of_high>(from),
          fetch<p.of_low>(from)};
  }

  /// What is the same for a whole row (and, channelwise, one channel).
  template <int... Leaf, int... Id>
  TENON_INLINE static void set_row([[maybe_unused]] const Arguments<T>& args, [[maybe_unused]] T* row,
                                   [[maybe_unused]] size_t sample, [[maybe_unused]] size_t feature,
                                   std::integer_sequence<int, Leaf...>, std::integer_sequence<int, Id...>) {
    ((row[Leaf] = row_leaf<vertex(Leaf).op, vertex(Leaf).rank>(args, vertex(Leaf).slot, vertex(Leaf).value, sample,
                                                               feature)),
     ...);
    [[maybe_unused]] const Sources<T> from{nullptr, nullptr, row, row, 0};
    ((row[Id] = compute<operation(S::plan, Id)>(from)), ...);
  }
  /// The inner loop of one pass over `n` numbers.
  template <int Level>
  TENON_INLINE static void pass(const Arguments<T>& args, const Row& r, T* row, size_t n, size_t sample,
                                size_t feature) {
    using Ids = numbers<Level, &Pass::inner>;
    using OutputIds = numbers<Level, &Pass::written>;
    constexpr const Pass& p = Code<Level>::pass;
    set_row(args, row, sample, feature, numbers<Level, &Pass::leaves>{}, numbers<Level, &Pass::operations>{});
    if constexpr (p.loops) {
      if constexpr (!p.reduces()) {
#pragma omp simd
        for (size_t j = 0; j < n; ++j) step<Level>(r, row, j, Ids{}, OutputIds{});
      } else {
        constexpr int high = p.high, low = p.low;
        T s0 = 0, s1 = 0, s2 = 0, s3 = 0;
        [[maybe_unused]] T no_numbers = 0;
        T largest = -std::numeric_limits<T>::infinity();
        T smallest = std::numeric_limits<T>::infinity();
        // Each reduction costs a sum across the vector at the end of the row, also one of zeros.
        if constexpr (InOrder) {
          for (size_t j = 0; j < n; ++j) {
            const Summands v = step<Level>(r, row, j, Ids{}, OutputIds{});
            if constexpr (p.sums > 0) s0 += v.sum[0];
            if constexpr (p.sums > 1) s1 += v.sum[1];
            if constexpr (p.sums > 2) s2 += v.sum[2];
            if constexpr (p.sums > 3) s3 += v.sum[3];
            if constexpr (high >= 0) largest = largest < v.high ? v.high : largest;
            if constexpr (low >= 0) smallest = v.low < smallest ? v.low : smallest;
            if constexpr (p.high_tells_nan) no_numbers += v.high != v.high ? T(1) : T(0);
            if constexpr (p.low_tells_nan) no_numbers += v.low != v.low ? T(1) : T(0);
          }
        } else if constexpr (p.sums == 1 && high < 0 && low < 0) {
#pragma omp simd reduction(+ : s0)
          for (size_t j = 0; j < n; ++j) s0 += step<Level>(r, row, j, Ids{}, OutputIds{}).sum[0];
        } else if constexpr (p.sums == 2 && high < 0 && low < 0) {
#pragma omp simd reduction(+ : s0, s1)
          for (size_t j = 0; j < n; ++j) {
            const Summands v = step<Level>(r, row, j, Ids{}, OutputIds{});
            s0 += v.sum[0];
            s1 += v.sum[1];
          }
        } else if constexpr (p.sums == 0 && low < 0 && !p.high_tells_nan) {
#pragma omp simd reduction(max : largest)
          for (size_t j = 0; j < n; ++j) {
            const T v = step<Level>(r, row, j, Ids{}, OutputIds{}).high;
            largest = largest < v ? v : largest;
          }
        } else {
#pragma omp simd reduction(+ : s0, s1, s2, s3, no_numbers) reduction(max : largest) reduction(min : smallest)
          for (size_t j = 0; j < n; ++j) {
            const Summands v = step<Level>(r, row, j, Ids{}, OutputIds{});
            s0 += v.sum[0];
            s1 += v.sum[1];
            s2 += v.sum[2];
            s3 += v.sum[3];
            if constexpr (high >= 0) largest = largest < v.high ? v.high : largest;
            if constexpr (low >= 0) smallest = v.low < smallest ? v.low : smallest;
            if constexpr (p.high_tells_nan) no_numbers += v.high != v.high ? T(1) : T(0);
            if constexpr (p.low_tells_nan) no_numbers += v.low != v.low ? T(1) : T(0);
          }
        }
        if constexpr (p.sums > 0) row[p.sum[0]] = s0;
        if constexpr (p.sums > 1) row[p.sum[1]] = s1;
        if constexpr (p.sums > 2) row[p.sum[2]] = s2;
        if constexpr (p.sums > 3) row[p.sum[3]] = s3;
        constexpr T nan = std::numeric_limits<T>::quiet_NaN();
        if constexpr (high >= 0) row[high] = p.high_tells_nan && no_numbers > 0 ? nan : largest;
        if constexpr (low >= 0) row[low] = p.low_tells_nan && no_numbers > 0 ? nan : smallest;
      }
    }
  }

  /// The n-th output that sums over the pixels of a channel, or -1.
  static constexpr int channel_sum(int n) {
    return n < Code<0>::pass.channel_sums.count ? Code<0>::pass.channel_sums.list[n] : -1;
  }
  static constexpr Argument channel_summand(int n) {
    return channel_sum(n) < 0 ? Argument{} : value_of(S::plan, output(channel_sum(n)).vertex);
  }
  template <int First, int... Id>
  TENON_INLINE static Summands channel_step([[maybe_unused]] const Row& r, [[maybe_unused]] const T* row,
                                            [[maybe_unused]] size_t j, std::integer_sequence<int, Id...>) {
    T element[count];
    if constexpr (sizeof...(Id) == 0) element[0] = T(0);  // as above
    const Sources<T> from{r.read, r.written, row, element, j};
    ((element[Id] = compute<instruction(S::plan, arrays_in, arrays_out, Id, 0)>(from)), ...);
    return {{fetch<channel_summand(First)>(from), fetch<channel_summand(First + 1)>(from),
             fetch<channel_summand(First + 2)>(from), fetch<channel_summand(First + 3)>(from)},
            T(0),
            T(0)};
  }
  template <int N>
  TENON_INLINE static void channel_sink(const Arguments<T>& args, size_t feature, T sum) {
    if constexpr (channel_sum(N) >= 0) {
      constexpr Output o = output(channel_sum(N));
      put_channel<o.sink>(args, o.slot, feature, sum);
    }
  }

  /// Channelwise, sums over the pixels have loops of their own, four sums each: they are added to
  /// what they belong to once a channel.
  template <int First, class IdList>
  TENON_INLINE static void channel_sums(const Arguments<T>& args, const Row& r, const T* row, size_t n, size_t feature,
                                        IdList ids) {
    if constexpr (channel_sum(First) >= 0) {
      T s0 = 0, s1 = 0, s2 = 0, s3 = 0;
      if constexpr (InOrder) {
        for (size_t j = 0; j < n; ++j) {
          const Summands v = channel_step<First>(r, row, j, ids);
          s0 += v.sum[0];
          if constexpr (channel_sum(First + 1) >= 0) s1 += v.sum[1];
          if constexpr (channel_sum(First + 2) >= 0) s2 += v.sum[2];
          if constexpr (channel_sum(First + 3) >= 0) s3 += v.sum[3];
        }
      } else
#pragma omp simd reduction(+ : s0, s1, s2, s3)
        for (size_t j = 0; j < n; ++j) {
          const Summands v = channel_step<First>(r, row, j, ids);
          s0 += v.sum[0];
          s1 += v.sum[1];
          s2 += v.sum[2];
          s3 += v.sum[3];
        }
      channel_sink<First>(args, feature, s0);
      channel_sink<First + 1>(args, feature, s1);
      channel_sink<First + 2>(args, feature, s2);
      channel_sink<First + 3>(args, feature, s3);
      channel_sums<First + 4>(args, r, row, n, feature, ids);
    }
  }

  template <int... L, int... K>
  TENON_INLINE static void one_row(const Arguments<T>& args, const Row& r, size_t n, size_t sample, size_t feature,
                                   std::integer_sequence<int, L...>, std::integer_sequence<int, K...>) {
    T row[count]{};  // all are set before they are read, which g++ at -O1 cannot see
    (pass<L>(args, r, row, n, sample, feature), ...);
    if constexpr (Code<0>::pass.channel_sums.count > 0)
      channel_sums<0>(args, r, row, n, feature, numbers<0, &Pass::inner>{});
    (put_row<output(K).sink>(args, output(K).slot, sample, row[output(K).vertex]), ...);
  }

  /// Constant indices throughout: only then do these arrays dissolve into registers, without which
  /// no loop is vectorised.
  template <int... I, int... O>
  TENON_INLINE static Row row_at(const Arguments<T>& args, size_t sample, size_t index, size_t width,
                                 std::integer_sequence<int, I...>, std::integer_sequence<int, O...>) {
    constexpr const auto& in = arrays_in.list;
    constexpr const auto& out = arrays_out.list;
    return {{read_at<in[I].op>(args, in[I].slot, sample, index, width)...},
            {written_at<out[O].sink>(args, out[O].slot, sample, index, width)...}};
  }

  TENON_INLINE static void every_row(const Arguments<T>& args) {
    constexpr auto levels = std::make_integer_sequence<int, S::plan.levels>{};
    for (size_t sample = 0; sample < args.count; ++sample) {
      if constexpr (S::plan.channelwise) {
        for (size_t feature = 0; feature * args.pixels < args.width; ++feature)
          one_row(args, row_at(args, sample, feature, args.pixels, each_in, each_out), args.pixels, sample, feature,
                  levels, numbers<0, &Pass::per_row>{});
      } else {
        for (size_t k = 0; k < args.repeats; ++k)
          one_row(args, row_at(args, sample, k, args.width, each_in, each_out), args.width, sample * args.repeats + k,
                  0, levels, numbers<0, &Pass::per_row>{});
      }
    }
  }

  /// Rows that may be strung together are mostly one: a loop over the rows of a sample would only be compiled for each
  /// formula and instruction set.
  static constexpr bool row_by_row = S::plan.collapsible && !S::plan.channelwise && !InOrder && !S::plan.brief;

  /// Row k of every sample, or all rows.
  TENON_INLINE static void rows(const Arguments<T>& args, [[maybe_unused]] size_t k) {
    if constexpr (row_by_row)
      for (size_t sample = 0; sample < args.count; ++sample)
        one_row(args, row_at(args, sample, k, args.width, each_in, each_out), args.width, sample * args.repeats + k, 0,
                std::make_integer_sequence<int, S::plan.levels>{}, numbers<0, &Pass::per_row>{});
    else every_row(args);
  }
  static void as_compiled(const Arguments<T>& args, size_t k) { rows(args, k); }
  /// The same, for the processor at hand where that matters.
  static void chosen_here(const Arguments<T>& arguments, size_t k) {
    const auto body = [](const Arguments<T>* args, size_t row) TENON_INLINE_LAMBDA { rows(*args, row); };
    if constexpr (InOrder || S::plan.brief) rows(arguments, k);
    else kernels::dispatch(body, &arguments, k);
  }
  TENON_TARGET_AVX2 static void with_avx2(const Arguments<T>& args, size_t k) { rows(args, k); }
  TENON_TARGET_AVX512 static void with_avx512(const Arguments<T>& args, size_t k) { rows(args, k); }

  static constexpr int compiled_level = kernels::detail::compiled_level;
  /// The library walks through programs of float and of double.
  static constexpr bool by_library = compiled_level < 2 && !InOrder && !Alone && !S::plan.brief &&
                                     (std::is_same_v<T, float> || std::is_same_v<T, double>);

  template <int Level>
  static constexpr LoopCode<T> code() {
    if constexpr (Level == 0) return {with_avx2, with_avx512, Listed<S>::lists.program(S::plan), row_by_row};
    else return {as_compiled, with_avx512, {.collapsible = S::plan.collapsible}, row_by_row};
  }

public:
  /// Leaves the arguments as they were.
  static void run(Arguments<T>& arguments) {
    if constexpr (by_library) {
      static constexpr LoopCode<T> loops = code<compiled_level>();
      run_loops_here(loops, arguments);
    } else if constexpr (row_by_row) {
      arguments.for_each_row(chosen_here);
    } else {
      const size_t samples = arguments.count, repeats = arguments.repeats, width = arguments.width;
      if constexpr (S::plan.collapsible) arguments.collapse();
      chosen_here(arguments, 0);
      arguments.count = samples;
      arguments.repeats = repeats;
      arguments.width = width;
    }
  }
};

/// A context whose numbers have to be the same on every machine says `in_order = true`.
template <class Ctx>
inline constexpr bool is_in_order = requires {
  requires Ctx::in_order;
};
/// One that may run in a program without the library says `alone = true`.
template <class Ctx>
inline constexpr bool is_alone = requires {
  requires Ctx::alone;
};
/// The loops for what runs in a context.
template <class Ctx, class S, class T>
using LoopsIn = Loops<S, T, is_in_order<Ctx>, is_alone<Ctx>>;

}  // namespace tenon::expr
