#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include <tenon/init/initializer.hpp>

namespace tenon {

namespace detail {

/// Makes the rows of a matrix (or, if it has more rows than columns, its columns) orthonormal, by Gram and Schmidt,
/// done twice for the digits.
void orthonormalize(std::vector<double>& matrix, std::size_t rows, std::size_t columns);

/// The first axis, and all others as one.
struct MatrixSize {
  std::size_t rows = 1, columns = 1;
  constexpr explicit MatrixSize(const ParameterSpec& spec)
      : rows(spec.rank == 0 ? 1 : spec.dims[0]), columns(spec.size() / (rows == 0 ? 1 : rows)) {}
};

}  // namespace detail

/// Saxe et al. 2014: a random matrix whose rows (its columns, where it is taller than wide) are orthogonal,
///     W W^T = Gain^2 I   or   W^T W = Gain^2 I.
/// Kernels are taken
/// as matrices of (out, all the rest). PyTorch: init.orthogonal_.
template <auto Gain = 1.0>
struct Orthogonal {
  template <class T>
  static void fill(std::span<T> values, const ParameterSpec& spec, Stream& stream) {
    std::vector<double> matrix(values.size());
    for (double& v : matrix) v = stream.template normal<double>();
    const detail::MatrixSize size(spec);
    detail::orthonormalize(matrix, size.rows, size.columns);
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<T>(static_cast<double>(Gain) * matrix[i]);
  }
};

}  // namespace tenon
