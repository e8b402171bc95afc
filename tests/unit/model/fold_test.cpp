#include <catch2/catch.hpp>

#include <cmath>
#include <cstddef>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

#include <tenon/edge/quantized_check.hpp>
#include <tenon/layers/batch_norm.hpp>
#include <tenon/layers/flatten.hpp>
#include <tenon/layers/relu.hpp>
#include <tenon/model/fold.hpp>
#include <tenon/networks/stepwise.hpp>
#include <tenon/random.hpp>

using namespace tenon;

namespace {

using Block = Residual<Conv2D<6, 3, padding<same>, bias<false>>, BatchNorm2D<>, ReLU, Conv2D<6, 1>,
                       BatchNorm2D<affine<false>>>;
using Net = Sequential<
    Input<2, 5, 5>,
    Named<"stem", Sequential<Named<"conv", Conv2D<6, 3, bias<false>, padding<1>, groups<2>>>,
                             Named<"norm", BatchNorm2D<epsilon<1e-3>>>, ReLU>>,
    Repeat<2, Block>,
    Add<Sequential<ConvTranspose2D<4, 2, stride<2>, groups<2>>, BatchNorm2D<>>, ConvTranspose2D<4, 2, stride<2>>>,
    BatchNorm2D<>, Flatten, Dense<7>, BatchNorm1D<>, ReLU>;

using FoldedBlock = Residual<Conv2D<6, 3, padding<same>>, Identity, ReLU, Conv2D<6, 1>, Identity>;
static_assert(
    std::is_same_v<Folded<Net>, Sequential<Input<2, 5, 5>,
                                           Named<"stem", Sequential<Named<"conv", Conv2D<6, 3, padding<1>, groups<2>>>,
                                                                    Named<"norm", Identity>, ReLU>>,
                                           Repeat<2, FoldedBlock>,
                                           Add<Sequential<ConvTranspose2D<4, 2, stride<2>, groups<2>>, Identity>,
                                               ConvTranspose2D<4, 2, stride<2>>>,
                                           BatchNorm2D<>, Flatten, Dense<7>, Identity, ReLU>>);

}  // namespace

namespace {

template <class Net>
void check_folded() {
  Model<Net, double> model{1};
  Stream stream{2};
  model.for_each_parameter([&](std::string_view name, std::span<double> values) {
    for (double& value : values)
      value = name.ends_with("running_var") ? stream.uniform(0.3, 3.0) : stream.uniform(-1.0, 1.0);
  });
  const auto folded = fold(model);
  constexpr std::size_t batch = 3;
  std::vector<double> x(batch * input_shape<Net>::size), before(batch * output_shape<Net>::size), after(before.size());
  for (double& value : x) value = stream.uniform(-2.0, 2.0);
  model.predict(x, before);
  folded.predict(x, after);
  double largest = 0;
  for (std::size_t i = 0; i < before.size(); ++i) {
    CHECK(std::abs(after[i] - before[i]) < 1e-10 * (1 + std::abs(before[i])));
    largest = std::max(largest, before[i]);
  }
  CHECK(largest > 0.1);
}

// Nodes are no neighbours, but what stands in them is folded for what it is given: Dense over steps, and of one vector.
using Tower = Sequential<Dense<5, bias<false>>, BatchNorm1D<>, ReLU>;
using Siamese = Graph<In<"x", 4>, In<"z", 4>, In<"steps", 3, 4>, Node<"one", Tower, "x">,
                      Node<"other", Shared<"one">, "z">, Node<"each", Sequential<Dense<5>, BatchNorm1D<>>, "steps">,
                      Node<"flat", Flatten, "each">, Node<"norm", BatchNorm1D<>, "other">,
                      Node<"all", Concat<>, "one", "norm", "flat">, Out<"all", "other">>;
static_assert(std::is_same_v<
              Folded<Siamese>,
              Graph<In<"x", 4>, In<"z", 4>, In<"steps", 3, 4>, Node<"one", Sequential<Dense<5>, Identity, ReLU>, "x">,
                    Node<"other", Shared<"one">, "z">, Node<"each", Sequential<Dense<5>, BatchNorm1D<>>, "steps">,
                    Node<"flat", Flatten, "each">, Node<"norm", BatchNorm1D<>, "other">,
                    Node<"all", Concat<>, "one", "norm", "flat">, Out<"all", "other">>>);

// Who has no rule for a graph says so.
static_assert(std::is_same_v<refusal<step_by_step, Siamese>, cannot_run<layer<path<>, Siamese>, step_by_step>>);
static_assert(runs_as<in_int8, Siamese>);

}  // namespace

TEST_CASE("a folded model predicts what the model predicts") {
  check_folded<Net>();
  check_folded<Siamese>();
}
