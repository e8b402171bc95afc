#include <tenon/init/orthogonal.hpp>

#include <cmath>

namespace tenon::detail {

void orthonormalize(std::vector<double>& matrix, std::size_t rows, std::size_t columns) {
  const bool by_rows = rows <= columns;
  const std::size_t count = by_rows ? rows : columns, length = by_rows ? columns : rows;
  const std::size_t step = by_rows ? 1 : columns, next = by_rows ? columns : 1;
  const auto product = [&](const double* a, const double* b) {
    double sum = 0;
    for (std::size_t i = 0; i < length; ++i) sum += a[i * step] * b[i * step];
    return sum;
  };
  for (std::size_t v = 0; v < count; ++v) {
    double* own = matrix.data() + v * next;
    for (int pass = 0; pass < 2; ++pass)
      for (std::size_t u = 0; u < v; ++u) {
        const double* other = matrix.data() + u * next;
        const double along = product(own, other);
        for (std::size_t i = 0; i < length; ++i) own[i * step] -= along * other[i * step];
      }
    const double norm = std::sqrt(product(own, own));
    for (std::size_t i = 0; i < length; ++i) own[i * step] /= norm;
  }
}

}  // namespace tenon::detail
