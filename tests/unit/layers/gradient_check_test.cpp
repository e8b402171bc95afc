#include <catch2/catch.hpp>

#include <array>
#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

#include <tenon/net/networks.hpp>

#include "support/gradient_check.hpp"
#include "support/test_layers.hpp"

using namespace tenon;
using namespace tenon::test;

namespace {

enum class Mistake {
  none,
  wrong_dx,
  wrong_weight,
  overwrites,
  forgets_to_overwrite,
  needs_dx,
  ignores_stride,
  reads_unwritten,
  writes_beyond,
  saves_too_much,
  differs_in_evaluation
};

/// y = w * sin(x), w one number for each feature, with one mistake at a time.
template <Mistake M>
struct Wave {
  template <class In>
  struct at {
    using input = In;
    using output = In;
    static constexpr std::size_t size = In::size;
    static constexpr std::array<ParameterSpec, 1> parameters{ParameterSpec{"weight", {size}, 1}};
    using initializers = Initializers<Ones>;
    static constexpr Needs needs{.saved = {.sample = size}};

    template <class Mode, class Ctx, class T>
    static void forward(Ctx&, Memory<T> memory, Rows<const T> x, Rows<T> y, Mode) {
      const std::size_t stride = M == Mistake::ignores_stride ? size : y.stride;
      for (std::size_t s = 0; s < x.count; ++s) {
        for (std::size_t i = 0; i < size; ++i) {
          const T factor = M == Mistake::differs_in_evaluation && !Mode::training ? 2 : 1;
          y.data[s * stride + i] = factor * memory.parameters.values[i] * std::sin(x[s][i]);
          if (Mode::training) memory.workspace.saved[s * size + i] = std::sin(x[s][i]);
        }
      }
      if (M == Mistake::saves_too_much && Mode::training) memory.workspace.saved[x.count * aligned(size)] = 1;
    }

    template <class Ctx, class T>
    static void backward(Ctx& ctx, Memory<T> memory, Rows<const T> x, Rows<const T>, Rows<const T> dy, Rows<T> dx) {
      for (std::size_t i = 0; i < size; ++i) {
        T sum = 0;
        for (std::size_t s = 0; s < dy.count; ++s) {
          sum += dy[s][i] * memory.workspace.saved[s * size + i];
          if (M == Mistake::wrong_weight && s == 1) sum += dy[s][i] / 1000;
          if (dx) dx[s][i] = dy[s][i] * memory.parameters.values[i] * std::cos(x[s][i]);
          if (dx && M == Mistake::wrong_dx) dx[s][i] *= T(1.001);
        }
        const bool adds = M == Mistake::overwrites             ? false
                          : M == Mistake::forgets_to_overwrite ? true
                                                               : !ctx.overwrite_gradients;
        if (M == Mistake::needs_dx && !dx) sum = 0;
        if (M == Mistake::reads_unwritten) sum += 0 * memory.parameters.gradients[i];
        memory.parameters.gradients[i] = sum + (adds ? memory.parameters.gradients[i] : T(0));
      }
      if (M == Mistake::writes_beyond && dx) dx.data[dx.count * dx.stride] = 1;
    }
  };
};

template <Mistake M>
std::vector<std::string> faults_of() {
  return gradient_faults<Sequential<Input<4>, Wave<M>>>();
}

/// Whether one of the faults has these words.
bool has_fault(const std::vector<std::string>& faults, const std::string& words) {
  for (const std::string& fault : faults) {
    if (fault.find(words) != std::string::npos) return true;
  }
  UNSCOPED_INFO((faults.empty() ? "no fault was found" : faults.front()));
  return false;
}

/// |x|, whose derivative jumps.
struct Fold {
  template <class In>
  struct at : test_layers::Square::at<In> {
    template <class Mode, class Ctx, class T>
    static void forward(Ctx&, Memory<T>, Rows<const T> x, Rows<T> y, Mode) {
      for (std::size_t s = 0; s < y.count; ++s) y[s][0] = std::abs(x[s][0]);
    }
    template <class Ctx, class T>
    static void backward(Ctx&, Memory<T>, Rows<const T> x, Rows<const T>, Rows<const T> dy, Rows<T> dx) {
      if (!dx) return;
      for (std::size_t s = 0; s < dy.count; ++s) dx[s][0] = x[s][0] < 0 ? -dy[s][0] : dy[s][0];
    }
  };
};

}  // namespace

TEST_CASE("a right backward has no faults") {
  CHECK(faults_of<Mistake::none>().empty());
  check_gradients<Sequential<Input<4>, Wave<Mistake::none>>>();
  check_gradients<Sequential<test_layers::Affine<4, 3>, test_layers::HyperTan, test_layers::Scale>>();
}

TEST_CASE("a wrong backward is found, and the fault named") {
  CHECK(has_fault(faults_of<Mistake::wrong_dx>(), "dx of sample 0 of 1[0]: backward says"));
  CHECK(has_fault(faults_of<Mistake::wrong_weight>(), "0.weight[0]: backward says"));
  CHECK(has_fault(faults_of<Mistake::overwrites>(), "does not add"));
  CHECK(has_fault(faults_of<Mistake::forgets_to_overwrite>(), "backward says nan"));
  CHECK(has_fault(faults_of<Mistake::needs_dx>(), "without dx"));
}

TEST_CASE("wrong use of memory is found") {
  CHECK(has_fault(faults_of<Mistake::ignores_stride>(), "y depends on the distance of rows"));
  CHECK(has_fault(faults_of<Mistake::reads_unwritten>(), "backward says nan"));
  CHECK(has_fault(faults_of<Mistake::writes_beyond>(), "backward wrote beyond dx"));
  CHECK(has_fault(faults_of<Mistake::saves_too_much>(), "forward wrote beyond its saved numbers"));
  CHECK(has_fault(faults_of<Mistake::differs_in_evaluation>(), "evaluation gives something else"));
}

TEST_CASE("a kink is not taken for a wrong gradient") {
  check_gradients<Sequential<Input<1>, Fold>>();
  // all points within the step of the kink: no difference is one of the derivative
  const GradientOptions at_the_kink{.low = -1e-7, .high = 1e-7};
  CHECK(has_fault(gradient_faults<Sequential<Input<1>, Fold>>(at_the_kink), "every attempt met a kink"));
}

TEST_CASE("differences of any function") {
  std::vector<double> at{0.5, -1.5};
  const auto f = [&] { return std::exp(at[0]) * at[1]; };
  const std::vector<double> right{std::exp(0.5) * -1.5, std::exp(0.5)}, wrong{1.0, std::exp(0.5)};
  GradientComparison good, bad;
  compare_gradient(good, f, at, right, "f");
  compare_gradient(bad, f, at, wrong, "f");
  CHECK(good.faults.empty());
  REQUIRE(bad.faults.size() == 1);
  CHECK(has_fault(bad.faults, "f[0]: backward says 1, differences say -2.473"));
}
