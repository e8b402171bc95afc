#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include <tenon/init/initializer.hpp>

namespace tenon {

namespace detail {

/// Makes the rows of a matrix (or, if it has more rows than columns, its columns) orthonormal by the Gram-Schmidt
/// process, done twice for accuracy.
void orthonormalize(std::vector<double>& matrix, size_t rows, size_t columns);

/// A parameter as a matrix: (the first axis, the product of all others).
struct MatrixSize {
  size_t rows = 1, columns = 1;
  constexpr explicit MatrixSize(const ParameterSpec& spec)
      : rows(spec.rank == 0 ? 1 : spec.dims[0]), columns(spec.size() / (rows == 0 ? 1 : rows)) {}
};

}  // namespace detail

/// Saxe et al. 2014: a random matrix whose rows (its columns, where it is taller than wide) are orthogonal,
///     W W^T = Gain^2 I   or   W^T W = Gain^2 I.
/// A convolution's weight is taken as a matrix of (out, all other axes). PyTorch: init.orthogonal_.
template <auto Gain = 1.0>
struct Orthogonal {
  template <class T>
  static void fill(std::span<T> values, const ParameterSpec& spec, Stream& stream) {
    std::vector<double> matrix(values.size());
    for (double& v : matrix) v = stream.template normal<double>();
    const detail::MatrixSize size(spec);
    detail::orthonormalize(matrix, size.rows, size.columns);
    for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<T>(static_cast<double>(Gain) * matrix[i]);
  }
};

}  // namespace tenon
