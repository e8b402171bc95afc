#include <tenon/expr/functions.hpp>
#include <tenon/expr/lower.hpp>

#include "formula_rig.hpp"

using namespace tenon;
using formula_rig::Case;

namespace {

/// Odd widths around the lengths of vectors, several rows, and rows that lie apart.
template <auto F>
void check_rows(double lowest = -2, double highest = 2) {
  using Formula = expr::lift<F>;
  for (const std::size_t width : {1u, 2u, 3u, 7u, 16u, 17u, 130u})
    for (const std::size_t rows : {1u, 3u}) {
      const Case c{rows, width, width % 3, lowest, highest, static_cast<unsigned>(width + rows)};
      formula_rig::check<Formula, double>(c, 1e-13, 1e-8);
      formula_rig::check<Formula, float>(c, 3e-6, 3e-5);
    }
}

}  // namespace

TEST_CASE("softmax and its logarithm") {
  check_rows<exp(x - stop_gradient(max(x))) / sum(exp(x - stop_gradient(max(x))))>(-5, 5);
  check_rows<x - stop_gradient(max(x)) - log(sum(exp(x - stop_gradient(max(x)))))>(-5, 5);
}

TEST_CASE("normalisations") {
  check_rows<(x - mean(x)) / sqrt(variance(x) + 0.1)>();
  check_rows<(x - mean(x)) / sqrt(variance(x) + 0.1) * param<"weight", PerFeature> + param<"bias", PerFeature>>();
  check_rows<x / sqrt(mean(x * x) + 0.1) * param<"weight", PerFeature>>();
  check_rows<x / norm(x)>(0.5, 2);
  check_rows<x - mean(x)>();
}

TEST_CASE("extremes of a row") {
  check_rows<x - max(x)>();
  check_rows<x * min(x)>();
  check_rows<(x - min(x)) / (max(x) - min(x) + 1)>();
}
