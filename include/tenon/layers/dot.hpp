#pragma once

#include <array>
#include <cstddef>
#include <type_traits>

#include <tenon/layers/several_inputs.hpp>

namespace tenon {

namespace detail {

/// Two inputs of one shape, whose last axes meet: the shape of what comes of it.
template <class S>
struct PairedLines {
  static constexpr size_t line = S::dims[S::rank - 1], lines = S::size / line;
  using output = shape_with<[] {
    std::array<size_t, (S::rank > 1 ? S::rank - 1 : 1)> dims{1};
    for (size_t k = 0; k + 1 < S::rank; ++k) dims[k] = S::dims[k];
    return dims;
  }()>;
};

/// A layer of two inputs of one shape.
template <template <class> class Unit>
struct PairLayer {
private:
  template <class In>
  struct judge {
    using problem = takes<two_inputs>;
    using type = RefusedUnit<In>;
  };
  template <class A, class B>
  struct judge<Inputs<A, B>> {
    static constexpr bool fits = std::is_same_v<A, B> && A::rank > 0 && A::size > 0;
    using problem = std::conditional_t<fits, void, takes<two_inputs, of_one_shape>>;
    using type = std::conditional_t<fits, Unit<A>, RefusedUnit<Inputs<A, B>>>;
  };

public:
  static constexpr bool many_inputs = true;
  template <class In>
  using problem = typename judge<In>::problem;
  template <class In>
  using at = typename judge<In>::type;
};

template <class S>
struct DotUnit {
private:
  static constexpr size_t line = PairedLines<S>::line, lines = PairedLines<S>::lines;

public:
  using input = Inputs<S, S>;
  using output = typename PairedLines<S>::output;
  static constexpr std::array<ParameterSpec, 0> parameters{};
  using initializers = Initializers<>;
  static constexpr Needs needs{};
  static constexpr size_t macs = S::size;

  template <class To>
  static auto onnx(To& to) {
    const auto products = to.node("Mul", {to.input(0), to.input(1)});
    return to.node("ReduceSum", {products, to.integers({-1})}, {{"keepdims", S::rank > 1 ? 0 : 1}});
  }
  template <class Mode, class Ctx, class T>
  static constexpr void forward(Ctx&, const Memory<T>&, const RowsOf<const T, 2>& x, Rows<T> y, Mode) {
    for (size_t i = 0; i < y.count; ++i)
      for (size_t l = 0; l < lines; ++l) {
        const T *const a = x[0][i] + l * line, *const b = x[1][i] + l * line;
        T sum = 0;
        for (size_t j = 0; j < line; ++j) sum += a[j] * b[j];
        y[i][l] = sum;
      }
  }
  template <class Ctx, class T>
  static constexpr void backward(Ctx&, const Memory<T>&, const RowsOf<const T, 2>& x, Rows<const T>, Rows<const T> dy,
                                 const RowsOf<T, 2>& dx) {
    for (size_t k = 0; k < 2; ++k)
      for (size_t i = 0; dx[k] && i < dy.count; ++i)
        for (size_t l = 0; l < lines; ++l)
          for (size_t j = l * line; j < (l + 1) * line; ++j) dx[k][i][j] = dy[i][l] * x[1 - k][i][j];
  }
};

}  // namespace detail

/// y = sum of a b over the last axis: how much two vectors have in common, one number for each pair of steps.
///
/// Shapes: (F) and (F) to (1); (T, F) and (T, F) to (T). Gradients: dy b and dy a. PyTorch: (a * b).sum(-1).
/// Keras: Dot(axes=-1). ONNX: Mul, ReduceSum.
///
///     Node<"score", Dot, "user", "film">
struct Dot : detail::PairLayer<detail::DotUnit> {};

}  // namespace tenon
