#include <tenon/optim/regularizer.hpp>

#include <array>
#include <cmath>

#include <tenon/optim/optimizer.hpp>

namespace tenon::detail {

namespace {

using namespace optimizing;

// The array that is updated is the gradients', and what an optimizer would call the gradient is the weights.
constexpr auto gradient_so_far = parameter;
constexpr auto weight = grad;
using Add = Update<gradient_so_far + (param<"l1"> * sign(weight) + param<"l2"> * weight)>;

}  // namespace

template <class T>
double add_penalty(std::span<const T> parameters, std::span<T> gradients, double l1, double l2) {
  if (!gradients.empty()) Add::run(gradients.data(), parameters.data(), {}, parameters.size(), std::array{l1, l2});
  double absolute = 0, squares = 0;
  for (const T v : parameters) {
    const double w = v;
    absolute += std::abs(w);
    squares += w * w;
  }
  return l1 * absolute + l2 / 2 * squares;
}

template double add_penalty(std::span<const float>, std::span<float>, double, double);
template double add_penalty(std::span<const double>, std::span<double>, double, double);

}  // namespace tenon::detail
