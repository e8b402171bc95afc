#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <type_traits>
#include <utility>

#include <tenon/expr/formula_walk.hpp>
#include <tenon/kernels/gemm_types.hpp>
#include <tenon/kernels/sample_products.hpp>
#include <tenon/layers/map.hpp>
#include <tenon/net/inputs.hpp>
#include <tenon/net/layer.hpp>

/// How a network of constant weights runs its layers, one sample at a time.
namespace tenon::edge {

/// How matrices are multiplied: as the model stores them, by portable loops. A policy with `transposed` finds all of
/// them stored (in, out), and multiplies them by a function of its own.
struct PlainProducts {
  static constexpr bool transposed = false;
};

/// What a bound layer does for one sample where its own `forward` is meant for batches: `run` works
/// in constant expressions, `macs` counts its multiplications with an addition. A layer without it
/// is run by its `forward` and may declare `macs` itself.
template <class Bound>
struct SampleKernel;

template <class E, class In>
struct SampleKernel<tenon::detail::FormulaUnit<E, In>> {
private:
  using unit = tenon::detail::FormulaUnit<E, In>;
  using code = typename unit::code;
  static constexpr int products = code::product_count;
  static constexpr size_t inputs = static_cast<size_t>(code::inputs);
  static constexpr auto each_product = std::make_integer_sequence<int, products>{};

  template <class T>
  struct Sources {
    std::array<const T*, inputs> data{};
    std::array<size_t, inputs> step{};
  };

  template <class Stage, class T>
  static constexpr void evaluate(const T* parameters, const Sources<T>& from, T* result, size_t width) {
    constexpr const auto& plan = unit::plan;
    constexpr bool channels = Stage::program::Evaluate::plan.channelwise;
    const size_t row = channels ? plan.pixels : width;
    constexpr size_t own = Stage::parameters::size;
    expr::FormulaArrays<T, inputs, own> a{
        .input = from.data, .step = from.step, .result = result, .result_step = row, .width = row};
    a.repeats = channels ? plan.input_size / plan.pixels : plan.repeats;
    if (channels) a.step[0] = row;
    [&]<class... P>(tenon::detail::list<P...>) {
      [[maybe_unused]] size_t slot = 0;
      ((a.parameter[slot++] = parameters + plan.offset[tenon::detail::number_of<P>]), ...);
    }(typename Stage::parameters{});
    expr::FormulaWalk<typename Stage::program::Evaluate, T>::run(a);
  }

  template <int K, class T>
  static constexpr T* product_of(const Memory<T>& m, T* y) {
    if constexpr (code::template in_result<K>) return y;
    else return m.workspace.scratch + unit::plan.inference_product[K];
  }

  template <int K, class Products, class T>
  static constexpr void multiply(const Memory<T>& m, const Sources<T>& from, T* result) {
    constexpr const auto& plan = unit::plan;
    using stage = typename code::template stage<K>;
    constexpr size_t in = plan.in[K], out = plan.out[K];
    const T* operand = nullptr;
    size_t step = in;
    if constexpr (stage::input >= 0) {
      operand = from.data[stage::input];
      step = from.step[stage::input];
    } else {
      T* own = m.workspace.scratch + plan.inference_operand[K];
      evaluate<stage>(m.parameters.values, from, own, in);
      operand = own;
    }
    const T* weight = m.parameters.values + plan.offset[code::template weight_number<K>];
    for (size_t r = 0; r < plan.repeats; ++r, operand += step, result += out) {
      if constexpr (Products::transposed && can_turn) Products::multiply(weight, operand, result, in, out);
      else if constexpr (code::template transposed<K>) kernels::multiply_rows(weight, operand, result, in, out);
      else kernels::multiply_columns(weight, operand, result, in, out);
    }
  }

  /// Whether no weight belongs to two products, which might need it stored in two ways.
  static constexpr bool can_turn = []<int... K>(std::integer_sequence<int, K...>) {
    [[maybe_unused]] unsigned used = 0;
    bool once = true;
    ((once = once && (used >> code::template weight_number<K> & 1U) == 0,
      used |= 1U << code::template weight_number<K>),
     ...);
    return once;
  }
  (each_product);

  template <int K, class T>
  static constexpr void transpose_weight(T* parameters, T* scratch) {
    if constexpr (code::template transposed<K>) {
      constexpr size_t in = unit::plan.in[K], out = unit::plan.out[K];
      T* w = parameters + unit::plan.offset[code::template weight_number<K>];
      std::copy_n(w, in * out, scratch);
      for (size_t o = 0; o < out; ++o)
        for (size_t i = 0; i < in; ++i) w[i * out + o] = scratch[o * in + i];
    }
  }

public:
  static constexpr size_t macs = []<int... K>(std::integer_sequence<int, K...>) {
    return (size_t{0} + ... + (unit::plan.in[K] * unit::plan.out[K] * unit::plan.repeats));
  }
  (each_product);

  /// Stores the matrices that are stored (out, in) the other way round, as transposed products want them;
  /// `scratch` holds the largest.
  template <class T>
  static constexpr void turn(T* parameters, T* scratch) {
    if constexpr (can_turn) [&]<int... K>(std::integer_sequence<int, K...>) {
        (transpose_weight<K>(parameters, scratch), ...);
      }
    (each_product);
  }

  template <class Products = PlainProducts, class T>
  static constexpr void run(const Memory<T>& m, const T* x, T* y) {
    constexpr const auto& plan = unit::plan;
    Sources<T> from;
    from.data[0] = x;
    from.step[0] = plan.width;
    [&]<int... K>(std::integer_sequence<int, K...>) {
      ((from.data[1 + K] = product_of<K>(m, y), from.step[1 + K] = plan.out[K]), ...);
    }
    (each_product);
    for (size_t c = 1 + static_cast<size_t>(products); c < inputs; ++c) {
      from.data[c] = x + (c - 1 - products) * (plan.width / code::chunks);
      from.step[c] = plan.width;
    }
    [&]<int... K>(std::integer_sequence<int, K...>) { (multiply<K, Products>(m, from, product_of<K>(m, y)), ...); }
    (each_product);
    evaluate<typename code::final_stage>(m.parameters.values, from, y, plan.output_width);
  }
};

/// A formula of several inputs. Random numbers are 0, as in any evaluation.
template <class E, class S>
struct SampleKernel<tenon::detail::EdgeUnit<E, S>> {
private:
  using unit = tenon::detail::EdgeUnit<E, S>;
  using program = typename unit::code::quiet::Evaluate;

public:
  static constexpr size_t macs = 0;

  template <class T>
  static constexpr void turn(T*, T*) {}

  template <class T>
  static constexpr void run_many(const Memory<T>& m, const std::array<const T*, unit::edges>& x, T* y) {
    constexpr const auto& plan = unit::plan;
    constexpr size_t row = program::plan.channelwise ? plan.pixels : plan.width;
    expr::FormulaArrays<T, unit::edges, unit::parameter_list::size> a{
        .input = x, .result = y, .result_step = row, .width = row, .repeats = plan.size / row};
    a.step.fill(row);
    for (size_t i = 0; i < unit::parameter_list::size; ++i) a.parameter[i] = m.parameters.values + plan.offset[i];
    expr::FormulaWalk<program, T>::run(a);
  }
  template <class Products = PlainProducts, class T>
    requires(unit::edges == 1)
  static constexpr void run(const Memory<T>& m, const T* x, T* y) { run_many(m, {x}, y); }
};

/// Whether a layer has a kernel for one sample without heap.
template <class Bound>
concept HasSampleKernel = requires {
  SampleKernel<Bound>::macs;
};

/// Whether a layer brings plain loops for one sample along.
template <class Bound>
concept HasSampleLoops = requires(const Memory<float>& m, const float* x, float* y) {
  Bound::run_sample(m, x, y);
};

/// The context of evaluation without a host: no random streams, no BLAS, nothing allocated.
template <class Products>
struct BasicContext {
  static constexpr bool alone = true;  // formulas' loops as well
  bool overwrite_gradients = false;

  /// A leaf with a kernel of its own for single samples; `run_forward` asks for it.
  template <class Bound, class T>
    requires HasSampleKernel<Bound>
  static constexpr void forward(const Memory<T>& memory, Rows<const T> x, Rows<T> y) {
    for (size_t i = 0; i < y.count; ++i) SampleKernel<Bound>::template run<Products>(memory, x[i], y[i]);
  }

  /// A leaf of several inputs with such a kernel; `run_forward_many` asks for it.
  template <class Bound, class T, size_t N>
    requires HasSampleKernel<Bound>
  static constexpr void forward_many(const Memory<T>& memory, const RowsOf<const T, N>& x, Rows<T> y) {
    for (size_t i = 0; i < y.count; ++i) {
      std::array<const T*, N> sample{};
      for (size_t k = 0; k < N; ++k) sample[k] = x[k][i];
      SampleKernel<Bound>::run_many(memory, sample, y[i]);
    }
  }

  /// One that brings plain loops for single samples along, which need nothing from the library.
  template <class Bound, class T>
    requires(!HasSampleKernel<Bound> && !Products::transposed &&
             requires(const Memory<T>& m, const T* x, T* y) { Bound::run_sample(m, x, y); })
  static constexpr void forward(const Memory<T>& memory, Rows<const T> x, Rows<T> y) {
    for (size_t i = 0; i < y.count; ++i) Bound::run_sample(memory, x[i], y[i]);
  }

  /// c = alpha op(a) op(b) + beta c, for layers that call a matrix product of their own.
  template <class T>
  static constexpr void gemm(kernels::Transpose ta, kernels::Transpose tb, size_t m, size_t n, size_t k, T alpha,
                             const T* a, size_t lda, const T* b, size_t ldb, T beta, T* c, size_t ldc) {
    const bool by_rows = ta == kernels::Transpose::no && tb == kernels::Transpose::yes && ldb == k && alpha == T(1) &&
                         (beta == T(0) || beta == T(1));
    for (size_t i = 0; i < m; ++i) {
      T* to = c + i * ldc;
      if (by_rows) {
        if (beta == T(0)) kernels::multiply_rows(b, a + i * lda, to, k, n);
        else kernels::add_rows(b, a + i * lda, to, k, n);
        continue;
      }
      for (size_t j = 0; j < n; ++j) to[j] = beta == T(0) ? T(0) : beta * to[j];
      for (size_t l = 0; l < k; ++l) {
        const T factor = alpha * (ta == kernels::Transpose::no ? a[i * lda + l] : a[l * lda + i]);
        for (size_t j = 0; j < n; ++j)
          to[j] += factor * (tb == kernels::Transpose::no ? b[l * ldb + j] : b[j * ldb + l]);
      }
    }
  }
};

/// Products by the portable loops.
using Context = BasicContext<PlainProducts>;

}  // namespace tenon::edge
