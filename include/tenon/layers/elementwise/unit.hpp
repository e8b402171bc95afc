#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

#include <tenon/layers/several_inputs.hpp>

/// Functions of several inputs, number by number. A function is a type with
///
///     template <class T, size_t N> static constexpr T value(const std::array<T, N>& v);
///     template <size_t K, class T, size_t N> static constexpr T slope(const std::array<T, N>&);  // by v[K]
///     static constexpr bool reads_inputs;            // whether `slope` looks at v
///     static constexpr bool like_first;              // whether the result has the first input's shape
///     static constexpr size_t macs(size_t inputs);  // multiplications for each number
namespace tenon::detail {

/// Number j of the output is computed from number (j / repeat) % size of an input. With a repeat of 1 an input as large
/// as the output is read as it is, and a smaller one again and again from its beginning.
struct Spread {
  size_t repeat = 1, size = 0;
  bool fits = false;
};

/// How an input of these axes is spread over the output: an axis of 1 is repeated, and a vector goes along the
/// outermost axis. An axis of 1 between two that are not repeated does not fit.
template <size_t R, size_t N>
constexpr Spread spread_over(const std::array<size_t, N>& out, const std::array<size_t, R>& own) {
  const size_t size = product_from(own, 0);
  if (size == 1) return {product_from(out, 0), 1, true};
  if (R == 1 && N > 1) return {product_from(out, 1), size, own[0] == out[0]};
  if (R != N) return {};
  size_t first = N, last = 0;
  for (size_t k = 0; k < N; ++k) {
    if (own[k] != out[k] && own[k] != 1) return {};
    if (own[k] == 1) continue;
    if (first == N) first = k;
    last = k;
  }
  for (size_t k = first; k < last; ++k)
    if (own[k] != out[k]) return {};
  return {product_from(out, last + 1), size, true};
}

/// The shape that all inputs are spread over: along each axis the largest size of the inputs with most axes.
template <bool LikeFirst, class First, class... Rest>
constexpr auto common_dims() {
  constexpr size_t rank = LikeFirst ? First::rank : std::max({First::rank, Rest::rank...});
  std::array<size_t, rank> dims{};
  [[maybe_unused]] const auto see = [&](const auto& own) {
    if (own.size() == rank)
      for (size_t k = 0; k < own.size(); ++k) dims[k] = std::max(dims[k], own[k]);
  };
  see(First::dims);
  if constexpr (!LikeFirst) (see(Rest::dims), ...);
  return dims;
}

template <class Function, class In>
struct Elementwise;
template <class Function, class... S>
struct Elementwise<Function, Inputs<S...>> {
  static constexpr size_t count = sizeof...(S);
  static constexpr auto dims = common_dims<Function::like_first, S...>();
  using output = shape_with<dims>;
  static constexpr std::array<Spread, count> spreads{spread_over(dims, S::dims)...};
  static constexpr bool fits = [] {
    bool all = output::size > 0;
    for (const Spread& s : spreads) all = all && s.fits;
    return all;
  }();
  /// So many neighbouring numbers of the output read, of every input, either neighbours too or one number alone. Every
  /// repeat and every size is a product of the output's last axes, so the smaller divides the larger.
  static constexpr size_t run = [] {
    size_t least = output::size;
    for (const Spread& s : spreads) least = std::min(least, s.repeat == 1 ? s.size : s.repeat);
    return least;
  }();
};

template <class Function, class In>
struct ElementwiseUnit {
private:
  using how = Elementwise<Function, In>;
  static constexpr size_t N = how::count, size = how::output::size, run = how::run;
  using each_input = std::make_index_sequence<N>;
  template <size_t K>
  static constexpr Spread spread = how::spreads[K];
  template <size_t K>
  static constexpr bool whole = spread<K>.size == size;

public:
  using input = In;
  using output = typename how::output;
  static constexpr std::array<ParameterSpec, 0> parameters{};
  using initializers = Initializers<>;
  static constexpr Needs needs{.backward_reads_input = Function::reads_inputs ? ~std::uint32_t{0} : 0U};
  static constexpr size_t macs = Function::macs(N) * size;

  template <class To>
  static auto onnx(To& to) requires requires {
    Function::onnx;
  }
  {
    constexpr size_t rank = output::rank;
    auto first = to.input(0);
    for (size_t k = 0; k < N; ++k) {
      auto next = to.input(k);
      if (how::spreads[k].size == 1 && to.rank(k) != rank) next = to.along_channels(next, 1, rank);
      else if (to.rank(k) != rank) next = to.along_channels(next, how::spreads[k].size, rank);
      auto op = Function::onnx;
      if constexpr (requires { Function::onnx_third; }) op = k == 2 ? Function::onnx_third : op;
      first = k == 0 ? next : to.node(op, {first, next});
    }
    if constexpr (requires { Function::averages; }) return to.node("Div", {first, to.number(static_cast<double>(N))});
    else return first;
  }
  template <class Mode, class Ctx, class T>
  static constexpr void forward(Ctx&, const Memory<T>&, const RowsOf<const T, N>& x, Rows<T> y, Mode) {
    for (size_t i = 0; i < y.count; ++i)
      for (size_t first = 0; first < size; first += run) {
        const auto from = numbers(x, i, first, each_input{});
        T* const to = y[i] + first;
        for (size_t j = 0; j < run; ++j) to[j] = Function::value(at(from, j, each_input{}));
      }
  }
  template <class Ctx, class T>
  static constexpr void backward(Ctx&, const Memory<T>&, const RowsOf<const T, N>& x, Rows<const T>, Rows<const T> dy,
                                 const RowsOf<T, N>& dx) {
    [&]<size_t... K>(std::index_sequence<K...>) { (back<K>(x, dy, dx[K]), ...); }
    (each_input{});
  }

private:
  /// Where in each input the numbers begin from which the output's are computed, from number `first` of it on.
  template <class T, size_t... K>
  static constexpr std::array<const T*, N> numbers(const RowsOf<const T, N>& x, size_t sample, size_t first,
                                                   std::index_sequence<K...>) {
    return {x[K][sample] + first / spread<K>.repeat % spread<K>.size...};
  }
  template <class T, size_t... K>
  static constexpr std::array<T, N> at(const std::array<const T*, N>& from, size_t j, std::index_sequence<K...>) {
    return {from[K][spread<K>.repeat == 1 ? j : 0]...};
  }
  template <size_t K, class T>
  static constexpr T slope(const std::array<const T*, N>& from, size_t j) {
    if constexpr (Function::reads_inputs) return Function::template slope<K>(at(from, j, each_input{}));
    else return Function::template slope<K>(std::array<T, N>{});
  }
  template <size_t K, class T>
  static constexpr void back(const RowsOf<const T, N>& x, Rows<const T> dy, Rows<T> dx) {
    if (!dx) return;
    for (size_t i = 0; i < dy.count; ++i) {
      if (!whole<K>) std::fill_n(dx[i], spread<K>.size, T(0));
      for (size_t first = 0; first < size; first += run) {
        std::array<const T*, N> from{};
        if constexpr (Function::reads_inputs) from = numbers(x, i, first, each_input{});
        const T* const down = dy[i] + first;
        T* const to = dx[i] + first / spread<K>.repeat % spread<K>.size;
        if constexpr (spread<K>.repeat > 1) {
          T sum = 0;
          for (size_t j = 0; j < run; ++j) sum += down[j] * slope<K>(from, j);
          *to += sum;
        } else {
          for (size_t j = 0; j < run; ++j) to[j] = (whole<K> ? T(0) : to[j]) + down[j] * slope<K>(from, j);
        }
      }
    }
  }
};

/// A layer that is such a function of `Least` to `Most` inputs.
template <class Function, size_t Least, size_t Most, class Wants>
struct ElementwiseLayer {
private:
  template <class In>
  struct judge {
    static constexpr bool fits = false;
    using problem = takes<Wants>;
  };
  template <class... S>
    requires(sizeof...(S) >= Least && sizeof...(S) <= Most)
  struct judge<Inputs<S...>> {
    static constexpr bool fits = Elementwise<Function, Inputs<S...>>::fits;
    using problem = std::conditional_t<fits, void, takes<Wants, of_shapes_that_broadcast>>;
  };

public:
  static constexpr bool many_inputs = true;
  template <class In>
  using problem = typename judge<In>::problem;
  template <class In>
  using at = std::conditional_t<judge<In>::fits, ElementwiseUnit<Function, In>, RefusedUnit<In>>;
  template <class In, Time>
  static constexpr bool steps = true;
};

}  // namespace tenon::detail
