#pragma once

#include <array>
#include <cstddef>

#include <tenon/expr/math.hpp>
#include <tenon/layers/dot.hpp>

namespace tenon {

namespace detail {

template <class S>
struct CosineUnit {
private:
  static constexpr size_t line = PairedLines<S>::line, lines = PairedLines<S>::lines;

public:
  using input = Inputs<S, S>;
  using output = typename PairedLines<S>::output;
  static constexpr std::array<ParameterSpec, 0> parameters{};
  using initializers = Initializers<>;
  static constexpr Needs needs{};
  static constexpr size_t macs = 3 * S::size;

  template <class Mode, class Ctx, class T>
  static constexpr void forward(Ctx&, const Memory<T>&, const RowsOf<const T, 2>& x, Rows<T> y, Mode) {
    for (size_t i = 0; i < y.count; ++i)
      for (size_t l = 0; l < lines; ++l) {
        const Sums<T> s(x[0][i] + l * line, x[1][i] + l * line);
        y[i][l] = s.product / (s.length[0] * s.length[1]);
      }
  }
  template <class Ctx, class T>
  static constexpr void backward(Ctx&, const Memory<T>&, const RowsOf<const T, 2>& x, Rows<const T>, Rows<const T> dy,
                                 const RowsOf<T, 2>& dx) {
    for (size_t i = 0; i < dy.count; ++i)
      for (size_t l = 0; l < lines; ++l) {
        const Sums<T> s(x[0][i] + l * line, x[1][i] + l * line);
        const T to_other = dy[i][l] / (s.length[0] * s.length[1]);
        for (size_t k = 0; k < 2; ++k) {
          if (!dx[k]) continue;
          // a length below the least one is replaced by that, a constant
          const T to_own = s.held[k] ? T(0) : to_other * (s.product / s.length[k]) / s.length[k];
          const T *const own = x[k][i] + l * line, *const other = x[1 - k][i] + l * line;
          T* const to = dx[k][i] + l * line;
          for (size_t j = 0; j < line; ++j) to[j] = to_other * other[j] - to_own * own[j];
        }
      }
  }

private:
  template <class T>
  struct Sums {
    static constexpr T least = static_cast<T>(1e-8);
    T product = 0, length[2]{};
    bool held[2]{};

    constexpr Sums(const T* a, const T* b) {
      for (size_t j = 0; j < line; ++j) {
        product += a[j] * b[j];
        length[0] += a[j] * a[j];
        length[1] += b[j] * b[j];
      }
      for (size_t k = 0; k < 2; ++k) {
        length[k] = math::sqrt(length[k]);
        held[k] = length[k] < least;
        if (held[k]) length[k] = least;
      }
    }
  };
};

}  // namespace detail

/// The cosine of the angle between two vectors, over the last axis, one number for each pair of steps:
///     y = (a . b) / (|a| |b|)
/// Each length is held above 1e-8.
///
/// Shapes: (F) and (F) to (1); (T, F) and (T, F) to (T). Gradients: (b / |b| - y a / |a|) dy / |a| and the other way
/// round. PyTorch: nn.CosineSimilarity(dim=-1). Keras: Dot(axes=-1, normalize=True). ONNX: ReduceL2, Mul, Div,
/// ReduceSum.
///
///     Node<"alike", CosineSimilarity, "left", "right">
struct CosineSimilarity : detail::PairLayer<detail::CosineUnit> {};

}  // namespace tenon
