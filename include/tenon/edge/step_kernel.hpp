#pragma once
#ifndef TENON_OWN_WARNINGS
#pragma GCC system_header  // who builds without -fopenmp-simd need not hear of the pragmas that are ignored
#endif

#include <algorithm>
#include <cstddef>
#include <type_traits>
#include <utility>

#include <tenon/edge/context.hpp>
#include <tenon/expr/apply.hpp>
#include <tenon/inline.hpp>
#include <tenon/layers/recurrent/unit.hpp>
#include <tenon/layers/streamed_conv1d.hpp>
#include <tenon/net/layer.hpp>

/// What layers do at one step of one sequence on a host that has vectors: sizes are constants, matrices are stored
/// transposed, (in, out), and nothing is prepared for batches.
namespace tenon::edge {

/// n rounded up to whole vectors. Computing a few numbers too many is faster than the last ones one by one.
constexpr size_t whole_vectors(size_t n) { return n <= 4 ? 4 : n <= 8 ? 8 : aligned(n); }

/// y += W^T x for Out neighbouring columns of W, which has In rows of Pitch numbers.
template <size_t In, size_t Out, size_t Pitch, class T>
TENON_INLINE void add_columns(const T* w, const T* x, T* y) {
  // sums in pairs: a chain of additions would wait for each
  constexpr size_t whole = In - In % 4;
  for (size_t i = 0; i < whole; i += 4, w += 4 * Pitch) {
    const T x0 = x[i], x1 = x[i + 1], x2 = x[i + 2], x3 = x[i + 3];
#pragma omp simd
    for (size_t o = 0; o < Out; ++o)
      y[o] += (w[o] * x0 + w[Pitch + o] * x1) + (w[2 * Pitch + o] * x2 + w[3 * Pitch + o] * x3);
  }
  for (size_t i = whole; i < In; ++i, w += Pitch) {
    const T value = x[i];
#pragma omp simd
    for (size_t o = 0; o < Out; ++o) y[o] += w[o] * value;
  }
}

/// A matrix (out, in) in place as (in, out); `scratch` holds it.
template <class T>
void transpose_matrix(T* w, size_t out, size_t in, T* scratch) {
  std::copy_n(w, in * out, scratch);
  for (size_t o = 0; o < out; ++o)
    for (size_t i = 0; i < in; ++i) w[i * out + o] = scratch[o * in + i];
}

/// `turn` prepares a layer's parameters; `run` is one step, which reads and writes the state.
template <class Bound>
struct StepKernel;

template <class Cell, class In, bool Last, auto... Argument>
  requires(In::front == 1 && requires { typename Cell::next; } &&
           !tenon::detail::RecurrentUnit<Cell, In, Last, Argument...>::plan.memory_matrix &&
           tenon::detail::RecurrentUnit<Cell, In, Last, Argument...>::plan.directions == 1 &&
           tenon::detail::RecurrentUnit<Cell, In, Last, Argument...>::plan.states > 0 &&
           !tenon::detail::RecurrentUnit<Cell, In, Last, Argument...>::plan.masked)
struct StepKernel<tenon::detail::RecurrentUnit<Cell, In, Last, Argument...>> {
private:
  using unit = tenon::detail::RecurrentUnit<Cell, In, Last, Argument...>;
  using program = tenon::detail::CellProgram<Cell>;
  using walk = typename program::template Forward<false>;
  static constexpr const tenon::detail::RecurrentPlan& plan = unit::plan;
  static constexpr size_t n = plan.hidden, gates = plan.gates, sums = gates * n;
  static constexpr size_t lanes = whole_vectors(n);
  static constexpr bool apart = Cell::hidden_apart;
  static constexpr size_t others = (gates - (apart ? 1 : 0)) * n;
  static constexpr int kept = static_cast<int>(program::kept), vertices = walk::plan.g.count;

  /// Where the layer's parameters lie behind its first.
  struct Places {
    size_t input, recurrent, input_bias, recurrent_bias, feature;
  };
  static constexpr Places places(size_t layer) {
    const size_t first = plan.pass_offset(layer, 0), square = first + plan.input_weight_size(layer),
                 bias = square + plan.square_size();
    return {first, square, bias, bias + plan.bias_size(), bias + 2 * plan.bias_size()};
  }

  /// The formulas of the cell at position j: the blocks' sums z, the recurrent share of the last gate behind them where
  /// that is a block of its own, and the state before.
  template <int Id, class T>
  TENON_INLINE static void vertex(const T* z, const T* before, const T* const* feature, T* element, size_t j) {
    constexpr expr::Vertex v = walk::plan.g.vertex[Id];
    if constexpr (v.op == expr::Op::number) element[Id] = static_cast<T>(v.value);
    else if constexpr (v.op == expr::Op::parameter) element[Id] = feature[v.slot][j];
    else if constexpr (v.op == expr::Op::input && v.slot == Cell::blocks) element[Id] = before[j];
    else if constexpr (v.op == expr::Op::input) element[Id] = z[block_place(v.slot) + j];
    else if constexpr (v.op == expr::Op::select) element[Id] = element[v.a] != T(0) ? element[v.b] : element[v.c];
    else if constexpr (v.b >= 0) element[Id] = expr::apply<v.op>(element[v.a], element[v.b]);
    else element[Id] = expr::apply<v.op>(element[v.a], T(0));
  }
  static constexpr size_t block_place(int block) {
    const auto k = static_cast<size_t>(block);
    return !apart ? k * n : k == 0 ? sums : (k - 1) * n;
  }
  static constexpr int stored(int slot) {
    for (int k = 0; k < walk::plan.outputs.count; ++k)
      if (walk::plan.outputs.list[k].slot == slot) return walk::plan.outputs.list[k].vertex;
    return -1;
  }

  template <class T>
  struct States {
    T shown, memory;
  };
  /// The values are local to this function, not to the loop's body: of arrays declared in an `omp simd` body compilers
  /// make arrays over lanes.
  template <class T, int... Id>
  TENON_INLINE static States<T> cell_at(const T* z, const T* before, const T* const* feature, size_t j,
                                        std::integer_sequence<int, Id...>) {
    T element[static_cast<size_t>(vertices)];
    (vertex<Id>(z, before, feature, element, j), ...);
    if constexpr (Cell::has_memory) return {element[stored(kept)], element[stored(kept + 1)]};
    else return {element[stored(kept)], T(0)};
  }
  template <class T>
  TENON_INLINE static void cell(const T* z, const T* before, const T* const* feature, T* shown,
                                [[maybe_unused]] T* memory) {
#pragma omp simd
    for (size_t j = 0; j < lanes; ++j) {
      const States<T> next = cell_at(z, before, feature, j, std::make_integer_sequence<int, vertices>{});
      shown[j] = next.shown;
      if constexpr (Cell::has_memory) memory[j] = next.memory;
    }
  }

  template <size_t Layer, class T>
  TENON_INLINE static void layer(const T* parameters, const T* x, T* state, T* y) {
    constexpr Places at = places(Layer);
    constexpr size_t in = plan.in(Layer);
    alignas(64) T z[sums + (apart ? n : 0) + lanes];
    alignas(64) T before[lanes], next[lanes], memory[lanes];
    if constexpr (plan.bias) {
      std::copy_n(parameters + at.input_bias, sums, z);
      if constexpr (apart) std::copy_n(parameters + at.recurrent_bias + others, n, z + sums);
    } else {
      std::fill_n(z, sums + (apart ? n : 0), T(0));
    }
    add_columns<in, sums, sums>(parameters + at.input, x, z);
    add_columns<n, others, sums>(parameters + at.recurrent, state, z);
    if constexpr (apart) add_columns<n, n, sums>(parameters + at.recurrent + others, state, z + sums);
    const T* feature[4]{};
    for (size_t k = 0; k < plan.feature_parameters; ++k) feature[k] = parameters + at.feature + k * aligned(n);
    std::fill_n(z + sums + (apart ? n : 0), lanes, T(0));
    std::fill_n(std::copy_n(state + (Cell::has_memory ? n : 0), n, before), lanes - n, T(0));
    cell(z, before, feature, next, memory);
    std::copy_n(next, n, state);
    if constexpr (Cell::has_memory) std::copy_n(memory, n, state + n);
    std::copy_n(next, n, y);
  }

public:
  static constexpr size_t state_size = plan.state_size();

  template <class T>
  static void turn(T* parameters, T* scratch) {
    for (size_t l = 0; l < plan.layers; ++l) {
      const Places at = places(l);
      transpose_matrix(parameters + at.input, sums, plan.in(l), scratch);
      transpose_matrix(parameters + at.recurrent, sums, n, scratch);
      if (!plan.bias) continue;
      for (size_t i = 0; i < others; ++i) parameters[at.input_bias + i] += parameters[at.recurrent_bias + i];
    }
  }
  template <class T>
  TENON_INLINE static void run(const Memory<T>& m, const T* x, T* y) {
    [&]<size_t... L>(std::index_sequence<L...>) TENON_INLINE_LAMBDA {
      (layer<L>(m.parameters.values, L == 0 ? x : y, m.state.data + L * plan.states * n, y), ...);
    }
    (std::make_index_sequence<plan.layers>{});
  }
};

/// The last inputs of a convolution lie step after step, the oldest first.
template <class In, auto... Argument>
  requires(tenon::detail::ConvolutionArguments<1, false, Argument...>::window.groups == 1)
struct StepKernel<tenon::detail::StreamedUnit<In, Argument...>> {
private:
  using unit = tenon::detail::StreamedUnit<In, Argument...>;
  using arguments = tenon::detail::ConvolutionArguments<1, false, Argument...>;
  static constexpr size_t channels = unit::channels, features = unit::output::front, taps = arguments::window.kernel[1],
                          dilation = arguments::window.dilation[1];
  static constexpr bool bias = arguments::window.bias;
  static constexpr size_t bias_place = aligned(features * channels * taps);

public:
  template <class T>
  static void turn(T* parameters, T* scratch) {
    std::copy_n(parameters, features * channels * taps,
                scratch);  // (feature, channel, tap) becomes (tap, channel, feature)
    for (size_t o = 0; o < features; ++o)
      for (size_t c = 0; c < channels; ++c)
        for (size_t k = 0; k < taps; ++k)
          parameters[(k * channels + c) * features + o] = scratch[(o * channels + c) * taps + k];
  }
  template <class T>
  TENON_INLINE static void run(const Memory<T>& m, const T* x, T* y) {
    T* const window = m.state.data;
    std::copy(window + channels, window + unit::extent * channels, window);
    std::copy_n(x, channels, window + (unit::extent - 1) * channels);
    alignas(64) T sum[features];
    if constexpr (bias) std::copy_n(m.parameters.values + bias_place, features, sum);
    else std::fill_n(sum, features, T(0));
    for (size_t k = 0; k < taps; ++k)
      add_columns<channels, features, features>(m.parameters.values + k * channels * features,
                                                window + k * dilation * channels, sum);
    std::copy_n(sum, features, y);
  }
};

namespace detail {

/// Whether what is multiplied is the layer's input itself, by a matrix that is stored (out, in).
template <class Code>
constexpr bool takes_network_input() {
  if constexpr (Code::product_count != 1) return true;
  else return Code::template stage<0>::input == 0 && Code::template transposed<0>;
}

/// A formula that looks at no other numbers than those at its own place, after one matrix product at most.
template <class Unit>
constexpr bool is_simple_formula() {
  using code = typename Unit::code;
  using walk = typename code::final_stage::program::Evaluate;
  if (code::product_count > 1 || !takes_network_input<code>() || code::chunks != 1 || walk::plan.channelwise ||
      walk::plan.levels != 1 || walk::plan.outputs.count != 1)
    return false;
  for (int i = 0; i < walk::plan.g.count; ++i) {
    const expr::Vertex& v = walk::plan.g.vertex[i];
    if (expr::is_reduction(v.op) || v.op == expr::Op::features || v.op == expr::Op::index) return false;
    if (v.op == expr::Op::parameter && v.rank != expr::Rank::scalar && Unit::plan.repeats != 1) return false;
  }
  return code::product_count == 0 || Unit::plan.repeats == 1;
}

}  // namespace detail

template <class E, class In>
  requires(detail::is_simple_formula<tenon::detail::FormulaUnit<E, In>>())
struct StepKernel<tenon::detail::FormulaUnit<E, In>> {
private:
  using unit = tenon::detail::FormulaUnit<E, In>;
  using code = typename unit::code;
  using stage = typename code::final_stage;
  using walk = typename stage::program::Evaluate;
  static constexpr const auto& plan = unit::plan;
  static constexpr bool multiplies = code::product_count == 1;
  static constexpr size_t size = unit::output::size, lanes = whole_vectors(size);
  static constexpr int vertices = walk::plan.g.count, stored = walk::plan.outputs.list[0].vertex;
  static constexpr bool reads_input = [] {
    for (int i = 0; i < vertices; ++i)
      if (walk::plan.g.vertex[i].op == expr::Op::input && walk::plan.g.vertex[i].slot == 0) return true;
    return false;
  }();

  template <int Id, class T>
  TENON_INLINE static void vertex(const T* x, const T* product, const T* const* parameter, T* element, size_t j) {
    constexpr expr::Vertex v = walk::plan.g.vertex[Id];
    if constexpr (v.op == expr::Op::number) element[Id] = static_cast<T>(v.value);
    else if constexpr (v.op == expr::Op::parameter)
      element[Id] = parameter[v.slot][v.rank == expr::Rank::scalar ? 0 : j];
    else if constexpr (v.op == expr::Op::input) element[Id] = v.slot == 0 ? x[j] : product[j];
    else if constexpr (v.op == expr::Op::select) element[Id] = element[v.a] != T(0) ? element[v.b] : element[v.c];
    else if constexpr (v.b >= 0) element[Id] = expr::apply<v.op>(element[v.a], element[v.b]);
    else element[Id] = expr::apply<v.op>(element[v.a], T(0));
  }
  template <class T, int... Id>
  TENON_INLINE static T value_at(const T* x, const T* product, const T* const* parameter, size_t j,
                                 std::integer_sequence<int, Id...>) {
    T element[static_cast<size_t>(vertices)];
    (vertex<Id>(x, product, parameter, element, j), ...);
    return element[stored];
  }
  template <class T>
  TENON_INLINE static void evaluate(const T* x, const T* product, const T* const* parameter, T* y) {
#pragma omp simd
    for (size_t j = 0; j < lanes; ++j)
      y[j] = value_at(x, product, parameter, j, std::make_integer_sequence<int, vertices>{});
  }
  template <class T>
  TENON_INLINE static void multiply(const T* parameters, const T* x, T* product) {
    if constexpr (multiplies) {
      constexpr size_t in = plan.in[0], out = plan.out[0];
      const T* const w = parameters + plan.offset[code::template weight_number<0>];
      if constexpr (out == 1) {
        T sum = 0;
#pragma omp simd reduction(+ : sum)
        for (size_t i = 0; i < in; ++i) sum += w[i] * x[i];
        *product = sum;
      } else {
        add_columns<in, out, out>(w, x, product);
      }
    }
  }

public:
  /// As the kernel for one sample stores them.
  template <class T>
  static void turn(T* parameters, T* scratch) {
    SampleKernel<unit>::turn(parameters, scratch);
  }
  template <class T>
  TENON_INLINE static void run(const Memory<T>& m, const T* x, T* y) {
    alignas(64) T own[reads_input ? lanes : 1], product[lanes], result[lanes];
    if constexpr (reads_input) std::fill_n(std::copy_n(x, size, own), lanes - size, T(0));
    std::fill_n(product, lanes, T(0));
    multiply(m.parameters.values, x, product);
    const T* parameter[stage::parameters::size + 1]{};
    [&]<class... P>(tenon::detail::list<P...>) {
      [[maybe_unused]] size_t slot = 0;
      ((parameter[slot++] = m.parameters.values + plan.offset[tenon::detail::number_of<P>]), ...);
    }(typename stage::parameters{});
    evaluate(own, product, parameter, result);
    std::copy_n(result, size, y);
  }
};

/// Whether a layer can run step by step.
template <class Bound>
concept HasStepKernel = requires(float* p, const Memory<float>& m, const float* x) {
  StepKernel<Bound>::turn(p, p);
  StepKernel<Bound>::run(m, x, p);
};

}  // namespace tenon::edge
