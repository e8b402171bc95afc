#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <span>
#include <vector>

#include <tenon/init/orthogonal.hpp>

namespace tenon {

/// Martens 2010: in every column (the weights of one input to all n outputs) the fraction `Zeros` is zero:
///     w = 0   at ceil(Zeros n) random places of a column,
///     w ~ N(0, Deviation^2)   at the others.
/// PyTorch: init.sparse_.
template <auto Zeros, auto Deviation = 0.01>
struct Sparse {
  static_assert(Zeros >= 0 && Zeros <= 1, "Sparse<Zeros, Deviation> takes a part between 0 and 1");
  template <class T>
  static void fill(std::span<T> values, const ParameterSpec& spec, Stream& stream) {
    detail::fill_normal(values, static_cast<double>(Deviation), stream);
    const detail::MatrixSize size(spec);
    const auto zeros = static_cast<size_t>(std::ceil(static_cast<double>(Zeros) * static_cast<double>(size.rows)));
    std::vector<size_t> rows(size.rows);
    for (size_t column = 0; column < size.columns; ++column) {
      std::iota(rows.begin(), rows.end(), size_t{0});
      shuffle(rows, stream);
      for (size_t k = 0; k < zeros; ++k) values[rows[k] * size.columns + column] = T(0);
    }
  }
};

}  // namespace tenon
