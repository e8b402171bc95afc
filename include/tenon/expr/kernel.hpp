#pragma once
#ifndef TENON_OWN_WARNINGS
#pragma GCC system_header  // who builds without -fopenmp-simd need not hear of the pragmas that are ignored
#endif

#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>

#include <tenon/expr/apply.hpp>
#include <tenon/expr/arguments.hpp>
#include <tenon/expr/plan.hpp>
#include <tenon/kernels/dispatch.hpp>

namespace tenon::expr {

/// The loops of a plan. `S` has a static constexpr member `plan`. In order, sums are added up one number after the
/// other and nothing is chosen by the processor: the same bits on every machine that does not contract into fma.
template <class S, class T, bool InOrder = false>
class Loops {
  static constexpr int count = S::plan.g.count;

  template <int Id>
  static constexpr Vertex vertex() {
    return S::plan.g.vertex[Id];
  }

  /// The numbers below `Most` that `keep` accepts. What a pass has no use for is left out here, not
  /// in the functions below: those are inlined once per number and instruction set.
  struct Chosen {
    int list[FormulaGraph::capacity]{};
    int count = 0;
  };
  static constexpr Chosen choose(int most, auto keep) {
    Chosen chosen;
    for (int i = 0; i < most; ++i)
      if (keep(i)) chosen.list[chosen.count++] = i;
    return chosen;
  }
  template <class Source, int... I>
  static auto expand(std::integer_sequence<int, I...>) -> std::integer_sequence<int, Source::chosen.list[I]...>;
  template <class Source>
  using ids_of = decltype(expand<Source>(std::make_integer_sequence<int, Source::chosen.count>{}));

  template <int Level>
  struct Inner {
    static constexpr Chosen chosen = choose(count, [](int i) { return S::plan.inner[i] && S::plan.needed[Level][i]; });
  };
  template <int Level>
  struct Outer {
    static constexpr Chosen chosen = choose(
        count, [](int i) { return !S::plan.inner[i] && S::plan.level[i] == Level && !is_reduction(S::plan.g[i].op); });
  };
  template <int Level>
  struct Written {
    static constexpr Chosen chosen = choose(S::plan.outputs.count, [](int k) {
      const Output& o = S::plan.outputs.list[k];
      return S::plan.in_loop(o) && S::plan.level[o.vertex] == Level && !S::plan.sums_channel(o);
    });
  };
  struct PerRow {
    static constexpr Chosen chosen = choose(S::plan.outputs.count,
                                            [](int k) { return !S::plan.in_loop(S::plan.outputs.list[k]); });
  };

  /// One row's arrays, and those that all rows share: the inner loops need nothing else.
  struct Row {
    const T* input[Arguments<T>::most];
    const T* output;
    const T* seed;
    const T* noise;
    T* store[Arguments<T>::most];
    const T* parameter[Arguments<T>::most];
    const T* saved[Arguments<T>::most_features];
    T* gradient[Arguments<T>::most];
    T* sum[Arguments<T>::most_features];
  };

  template <int Id>
  TENON_INLINE static T value(const T* row, const T* element) {
    if constexpr (S::plan.inner[Id]) return element[Id];
    else return row[Id];
  }

  /// The value of an operation from its arguments' values.
  template <int Id>
  TENON_INLINE static T operate(const T* row, const T* element) {
    constexpr Vertex v = vertex<Id>();
    if constexpr (v.op == Op::select) {
      constexpr Vertex c = vertex<v.a>();
      const T yes = value<v.b>(row, element);
      const T no = value<v.c>(row, element);
      if constexpr (is_comparison(c.op))
        return compare<c.op>(value<c.a>(row, element), value<c.b>(row, element)) ? yes : no;
      else return value<v.a>(row, element) != T(0) ? yes : no;
    } else if constexpr (S::plan.against_number(Id)) {
      // a number is not NaN, and this is one instruction
      const T a = value<v.a>(row, element), b = value<v.b>(row, element);
      if constexpr (v.op == Op::maximum) return math::max(a, b);
      else return math::min(a, b);
    } else if constexpr (v.b >= 0) {
      return apply<v.op>(value<v.a>(row, element), value<v.b>(row, element));
    } else {
      return apply<v.op>(value<v.a>(row, element), T(0));
    }
  }

  /// One vertex of the inner loop at position j.
  template <int Id, int Level>
  TENON_INLINE static void inner_vertex(const Row& r, const T* row, T* element, std::size_t j) {
    constexpr Vertex v = vertex<Id>();
    if constexpr (Id == S::plan.stored && Level > S::plan.stored_level) element[Id] = r.store[0][j];
    else if constexpr (v.op == Op::input) element[Id] = r.input[v.slot][j];
    else if constexpr (v.op == Op::output) element[Id] = r.output[j];
    else if constexpr (v.op == Op::seed) element[Id] = r.seed[j];
    else if constexpr (v.op == Op::noise) element[Id] = r.noise[j];
    else if constexpr (v.op == Op::parameter) element[Id] = r.parameter[v.slot][j];
    else if constexpr (v.op == Op::saved) element[Id] = r.saved[v.slot][j];
    else if constexpr (v.op == Op::index) element[Id] = static_cast<T>(static_cast<std::int32_t>(j));
    else element[Id] = operate<Id>(row, element);
  }

  /// One vertex that is the same for a whole row (and, channelwise, one channel).
  template <int Id>
  TENON_INLINE static void row_vertex(const Arguments<T>& args, T* row, std::size_t sample, std::size_t feature) {
    constexpr Vertex v = vertex<Id>();
    if constexpr (v.op == Op::number) row[Id] = static_cast<T>(v.value);
    else if constexpr (v.op == Op::literal) row[Id] = args.literal[v.slot];
    else if constexpr (v.op == Op::label) row[Id] = static_cast<T>(args.label[sample]);
    else if constexpr (v.op == Op::features) row[Id] = static_cast<T>(args.width);
    else if constexpr (v.op == Op::rows) row[Id] = static_cast<T>(args.batch_count);
    else if constexpr (v.op == Op::index) row[Id] = static_cast<T>(feature);
    else if constexpr (v.op == Op::seed)
      row[Id] = args.seed.data ? args.seed.data[sample * args.seed.stride] * args.seed_value : args.seed_value;
    else if constexpr (v.op == Op::parameter) row[Id] = args.parameter[v.slot][v.rank == Rank::scalar ? 0 : feature];
    else if constexpr (v.op == Op::saved && v.rank == Rank::row) row[Id] = args.saved_row[v.slot][sample];
    else if constexpr (v.op == Op::saved) row[Id] = args.saved_feature[v.slot][feature];
    else row[Id] = operate<Id>(row, row);
  }

  /// Where in the list of sums of its pass a reduction (or a channel's gradient) stands.
  template <int Level>
  static constexpr int sum_index(int id) {
    int index = 0;
    for (int i = 0; i < count; ++i) {
      const Op op = S::plan.g[i].op;
      if ((op == Op::row_sum) && S::plan.level[i] == Level + 1) {
        if (i == id) return index;
        ++index;
      }
    }
    return -1;
  }
  template <int Level>
  static constexpr int sums() {
    int n = 0;
    for (int i = 0; i < count; ++i) n += S::plan.g[i].op == Op::row_sum && S::plan.level[i] == Level + 1;
    return n;
  }
  template <int Level>
  static constexpr int extreme(Op op) {
    for (int i = 0; i < count; ++i)
      if (S::plan.g[i].op == op && S::plan.level[i] == Level + 1) return i;
    return -1;
  }

  template <int Level, int K>
  static constexpr int sum_vertex() {
    for (int i = 0; i < count; ++i)
      if (sum_index<Level>(i) == K) return S::plan.g[i].a;
    return -1;
  }
  template <int Level, int K>
  TENON_INLINE static T summand(const T* row, const T* element) {
    constexpr int id = sum_vertex<Level, K>();
    if constexpr (id < 0) return T(0);
    else return value<id>(row, element);
  }

  template <int Level, Op O>
  TENON_INLINE static T extremum(const T* row, const T* element) {
    constexpr int id = extreme<Level>(O);
    if constexpr (id < 0) return T(0);
    else return value<vertex<id>().a>(row, element);
  }

  template <int K>
  TENON_INLINE static void sink(const Row& r, const T* row, const T* element, std::size_t j) {
    constexpr Output o = S::plan.outputs.list[K];
    const T v = value<o.vertex>(row, element);
    if constexpr (o.sink == Sink::store) r.store[o.slot][j] = v;
    else if constexpr (o.sink == Sink::accumulate) r.store[o.slot][j] += v;
    else if constexpr (o.sink == Sink::sum_parameter) r.gradient[o.slot][j] += v;
    else r.sum[o.slot][j] += v;
  }
  template <int Level>
  TENON_INLINE static void store_vertex(const Row& r, const T* element, std::size_t j) {
    if constexpr (S::plan.stored >= 0 && S::plan.stored_level == Level) r.store[0][j] = element[S::plan.stored];
  }

  /// What one step adds to the sums of its pass.
  struct Summands {
    T sum[4];
    T high;
    T low;
  };

  /// One step of the inner loop. Its values are local to this function, not to the loop's body:
  /// GCC turns arrays declared in an `omp simd` body into arrays over lanes and gives up.
  template <int Level, int... Id, int... K>
  TENON_INLINE static auto step([[maybe_unused]] const Row& r, [[maybe_unused]] const T* row,
                                [[maybe_unused]] std::size_t j, std::integer_sequence<int, Id...>,
                                std::integer_sequence<int, K...>) {
    T element[count];
    // without optimisation g++ takes it for read where nothing is computed
    if constexpr (sizeof...(Id) == 0) element[0] = T(0);
    (inner_vertex<Id, Level>(r, row, element, j), ...);
    store_vertex<Level>(r, element, j);
    (sink<K>(r, row, element, j), ...);
    if constexpr (reduces<Level>())
      return Summands{{summand<Level, 0>(row, element), summand<Level, 1>(row, element),
                       summand<Level, 2>(row, element), summand<Level, 3>(row, element)},
                      extremum<Level, Op::row_max>(row, element),
                      extremum<Level, Op::row_min>(row, element)};
  }
  template <int Level>
  static constexpr bool reduces() {
    return sums<Level>() > 0 || extreme<Level>(Op::row_max) >= 0 || extreme<Level>(Op::row_min) >= 0;
  }

  template <int Level, int... Id>
  TENON_INLINE static void set_row([[maybe_unused]] const Arguments<T>& args, [[maybe_unused]] T* row,
                                   [[maybe_unused]] std::size_t sample, [[maybe_unused]] std::size_t feature,
                                   std::integer_sequence<int, Id...>) {
    (row_vertex<Id>(args, row, sample, feature), ...);
  }
  template <int Level, int... Id>
  TENON_INLINE static void set_sums(T* row, const T* sum, std::integer_sequence<int, Id...>) {
    ((sum_index<Level>(Id) >= 0 ? void(row[Id] = sum[sum_index<Level>(Id) & 3]) : void()), ...);
  }

  /// The inner loop of one pass over `n` numbers.
  template <int Level>
  TENON_INLINE static void pass(const Arguments<T>& args, const Row& r, T* row, std::size_t n, std::size_t sample,
                                std::size_t feature) {
    using Ids = ids_of<Inner<Level>>;
    using OutputIds = ids_of<Written<Level>>;
    set_row<Level>(args, row, sample, feature, ids_of<Outer<Level>>{});
    if constexpr (S::plan.has_loop(Level)) {
      static_assert(sums<Level>() <= 4, "a formula may sum at most four things in one pass");
      if constexpr (!reduces<Level>()) {
#pragma omp simd
        for (std::size_t j = 0; j < n; ++j) step<Level>(r, row, j, Ids{}, OutputIds{});
      } else {
        constexpr int high = extreme<Level>(Op::row_max);
        constexpr int low = extreme<Level>(Op::row_min);
        T s0 = 0, s1 = 0, s2 = 0, s3 = 0;
        [[maybe_unused]] T no_numbers = 0;
        T largest = -std::numeric_limits<T>::infinity();
        T smallest = std::numeric_limits<T>::infinity();
        // Each reduction costs a sum across the vector at the end of the row, also one of zeros.
        if constexpr (InOrder) {
          for (std::size_t j = 0; j < n; ++j) {
            const Summands v = step<Level>(r, row, j, Ids{}, OutputIds{});
            if constexpr (sums<Level>() > 0) s0 += v.sum[0];
            if constexpr (sums<Level>() > 1) s1 += v.sum[1];
            if constexpr (sums<Level>() > 2) s2 += v.sum[2];
            if constexpr (sums<Level>() > 3) s3 += v.sum[3];
            if constexpr (high >= 0) largest = largest < v.high ? v.high : largest;
            if constexpr (low >= 0) smallest = v.low < smallest ? v.low : smallest;
            if constexpr (S::plan.tells_nan(high)) no_numbers += v.high != v.high ? T(1) : T(0);
            if constexpr (S::plan.tells_nan(low)) no_numbers += v.low != v.low ? T(1) : T(0);
          }
        } else if constexpr (sums<Level>() == 1 && high < 0 && low < 0) {
#pragma omp simd reduction(+ : s0)
          for (std::size_t j = 0; j < n; ++j) s0 += step<Level>(r, row, j, Ids{}, OutputIds{}).sum[0];
        } else if constexpr (sums<Level>() == 2 && high < 0 && low < 0) {
#pragma omp simd reduction(+ : s0, s1)
          for (std::size_t j = 0; j < n; ++j) {
            const Summands v = step<Level>(r, row, j, Ids{}, OutputIds{});
            s0 += v.sum[0];
            s1 += v.sum[1];
          }
        } else if constexpr (sums<Level>() == 0 && low < 0 && !S::plan.tells_nan(high)) {
#pragma omp simd reduction(max : largest)
          for (std::size_t j = 0; j < n; ++j) {
            const T v = step<Level>(r, row, j, Ids{}, OutputIds{}).high;
            largest = largest < v ? v : largest;
          }
        } else {
#pragma omp simd reduction(+ : s0, s1, s2, s3, no_numbers) reduction(max : largest) reduction(min : smallest)
          for (std::size_t j = 0; j < n; ++j) {
            const Summands v = step<Level>(r, row, j, Ids{}, OutputIds{});
            s0 += v.sum[0];
            s1 += v.sum[1];
            s2 += v.sum[2];
            s3 += v.sum[3];
            if constexpr (high >= 0) largest = largest < v.high ? v.high : largest;
            if constexpr (low >= 0) smallest = v.low < smallest ? v.low : smallest;
            if constexpr (S::plan.tells_nan(high)) no_numbers += v.high != v.high ? T(1) : T(0);
            if constexpr (S::plan.tells_nan(low)) no_numbers += v.low != v.low ? T(1) : T(0);
          }
        }
        const T sum[4] = {s0, s1, s2, s3};
        set_sums<Level>(row, sum, std::make_integer_sequence<int, count>{});
        constexpr T nan = std::numeric_limits<T>::quiet_NaN();
        if constexpr (high >= 0) row[high] = S::plan.tells_nan(high) && no_numbers > 0 ? nan : largest;
        if constexpr (low >= 0) row[low] = S::plan.tells_nan(low) && no_numbers > 0 ? nan : smallest;
      }
    }
  }

  template <int K>
  TENON_INLINE static void row_sink(const Arguments<T>& args, const T* row, std::size_t sample) {
    constexpr Output o = S::plan.outputs.list[K];
    const T v = row[o.vertex];
    if constexpr (o.sink == Sink::per_row) args.saved_row[o.slot][sample] = v;
    else if constexpr (o.sink == Sink::row_value) args.row_values[sample] = v;
    else *args.gradient[o.slot] += v;
  }

  /// The n-th output that sums over the pixels of a channel, or -1.
  static constexpr int channel_sum(int n) {
    for (int k = 0; k < S::plan.outputs.count; ++k)
      if (S::plan.sums_channel(S::plan.outputs.list[k]) && n-- == 0) return k;
    return -1;
  }
  template <int N>
  TENON_INLINE static T channel_summand(const T* row, const T* element) {
    if constexpr (channel_sum(N) < 0) return T(0);
    else return value<S::plan.outputs.list[channel_sum(N)].vertex>(row, element);
  }
  template <int First, int... Id>
  TENON_INLINE static Summands channel_step([[maybe_unused]] const Row& r, [[maybe_unused]] const T* row,
                                            [[maybe_unused]] std::size_t j, std::integer_sequence<int, Id...>) {
    T element[count];
    if constexpr (sizeof...(Id) == 0) element[0] = T(0);  // as above
    (inner_vertex<Id, 0>(r, row, element, j), ...);
    return {{channel_summand<First>(row, element), channel_summand<First + 1>(row, element),
             channel_summand<First + 2>(row, element), channel_summand<First + 3>(row, element)},
            T(0),
            T(0)};
  }
  template <int N>
  TENON_INLINE static void channel_sink(const Arguments<T>& args, std::size_t feature, T sum) {
    if constexpr (channel_sum(N) >= 0) {
      constexpr Output o = S::plan.outputs.list[channel_sum(N)];
      if constexpr (o.sink == Sink::sum_parameter) args.gradient[o.slot][feature] += sum;
      else args.feature_sum[o.slot][feature] += sum;
    }
  }

  /// Channelwise, sums over the pixels have loops of their own, four sums each: they are added to
  /// what they belong to once a channel.
  template <int First, class IdList>
  TENON_INLINE static void channel_sums(const Arguments<T>& args, const Row& r, const T* row, std::size_t n,
                                        std::size_t feature, IdList ids) {
    if constexpr (channel_sum(First) >= 0) {
      T s0 = 0, s1 = 0, s2 = 0, s3 = 0;
      if constexpr (InOrder) {
        for (std::size_t j = 0; j < n; ++j) {
          const Summands v = channel_step<First>(r, row, j, ids);
          s0 += v.sum[0];
          if constexpr (channel_sum(First + 1) >= 0) s1 += v.sum[1];
          if constexpr (channel_sum(First + 2) >= 0) s2 += v.sum[2];
          if constexpr (channel_sum(First + 3) >= 0) s3 += v.sum[3];
        }
      } else
#pragma omp simd reduction(+ : s0, s1, s2, s3)
        for (std::size_t j = 0; j < n; ++j) {
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
  TENON_INLINE static void one_row(const Arguments<T>& args, const Row& r, std::size_t n, std::size_t sample,
                                   std::size_t feature, std::integer_sequence<int, L...>,
                                   std::integer_sequence<int, K...>) {
    T row[count]{};  // all are set before they are read, which g++ at -O1 cannot see
    (pass<L>(args, r, row, n, sample, feature), ...);
    channel_sums<0>(args, r, row, n, feature, ids_of<Inner<0>>{});
    (row_sink<K>(args, row, sample), ...);
  }

  /// Whether the inner loops read array `slot` of this kind.
  static constexpr bool reads(Op op, int slot = 0) {
    for (int i = 0; i < count; ++i) {
      if (S::plan.g[i].op != op || S::plan.g[i].slot != slot || !S::plan.inner[i]) continue;
      for (int level = 0; level < S::plan.levels; ++level)
        if (S::plan.needed[level][i]) return true;
    }
    return false;
  }
  /// Whether they write array `slot`.
  static constexpr bool writes(int slot) {
    if (slot == 0 && S::plan.stored >= 0) return true;
    for (int i = 0; i < S::plan.outputs.count; ++i) {
      const Output& o = S::plan.outputs.list[i];
      if ((o.sink == Sink::store || o.sink == Sink::accumulate) && o.slot == slot) return true;
    }
    return false;
  }
  static constexpr bool sums(Sink sink, int slot) {
    for (int i = 0; i < S::plan.outputs.count; ++i)
      if (S::plan.outputs.list[i].sink == sink && S::plan.outputs.list[i].slot == slot) return true;
    return false;
  }
  template <bool Used, class A>
  TENON_INLINE static auto row_of(const A& array, std::size_t sample, std::size_t index, std::size_t width) {
    if constexpr (Used) return array.row(sample, index, width);
    else return nullptr;
  }
  template <bool Used, class P>
  TENON_INLINE static P if_used(P array) {
    if constexpr (Used) return array;
    else return nullptr;
  }
  /// Constant indices throughout: only then do these arrays dissolve into registers, without which
  /// no loop is vectorised.
  template <int... K, int... F>
  TENON_INLINE static Row row_at(const Arguments<T>& args, std::size_t sample, std::size_t index, std::size_t width,
                                 std::integer_sequence<int, K...>, std::integer_sequence<int, F...>) {
    return {{row_of<reads(Op::input, K)>(args.input[K], sample, index, width)...},
            row_of<reads(Op::output)>(args.output, sample, index, width),
            row_of<reads(Op::seed)>(args.seed, sample, index, width),
            row_of<reads(Op::noise)>(args.noise, sample, index, width),
            {row_of<writes(K)>(args.store[K], sample, index, width)...},
            {if_used<reads(Op::parameter, K)>(args.parameter[K])...},
            {if_used<reads(Op::saved, F)>(args.saved_feature[F])...},
            {if_used<sums(Sink::sum_parameter, K)>(args.gradient[K])...},
            {if_used<sums(Sink::sum_feature, F)>(args.feature_sum[F])...}};
  }

  TENON_INLINE static void every_row(const Arguments<T>& args) {
    constexpr auto arrays = std::make_integer_sequence<int, Arguments<T>::most>{};
    constexpr auto features = std::make_integer_sequence<int, Arguments<T>::most_features>{};
    constexpr auto levels = std::make_integer_sequence<int, S::plan.levels>{};
    for (std::size_t sample = 0; sample < args.count; ++sample) {
      if constexpr (S::plan.channelwise) {
        for (std::size_t feature = 0; feature * args.pixels < args.width; ++feature)
          one_row(args, row_at(args, sample, feature, args.pixels, arrays, features), args.pixels, sample, feature,
                  levels, ids_of<PerRow>{});
      } else {
        for (std::size_t k = 0; k < args.repeats; ++k)
          one_row(args, row_at(args, sample, k, args.width, arrays, features), args.width, sample * args.repeats + k, 0,
                  levels, ids_of<PerRow>{});
      }
    }
  }

public:
  /// Leaves the arguments as they were: a copy of them would take as long as a short loop.
  static void run(Arguments<T>& arguments) {
    const std::size_t samples = arguments.count, repeats = arguments.repeats, width = arguments.width;
    if constexpr (S::plan.collapsible) arguments.collapse();
    const auto body = [](const Arguments<T>* args) TENON_INLINE_LAMBDA { every_row(*args); };
    const Arguments<T>* const args = &arguments;
    if constexpr (InOrder || S::plan.brief) body(args);
    else kernels::dispatch(body, args);
    arguments.count = samples;
    arguments.repeats = repeats;
    arguments.width = width;
  }
};

/// A context whose numbers have to be the same on every machine says `in_order = true`.
template <class Ctx>
inline constexpr bool is_in_order = requires {
  requires Ctx::in_order;
};
/// The loops for what runs in a context.
template <class Ctx, class S, class T>
using LoopsIn = Loops<S, T, is_in_order<Ctx>>;

}  // namespace tenon::expr
