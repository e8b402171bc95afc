// How often a layer's forward and backward touch memory: what fuses makes one pass.
#include "support/watched.hpp"

#include <catch2/catch.hpp>

#include <cstddef>
#include <vector>

#include <tenon/layers/dense.hpp>
#include <tenon/layers/dropout.hpp>
#include <tenon/layers/layer_norm.hpp>
#include <tenon/layers/leaky_relu.hpp>
#include <tenon/layers/relu.hpp>
#include <tenon/layers/sigmoid.hpp>
#include <tenon/layers/softmax.hpp>
#include <tenon/layers/tanh.hpp>

#include "support/network_run.hpp"

using namespace tenon;
using namespace tenon::test;

namespace {

constexpr std::size_t batch = 3;

/// What the two passes of a network do to the arrays they are given.
struct Passes {
  Traffic x, y;                      // forward
  Traffic x_again, y_again, dy, dx;  // backward
  Traffic kept, kept_again;          // what forward keeps for backward
};

/// Products are taken out of the count: they read and write as a GEMM does.
struct Uncounted : PlainContext<Watched> {
  template <class... A>
  void gemm(kernels::Transpose, kernels::Transpose, std::size_t, std::size_t, std::size_t, A...) const {}
};

template <class Net>
Passes passes_of() {
  using Bound = bound_network<Net>;
  constexpr Needs needs = workspace<Net>.needs;
  std::vector<Watched> x(batch * Bound::input::size, 0.5), y(batch * Bound::output::size, 0.25);
  std::vector<Watched> dy(y.size(), 1), dx(x.size(), 0);
  std::vector<Watched> parameters(workspace<Net>.trainable_size + 1, 0.5), gradients(parameters.size(), 0);
  std::vector<Watched> saved(needs.saved.sample * batch + 1, 0), scratch(1000, 0);
  Memory<Watched> memory{};
  memory.parameters.values = parameters.data();
  memory.parameters.gradients = gradients.data();
  memory.workspace.saved = saved.data();
  memory.workspace.scratch = scratch.data();
  Uncounted context;
  Passes passes;
  const Rows<const Watched> in{x.data(), batch, Bound::input::size}, out{y.data(), batch, Bound::output::size};
  const std::size_t all_saved = needs.saved.sample == 0 ? 1 : batch * Bound::output::size;
  const auto counted = [](const Watch& watch) {
    CHECK(watch.even());
    return watch.each();
  };
  {
    const Watch of_x(x.data(), x.size()), of_y(y.data(), y.size()), of_saved(saved.data(), all_saved);
    run_forward<Bound>(context, memory, in, Rows<Watched>{y.data(), batch, Bound::output::size}, Training{});
    passes.x = counted(of_x);
    passes.y = counted(of_y);
    passes.kept = of_saved.each();
  }
  {
    const Watch of_x(x.data(), x.size()), of_y(y.data(), y.size()), of_saved(saved.data(), all_saved);
    const Watch of_dy(dy.data(), dy.size()), of_dx(dx.data(), dx.size());
    run_backward<Bound>(context, memory, in, out, Rows<const Watched>{dy.data(), batch, Bound::output::size},
                        Rows<Watched>{dx.data(), batch, Bound::input::size});
    passes.x_again = counted(of_x);
    passes.y_again = counted(of_y);
    passes.dy = counted(of_dy);
    passes.dx = counted(of_dx);
    passes.kept_again = of_saved.each();
  }
  return passes;
}

constexpr Traffic none{0, 0}, read_once{1, 0}, written_once{0, 1}, changed_once{1, 1};

}  // namespace

TEST_CASE("reads and writes of watched numbers are noticed") {
  std::vector<Watched> numbers(4, 1.0);
  const Watch watch(numbers.data(), 4);
  CHECK(watch.each() == none);
  for (Watched& number : numbers) number = number + number;
  CHECK(watch.each() == Traffic{2, 1});
  const Watched copy = numbers[0];
  CHECK(copy.value() == 2);
  CHECK_FALSE(watch.even());
}

TEST_CASE("an activation reads its input once and writes its output once") {
  const Passes relu = passes_of<Sequential<Input<8>, ReLU>>();
  CHECK(relu.x == read_once);
  CHECK(relu.y == written_once);
  CHECK(relu.dy == read_once);
  CHECK(relu.dx == written_once);
  const Passes tanh = passes_of<Sequential<Input<8>, Tanh>>();
  CHECK(tanh.x == read_once);
  CHECK(tanh.y == written_once);
  CHECK(tanh.y_again == read_once);  // 1 - y * y
  CHECK(tanh.x_again == none);
  CHECK(tanh.dy == read_once);
  CHECK(tanh.dx == written_once);
}

TEST_CASE("a chain of element-wise layers is one pass") {
  const Passes chain = passes_of<Sequential<Input<8>, LeakyReLU<0.25>, Tanh, LeakyReLU<0.5>>>();
  CHECK(chain.x == read_once);
  CHECK(chain.y == written_once);
  CHECK(chain.dy == read_once);
  CHECK(chain.dx == written_once);
}

TEST_CASE("bias, activation and dropout are one pass over what the product gave") {
  const Passes plain = passes_of<Sequential<Dense<4, 8>, ReLU>>();
  CHECK(plain.y == changed_once);
  CHECK(plain.dy == read_once);
  CHECK(plain.kept == none);
  const Passes dropped = passes_of<Sequential<Dense<4, 8>, ReLU, Dropout<0.5>>>();
  CHECK(dropped.y == changed_once);
  CHECK(dropped.kept == Traffic{1, 2});  // the mask is drawn, read and, times the slope, kept
  CHECK(dropped.dy == read_once);
  CHECK(dropped.kept_again == read_once);
}

TEST_CASE("a row formula passes once for each reduction that waits for another") {
  // max, then the sum of exp(x - max), then the quotient; exp is kept in the result between them.
  const Passes softmax = passes_of<Sequential<Input<8>, Softmax>>();
  CHECK(softmax.x == Traffic{2, 0});
  CHECK(softmax.y == Traffic{1, 2});
  CHECK(softmax.y_again == Traffic{2, 0});  // sum of y * dy, then y * (dy - sum)
  CHECK(softmax.dy == Traffic{2, 0});
  CHECK(softmax.dx == written_once);
  const Passes norm = passes_of<Sequential<Input<8>, LayerNorm<affine<false>>>>();
  CHECK(norm.x == Traffic{3, 0});  // mean, variance, result
  CHECK(norm.y == written_once);
  CHECK(norm.dx == written_once);
}
