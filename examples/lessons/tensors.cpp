// Tensors: numbers in rows, columns and more axes, with a shape and a type; sums without loops.
// prints: shape \(2, 3\), float, 24 bytes\n.*11 22 33 14 25 36\n.*sum 21, mean of the columns 2\.5 3\.5 4\.5
#include "lesson.hpp"

#include <tenon/model/tensor_tools.hpp>

#include <type_traits>

using namespace tenon;

int main(int argc, char** argv) {
  const std::string out = lesson::folder(argc, argv, "Tensors: shapes, types, sums");

  const xt::xtensor<float, 2> a{{1, 2, 3}, {4, 5, 6}};
  using Number = decltype(a)::value_type;
  std::printf("shape (%zu, %zu), %s, %zu bytes\n", a.shape(0), a.shape(1),
              std::is_same_v<Number, float> ? "float" : "double", a.size() * sizeof(Number));

  // A row is added to every row: its one axis is matched with the last of a. Nothing is computed before it is needed.
  const xt::xtensor<float, 1> row{10, 20, 30};
  const xt::xtensor<float, 2> sum = a + row;
  std::printf("a + row:");
  for (const float v : sum) std::printf(" %g", static_cast<double>(v));

  const xt::xtensor<float, 1> mean = xt::mean(a, {0});
  std::printf("\nsum %g, mean of the columns %g %g %g\n", static_cast<double>(xt::sum(a)()),
              static_cast<double>(mean(0)), static_cast<double>(mean(1)), static_cast<double>(mean(2)));

  // A column times a row is a table of products.
  const xt::xtensor<double, 1> n = xt::arange<double>(1, 13);
  const xt::xtensor<double, 2> table = xt::view(n, xt::all(), xt::newaxis()) * n;
  Plot plot{.title = "12 x 12 products, shape (12, 12)", .width = 460, .height = 440};
  plot.areas.push_back({0.5, 12.5, 0.5, 12.5, 12, 12, {table.begin(), table.end()}});
  plot.save(out + "tensors.svg");
}
