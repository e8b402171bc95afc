#include <tenon/optim/clip.hpp>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include <tenon/error.hpp>

#include "support/golden.hpp"

using namespace tenon;
using Catch::Matchers::Contains;

namespace {

/// Two parameters' gradients side by side, as PyTorch clips them together.
std::vector<double> both(const test::Golden& golden, const std::string& of_case, const std::string& name) {
  std::vector<double> all = golden.values(of_case + "." + name + "_a");
  const auto b = golden.values(of_case + "." + name + "_b");
  all.insert(all.end(), b.begin(), b.end());
  return all;
}

template <class T, class Clip>
void follow(const std::string& of_case, Clip clip) {
  const test::Golden golden{"optimizers"};
  const auto given = both(golden, of_case, "gradient"), expected = both(golden, of_case, "clipped");
  std::vector<T> gradients(given.begin(), given.end());
  const double norm = clip(std::span<T>(gradients));
  const double tolerance = std::is_same_v<T, float> ? 1e-6 : 1e-12;
  if (golden.has(of_case + ".norm")) CHECK(norm == Approx(golden.value(of_case + ".norm")).epsilon(tolerance));
  for (std::size_t i = 0; i < gradients.size(); ++i)
    CHECK(static_cast<double>(gradients[i]) == Approx(expected[i]).epsilon(tolerance).margin(tolerance));
}

}  // namespace

TEMPLATE_TEST_CASE("clipping follows PyTorch", "", float, double) {
  using T = TestType;
  constexpr double infinity = std::numeric_limits<double>::infinity();
  follow<T>("clip_norm", [](std::span<T> g) { return clip_grad_norm(g, 1.5); });
  follow<T>("clip_norm_inactive", [](std::span<T> g) { return clip_grad_norm(g, 100); });
  follow<T>("clip_norm_infinity", [](std::span<T> g) { return clip_grad_norm(g, 1.5, infinity); });
  follow<T>("clip_value", [](std::span<T> g) { return clip_grad_value(g, 0.7), 0.0; });
}

TEST_CASE("other norms, and limits that make no sense") {
  std::vector<double> gradients{3, -4};
  CHECK(clip_grad_norm(std::span(gradients), 14, 1) == 7);
  CHECK(gradients == std::vector<double>{3, -4});
  // sums of |g|^400 that no double holds; the norm is the largest, times 2^(1/400)
  for (const double size : {10.0, 0.01}) {
    std::vector<double> alike{size, -size};
    CHECK(clip_grad_norm(std::span(alike), size / 2, 400) == Approx(size * std::pow(2, 1.0 / 400)));
    CHECK(alike[0] == Approx(size / 2 * std::pow(2, -1.0 / 400)).epsilon(1e-3));
  }
  CHECK_THROWS_WITH(clip_grad_norm(std::span(gradients), 0), Contains("expected a positive max_norm, got 0"));
  CHECK_THROWS_WITH(clip_grad_norm(std::span(gradients), 1, -1), Contains("expected a positive norm_type"));
  CHECK_THROWS_WITH(clip_grad_value(std::span(gradients), std::nan("")), Contains("expected a positive clip_value"));
}
