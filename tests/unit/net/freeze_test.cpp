#include "support/gradient_check.hpp"

#include <tenon/tenon.hpp>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

using namespace tenon;

namespace {

using Features = Sequential<Dense<64, 20>, ReLU, Dense<12>, Tanh>;
using Net = Sequential<Named<"features", Features>, Named<"head", Dense<10>>, Softmax>;
using Tuned = freeze<Net, "features">;

static_assert(
    std::is_same_v<Tuned, Sequential<Named<"features", Freeze<Features>>, Named<"head", Dense<10>>, Softmax>>);
static_assert(std::is_same_v<freeze<Net, "features.2">,
                             Sequential<Named<"features", Sequential<Dense<64, 20>, ReLU, Freeze<Dense<12>>, Tanh>>,
                                        Named<"head", Dense<10>>, Softmax>>);
static_assert(std::is_same_v<freeze<Sequential<Input<4>, Dense<3>, Dense<2>>, "0", "1">,
                             Sequential<Input<4>, Freeze<Dense<3>>, Freeze<Dense<2>>>>);
template <class A, class B>
constexpr bool freeze_keeps_names = std::ranges::equal(parameter_table<A>, parameter_table<B>,
                                                       [](const ParameterEntry& a, const ParameterEntry& b) {
                                                         return a.name == b.name;
                                                       });

// A copy of a Repeat, and what stands in a part without a name or step of its own.
using Block = Sequential<Dense<4>, Tanh>;
static_assert(std::is_same_v<freeze<Sequential<Input<4>, Repeat<3, Block>>, "0.1">,
                             Sequential<Input<4>, Sequential<Block, Freeze<Block>, Block>>>);
// Copies of a block of several inputs become nodes that have their indices for names.
using Conditioned = Graph<In<"x">, In<"t">, Node<"a", Dense<4>, "x">, Node<"b", Dense<4>, "t">,
                          Node<"y", Multiply, "a", "b">, Out<"y">>;
template <class Body>
using Repeated = Graph<In<"x", 4>, In<"t", 3>, Node<"body", Body, "x", "t">, Node<"y", Dense<2>>, Out<"y">>;
static_assert(
    std::is_same_v<
        freeze<Repeated<Repeat<3, Conditioned>>, "body.1">,
        Repeated<Graph<In<"x">, In<"t">, Node<"0", Conditioned, "x", "t">, Node<"1", Freeze<Conditioned>, "0", "t">,
                       Node<"2", Conditioned, "1", "t">, Node<"y", detail::OutputAt<0>, "2">, Out<"y">>>>);
using Both = Graph<In<"x">, In<"t">, Node<"a", Dense<4>, "x">, Node<"b", Dense<3>, "t">, Out<"a", "b">>;
template <class Body>
using BothRepeated = Graph<In<"x", 4>, In<"t", 3>, Node<"body", Body, "x", "t">, Node<"y", Dense<2>, "body.b">,
                           Out<"y", "body.a">>;
static_assert(std::ranges::equal(parameter_table<freeze<BothRepeated<Repeat<3, Both>>, "body.0.b">>,
                                 parameter_table<BothRepeated<Repeat<3, Both>>>,
                                 [](const ParameterEntry& a, const ParameterEntry& b) {
                                   return a.name == b.name && a.trainable == !a.name.starts_with("body.0.b.") &&
                                          b.trainable;
                                 }));
static_assert(
    std::is_same_v<freeze<Sequential<Input<4>, Inline<Residual<Named<"fc", Block>>>, Gate<Dense<4>>>, "fc.0", "1.0">,
                   Sequential<Input<4>, Inline<Residual<Named<"fc", Sequential<Freeze<Dense<4>>, Tanh>>>>,
                              Gate<Freeze<Dense<4>>>>>);
static_assert(std::is_same_v<freeze<Sequential<Input<6, 4>, TimeDistributed<Block>, Masked<0, Dense<2>>>, "0.0", "1.0">,
                             Sequential<Input<6, 4>, TimeDistributed<Sequential<Freeze<Dense<4>>, Tanh>>,
                                        Masked<0, Freeze<Dense<2>>>>>);
static_assert(std::is_same_v<freeze<Named<"net", Sequential<Dense<4, 3>, Tanh>>, "net.0">,
                             Named<"net", Sequential<Freeze<Dense<4, 3>>, Tanh>>>);
static_assert(freeze_keeps_names<GPT<7, 5, 2, 1, 4>, freeze<GPT<7, 5, 2, 1, 4>, "3.1.self_attn">>);
static_assert(parameter_count<Net> == parameter_count<Tuned> + 64 * 20 + 20 + 20 * 12 + 12);
static_assert(parameter_count<Tuned> == 12 * 10 + 10);

constexpr auto quiet = Progress::Mode::quiet;

template <class M>
std::vector<std::string> names_of(const M& model) {
  std::vector<std::string> names;
  model.for_each_parameter([&](std::string_view name, auto) { names.emplace_back(name); });
  return names;
}

/// Up to rounding: layers that are frozen fuse with their neighbours otherwise.
bool close(const std::vector<double>& a, const std::vector<double>& b) {
  return std::ranges::equal(a, b, [](double x, double y) { return std::abs(x - y) <= 1e-12 * (1 + std::abs(y)); });
}

/// A middle that does not learn, with all kinds of parameters in it, between layers that do.
template <class Middle>
using Around = Sequential<Input<2, 6, 6>, Conv2D<3, 3>, Middle, Conv2D<2, 3>, Flatten, Dense<5>>;
using Middle = Sequential<Conv2D<4, 3, padding<1>>, ReLU, BatchNorm2D<>, LayerNorm<>, Conv2D<3, 1>, PReLU<>>;
// Its statistics are those of the whole batch, frozen or not.
static_assert(workspace<Around<Freeze<Middle>>>.looks_at_batch && !workspace<Around<Freeze<Middle>>>.keeps_apart);

}  // namespace

TEST_CASE("frozen parts keep names and values, learn nothing and need nothing") {
  Model<Net> first{1};
  Model<Tuned> tuned{2};
  CHECK(names_of(first) == names_of(tuned));
  CHECK(copy_parameters(first, tuned) == 6);
  const auto images = digits().take(5);
  std::vector<float> a(50), b(50);
  first.predict(images.features(), a);
  tuned.predict(images.features(), b);
  CHECK(a == b);

  CHECK(workspace<Tuned>.trainable_size < 200);
  CHECK(training_bytes<Tuned, Adam>(32) + 3 * 4 * (64 * 20 + 20 * 12) < training_bytes<Net, Adam>(32));
  using Training = Trainer<Model<Tuned>, CrossEntropy<>, Adam>;  // threads read one copy of what is frozen
  CHECK(Training::bytes(64, 2) < Training::bytes(64, 1) + 4 * 64 * 20);

  fit(tuned, digits().take(200), Fit{.epochs = 2, .progress = quiet});
  CHECK(std::ranges::equal(tuned.get<"features.0.weight">(), first.get<"features.0.weight">()));
  CHECK(std::ranges::equal(tuned.get<"features.2.bias">(), first.get<"features.2.bias">()));
  CHECK_FALSE(std::ranges::equal(tuned.get<"head.weight">(), first.get<"head.weight">()));
}

TEST_CASE("frozen copies of a block of two inputs are those that the others are") {
  const auto check = []<class Whole, class Part>(std::type_identity<Whole>, std::type_identity<Part>) {
    Model<Whole> whole{1};
    Model<Part> part{2};
    CHECK(copy_parameters(whole, part) == parameter_table<Whole>.size());
    constexpr std::size_t outputs = output_shape<Whole>::size;
    std::vector<float> given(5 * 7), a(5 * outputs), b(5 * outputs);
    for (std::size_t i = 0; i < given.size(); ++i) given[i] = static_cast<float>(i % 11) - 4;
    whole.predict(std::span<const float>(given), std::span<float>(a));
    part.predict(std::span<const float>(given), std::span<float>(b));
    CHECK(a == b);
  };
  using Once = Repeated<Repeat<3, Conditioned>>;
  check(std::type_identity<Once>{}, std::type_identity<freeze<Once, "body.1", "body.0.b">>{});
  using Twice = BothRepeated<Repeat<3, Both>>;
  check(std::type_identity<Twice>{}, std::type_identity<freeze<Twice, "body.2", "body.0.b">>{});
}

TEST_CASE("a frozen middle passes on the gradient that it would as a learning one") {
  Model<Around<Middle>, double> learning{3};
  Model<Around<Freeze<Middle>>, double> frozen{4};
  const std::size_t all = parameter_table<Around<Middle>>.size();
  REQUIRE(copy_parameters(learning, frozen) == all);

  Stream random(1);
  std::vector<double> x(3 * 72), t(3 * 5);
  for (double& v : x) v = random.normal<double>();
  for (double& v : t) v = random.normal<double>();
  const Batch<double> batch{.features = x, .labels = {}, .targets = t, .count = 3, .first = 0, .indices = {}};
  const auto gradient_of = [&](auto& model, std::string_view wanted) {
    Trainer trainer{model, MeanSquaredError{}, SGD{}, 3, 1};
    trainer.zero_grad();
    trainer.forward(batch);
    trainer.backward();
    std::vector<double> found;
    std::size_t count = 0;
    trainer.for_each_parameter([&](std::string_view name, auto, auto gradient) {
      ++count;
      if (name == wanted) found.assign(gradient.begin(), gradient.end());
    });
    return std::pair(found, count);
  };
  for (const auto name : {"0.weight", "0.bias", "2.weight", "4.bias"}) {
    const auto [expected, expected_count] = gradient_of(learning, name);
    const auto [got, count] = gradient_of(frozen, name);
    CHECK_FALSE(expected.empty());
    CHECK(close(got, expected));
    CHECK(count < expected_count);
  }
  // running statistics run, as PyTorch's do
  CHECK(frozen.get<"1.2.running_mean">()(0) != 0);
}

TEST_CASE("frozen recurrent and attention layers pass on their gradient") {
  using Sequence = Sequential<LSTM<4, diagonal_peepholes>, GRU<4, linear_before_reset<false>>, GRU<6, bidirectional>,
                              MultiheadAttention<2>>;
  using Learning = Sequential<Input<5, 3>, Dense<4>, Sequence, Last, Dense<2>>;
  using Frozen = Sequential<Input<5, 3>, Dense<4>, Freeze<Sequence>, Last, Dense<2>>;
  Model<Learning, double> learning{3};
  Model<Frozen, double> frozen{4};
  REQUIRE(copy_parameters(learning, frozen) == parameter_table<Learning>.size());
  std::vector<double> x(2 * 15), t(2 * 2, 0.5);
  Stream random(1);
  for (double& v : x) v = random.normal<double>();
  const Batch<double> batch{.features = x, .labels = {}, .targets = t, .count = 2, .first = 0, .indices = {}};
  const auto gradient_of = [&](auto& model) {
    Trainer trainer{model, MeanSquaredError{}, SGD{}, 2, 1};
    trainer.zero_grad();
    trainer.forward(batch);
    trainer.backward();
    std::vector<double> found;
    trainer.for_each_parameter([&](std::string_view name, auto, auto gradient) {
      if (name == "0.weight") found.assign(gradient.begin(), gradient.end());
    });
    return found;
  };
  const auto expected = gradient_of(learning);
  CHECK(expected.size() == 12);
  CHECK(close(gradient_of(frozen), expected));
}

TEST_CASE("frozen within frozen, and within Repeat, is where its numbers are") {
  using Block = Sequential<Dense<6>, BatchNorm1D<>, Freeze<Dense<6>>>;
  using Deep = Sequential<Input<6>, Freeze<Sequential<Dense<6>, Freeze<Sequential<Dense<6>, BatchNorm1D<>>>, Dense<6>>>,
                          Repeat<3, Residual<Block>>>;
  Model<Deep> model{5};
  float next = 1;
  model.for_each_parameter([&](std::string_view, std::span<float> values) {
    for (float& v : values) v = next++;
  });
  float expected = 1;
  bool all = true;
  std::as_const(model).for_each_parameter([&](std::string_view, std::span<const float> values) {
    for (const float v : values) all = all && v == expected++;
  });
  CHECK(all);  // no two of them share memory
  CHECK(expected == next);
  CHECK(parameter_count<Deep> == 3 * (6 * 6 + 6 + 12));
}

TEST_CASE("what does not learn stays, to the bit, on any number of threads and when statistics are taken anew") {
  using Whole = Sequential<Input<64>, Named<"body", Freeze<Sequential<Dense<20>, BatchNorm1D<>, ReLU>>>, Dense<12>,
                           Tanh, Freeze<Sequential<Dense<10>, Softmax>>>;
  Model<Whole> model{1};
  const auto images = digits().take(70);
  const auto body = model.get<"body.0.weight">();
  const std::vector<float> weight(body.begin(), body.end());
  const float mean = model.get<"body.1.running_mean">()(0);
  set_num_threads(7);
  // a frozen Softmax at the end joins its loss as a learning one
  fit(model, images,
      Fit{.loss = CrossEntropy{}, .optimizer = SGD{.lr = 0.1}, .epochs = 3, .batch_size = 70, .progress = quiet});
  set_num_threads(1);
  CHECK(std::ranges::equal(model.get<"body.0.weight">(), weight));
  CHECK(model.get<"body.1.running_mean">()(0) != mean);
  const float moved = model.get<"body.1.running_mean">()(0);
  update_batch_norm(model, images);
  CHECK(std::ranges::equal(model.get<"body.0.weight">(), weight));
  CHECK(model.get<"body.1.running_mean">()(0) != moved);
}

TEST_CASE("a copy between networks that differ in a shape is an Error, and copies nothing") {
  const Model<Sequential<Dense<4, 3>, ReLU, Dense<2>>> from{1};
  Model<Sequential<Dense<4, 3>, ReLU, Dense<5>>> to{2};
  const Model<Sequential<Dense<4, 3>, ReLU, Dense<5>>> before = to;
  CHECK_THROWS_WITH(copy_parameters(from, to), "copy_parameters: expected 2.weight of shape (5, 3), got (2, 3)");
  CHECK(std::ranges::equal(to.get<"0.weight">(), before.get<"0.weight">()));
  CHECK(copy_parameters<by_name<"0.*">>(from, to) == 2);
}

TEST_CASE("a copy between networks that have no name in common is an Error") {
  const Model<Sequential<Named<"a", Dense<4, 3>>>> from{1};
  Model<Sequential<Named<"b", Dense<4, 3>>>> to{2};
  CHECK_THROWS_WITH(
      copy_parameters(from, to),
      "copy_parameters: expected parameters that both networks have, got a.weight, ... and b.weight, ...");
  CHECK_THROWS_AS(copy_parameters<by_name<"a.*">>(from, to), Error);

  Model<Sequential<Input<4>, ReLU>> none{1};
  CHECK_THROWS_WITH(copy_parameters(from, none),
                    "copy_parameters: expected parameters that both networks have, got a.weight, ... and none");
  CHECK_THROWS_WITH(copy_parameters(none, to),
                    "copy_parameters: expected parameters that both networks have, got none and b.weight, ...");
  CHECK(copy_parameters(Model<Sequential<Input<4>, Tanh>>{1}, none) == 0);
}
