#include <tenon/model/part.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include <tenon/data/digits.hpp>
#include <tenon/layers/additive_attention.hpp>
#include <tenon/layers/batch_norm.hpp>
#include <tenon/layers/cross_attention.hpp>
#include <tenon/layers/dense.hpp>
#include <tenon/layers/dot.hpp>
#include <tenon/layers/dropout.hpp>
#include <tenon/layers/layer_norm.hpp>
#include <tenon/layers/relu.hpp>
#include <tenon/layers/sigmoid.hpp>
#include <tenon/layers/slice.hpp>
#include <tenon/layers/split.hpp>
#include <tenon/layers/tanh.hpp>
#include <tenon/losses/binary_cross_entropy.hpp>
#include <tenon/losses/joint.hpp>
#include <tenon/losses/mean_squared_error.hpp>
#include <tenon/model/export.hpp>
#include <tenon/model/session.hpp>
#include <tenon/net/networks.hpp>
#include <tenon/optim/adam.hpp>
#include <tenon/optim/sgd.hpp>
#include <tenon/train/fit.hpp>
#include <tenon/train/trainer.hpp>

#include "support/counting_new.hpp"

using namespace tenon;

namespace {

using Encoder = Sequential<Dense<6>, BatchNorm1D<>, Tanh, Repeat<2, Residual<Dense<6>, Tanh>>, Dense<3>>;
using Chain = Sequential<Input<4>, Named<"encoder", Encoder>, Named<"decoder", Sequential<Dense<5>, ReLU, Dense<4>>>>;
using Net = Graph<In<"x", 4>, In<"z", 4>, Node<"one", Encoder, "x">, Node<"other", Shared<"one">, "z">,
                  Node<"both", Concat<>, "one", "other">,
                  Node<"head", Sequential<Dense<5>, ReLU, Named<"last", Dense<2>>>>, Out<"head">>;

template <class T = float>
std::vector<T> numbers(std::size_t count, std::uint32_t seed = 1) {
  std::vector<T> x(count);
  Stream random(seed, Purpose::user);
  for (T& v : x) v = random.uniform<T>(-1, 1);
  return x;
}
template <class M>
std::vector<typename M::scalar> outputs_of(const M& model, const std::vector<typename M::scalar>& x) {
  std::vector<typename M::scalar> y(x.size() / M::input::size * M::output::size);
  model.predict(std::span<const typename M::scalar>(x), std::span(y));
  return y;
}
template <class M>
std::vector<typename M::scalar> numbers_of(const M& model) {
  std::vector<typename M::scalar> all(model.parameters().data(), model.parameters().data() + model.parameters().size());
  all.insert(all.end(), model.buffers().data(), model.buffers().data() + model.buffers().size());
  return all;
}

}  // namespace

TEST_CASE("a part is a model on the numbers of the whole") {
  Model<Chain> model{3};
  model.get<"encoder.1.running_mean">()(2) = 0.25F;
  auto encoder = part<"encoder">(model);
  auto decoder = part<"decoder">(model);
  const auto x = numbers(12);
  CHECK(outputs_of(decoder, outputs_of(encoder, x)) == outputs_of(model, x));

  CHECK(encoder.get<"1.running_mean">()(2) == 0.25F);
  decoder.get<"2.bias">()(1) = 7;
  CHECK(model.get<"decoder.2.bias">()(1) == 7);
  // a layer, a copy of a Repeat and a layer within it
  auto layer = part<"decoder.0">(model);
  CHECK(layer.parameters().data() == decoder.parameters().data());
  CHECK(layer.get<"weight">()(4, 2) == decoder.get<"0.weight">()(4, 2));
  auto copy_of_block = part<"encoder.3.1">(model);
  CHECK(&copy_of_block.get<"0.weight">()(1, 1) == &model.get<"encoder.3.1.0.weight">()(1, 1));
  auto deep = part<"encoder.3.1.0">(model);
  CHECK(&deep.get<"bias">()(5) == &model.get<"encoder.3.1.0.bias">()(5));

  // assignment writes, copies are their own
  Model<part_network<Chain, "decoder">> fresh{9}, own = decoder, also_own = part<"decoder">(model);
  auto copy = decoder;
  decoder = fresh;
  CHECK(numbers_of(part<"decoder">(model)) == numbers_of(fresh));
  CHECK(numbers_of(own) != numbers_of(fresh));
  CHECK(numbers_of(also_own) == numbers_of(own));
  CHECK(numbers_of(copy) == numbers_of(own));
  CHECK(part<"decoder">(model).get<"0.weight">()(0, 0) == model.get<"decoder.0.weight">()(0, 0));

  const Model<Chain>& fixed = model;
  const auto seen = part<"decoder">(fixed);
  CHECK(outputs_of(*seen, numbers(3)) == outputs_of(decoder, numbers(3)));
  Session host{decoder};
  const auto code = numbers(3);
  std::vector<float> y(4);
  host(std::span<const float, 3>(code), std::span<float, 4>(y));
  const auto expected = outputs_of(decoder, code);
  for (std::size_t i = 0; i < 4; ++i) CHECK(std::abs(y[i] - expected[i]) <= 2e-6F);
  const auto weights = frozen_weights(*seen);
  Frozen<part_network<Chain, "decoder">> frozen{*weights};
  std::fill(y.begin(), y.end(), 0.F);
  frozen(std::span<const float, 3>(code), std::span<float, 4>(y));
  for (std::size_t i = 0; i < 4; ++i) CHECK(std::abs(y[i] - expected[i]) <= 2e-6F);
  CHECK(part<"0">(part<"decoder">(model)).parameters().data() == layer.parameters().data());
}

TEST_CASE("a part is a node of a graph, and two nodes may be one part") {
  Model<Net> model{3};
  auto one = part<"one">(model), other = part<"other">(model);
  CHECK(one.parameters().data() == other.parameters().data());
  auto head = part<"head">(model);
  const auto x = numbers(4, 1), z = numbers(4, 2);
  auto row = x;
  row.insert(row.end(), z.begin(), z.end());
  auto codes = outputs_of(one, x);
  for (const float v : outputs_of(other, z)) codes.push_back(v);
  CHECK(outputs_of(head, codes) == outputs_of(model, row));
  CHECK(&part<"head.last">(model).get<"weight">()(1, 1) == &model.get<"head.last.weight">()(1, 1));
}

namespace {

using Look = Graph<In<"source", 4, 6>, In<"target", 3, 6>, Node<"memory", Sequential<LayerNorm<>, Dense<6>>, "source">,
                   Node<"look", CrossAttention<2>, "target", "memory">, Node<"sum", Add<>, "look", "target">,
                   Node<"inward", Freeze<AdditiveAttention<5>>, "sum", "sum">, Node<"halves", Split<0, 2, 1>>,
                   Node<"again", Repeat<2, CrossAttention<3>>, "halves.0", "halves.1">, Node<"all", Dense<2>, "halves">,
                   Node<"row", Dot, "halves", "halves">, Out<"again", "all", "row">>;

/// What a layer of several inputs does, which stands alone in a network written by hand.
using LookAlone = Graph<In<"a", 3, 6>, In<"b", 4, 6>, Node<"n", CrossAttention<2>, "a", "b">, Out<"n">>;

}  // namespace

TEST_CASE("a part of several inputs is one layer that reads them under the names they have in the whole") {
  Model<Look> model{3};
  auto look = part<"look">(model);
  using Alone = part_network<Look, "look">;
  STATIC_REQUIRE(std::is_same_v<input_shape<Alone>, Inputs<Shape<3, 6>, Shape<4, 6>>>);
  CHECK(&look.get<"in_proj_weight">()(7, 1) == &model.get<"look.in_proj_weight">()(7, 1));
  CHECK(parameter_table<Alone>.front().name == "in_proj_weight");

  // by order and by name
  Model<LookAlone> by_hand{4};
  for (const ParameterEntry& entry : parameter_table<LookAlone>)
    std::ranges::copy(
        look.values(parameter_table<Alone>[static_cast<std::size_t>(&entry - parameter_table<LookAlone>.data())]),
        by_hand.values(entry).begin());
  const auto row = numbers(5 * 42);
  const auto expected = outputs_of(by_hand, row);
  CHECK(outputs_of(look, row) == expected);
  xt::xtensor<float, 3> target({5, 3, 6}), memory({5, 4, 6});
  for (std::size_t s = 0; s < 5; ++s) {
    std::copy_n(row.data() + 42 * s, 18, target.data() + 18 * s);
    std::copy_n(row.data() + 42 * s + 18, 24, memory.data() + 24 * s);
  }
  const auto by_order = look(target, memory), by_name = look(in<"memory">(memory), in<"target">(target));
  CHECK(std::equal(expected.begin(), expected.end(), by_order.begin(), by_order.end()));
  CHECK(std::equal(expected.begin(), expected.end(), by_name.begin(), by_name.end()));
  const Model<Look>& fixed = model;
  CHECK(outputs_of(*part<"look">(fixed), row) == expected);

  // frozen, and as a single sample
  const auto weights = frozen_weights(look);
  Frozen<Alone> frozen{*weights};
  Session session{look};
  std::vector<float> one(18), other(18);
  frozen(std::span<const float, 42>(row.data(), 42), std::span<float, 18>(one));
  session(std::span<const float, 42>(row.data(), 42), std::span<float, 18>(other));
  for (std::size_t i = 0; i < 18; ++i) {
    CHECK(one[i] == Approx(expected[i]).margin(2e-6));
    CHECK(other[i] == Approx(expected[i]).margin(2e-6));
  }

  // saved and loaded under its own names
  const std::string path = (std::filesystem::temp_directory_path() / "tenon_part_inputs_test.safetensors").string();
  look.save(path);
  Model<Look> elsewhere{8};
  part<"look">(elsewhere).load(path);
  std::filesystem::remove(path);
  CHECK(numbers_of(part<"look">(elsewhere)) == numbers_of(look));
  CHECK(numbers_of(part<"memory">(elsewhere)) != numbers_of(part<"memory">(model)));

  // trained on named columns, to the bits of the layer alone; nothing else learns
  const auto learn = [&](auto& net, const char* first, const char* second) {
    const Dataset<float> data{Features<float>{first, {3, 6}, numbers(20 * 18)},
                              Features<float>{second, {4, 6}, numbers(20 * 24, 2)},
                              Targets<float>{numbers(20 * 18, 3), 18}};
    fit(net, data,
        Fit{.loss = MeanSquaredError{},
            .optimizer = Adam{.lr = 0.01},
            .epochs = 2,
            .batch_size = 8,
            .progress = Progress::Mode::quiet});
  };
  const auto untouched = numbers_of(part<"memory">(model)), before = numbers_of(look);
  learn(look, "target", "memory");
  learn(by_hand, "a", "b");
  CHECK(numbers_of(look) == numbers_of(by_hand));
  CHECK(numbers_of(look) != before);
  CHECK(numbers_of(part<"memory">(model)) == untouched);
  CHECK_THROWS_WITH(learn(look, "target", "source"), Catch::Contains("source") && Catch::Contains("memory"));
}

TEST_CASE("a part that reads one thing twice has it as one input, and copies of a layer of several inputs are a part") {
  Model<Look> model{3};
  auto inward = part<"inward">(model);  // frozen in the whole: through its view it learns
  using Inward = part_network<Look, "inward">;
  STATIC_REQUIRE(std::is_same_v<input_shape<Inward>, Shape<3, 6>>);
  STATIC_REQUIRE(parameter_count<Inward> > 0);
  CHECK(outputs_of(inward, numbers(18)).size() == 18);
  // what both of its inputs send back is added up
  Trainer trainer{inward, MeanSquaredError{}, SGD{}, 2};
  trainer.want_input_gradient();
  const auto x = numbers(36), dy = numbers(36, 2);
  trainer.forward(x);
  trainer.backward(dy);
  const auto value = [&](const std::vector<float>& at) {
    const auto y = outputs_of(inward, at);
    double sum = 0;
    for (std::size_t i = 0; i < y.size(); ++i) sum += static_cast<double>(y[i]) * static_cast<double>(dy[i]);
    return sum;
  };
  for (std::size_t i = 0; i < x.size(); ++i) {
    auto up = x, down = x;
    up[i] += 1e-2F;
    down[i] -= 1e-2F;
    CHECK(trainer.input_gradient().data[i] == Approx((value(up) - value(down)) / 2e-2).margin(2e-3));
  }

  using Again = part_network<Look, "again">;
  STATIC_REQUIRE(std::is_same_v<input_shape<Again>, Inputs<Shape<2, 6>, Shape<1, 6>>>);
  auto again = part<"again">(model);
  auto copy = part<"again.1">(model);
  CHECK(&again.get<"1.out_proj.bias">()(2) == &model.get<"again.1.out_proj.bias">()(2));
  CHECK(&copy.get<"out_proj.bias">()(2) == &model.get<"again.1.out_proj.bias">()(2));
  // the outputs of a node of several are distinguished by their names
  xt::xtensor<float, 3> first({2, 2, 6}, 0.5F), second({2, 1, 6}, -1.F);
  const auto all = again(in<"halves_0">(first), in<"halves_1">(second));
  const auto last = copy(part<"again.0">(model)(first, second), second);
  CHECK(std::equal(all.begin(), all.end(), last.begin(), last.end()));
  // all of them as one row are a vector
  STATIC_REQUIRE(std::is_same_v<input_shape<part_network<Look, "all">>, Shape<18>>);
  CHECK(outputs_of(part<"all">(model), numbers(18)).size() == 2);
  CHECK(outputs_of(part<"row">(model), std::vector<float>(18, 2.F)) == std::vector<float>{72.F});
}

TEST_CASE("a part is saved, loaded and trained in its place") {
  Model<Chain> model{3}, other{4};
  const std::string path = (std::filesystem::temp_directory_path() / "tenon_part_test.safetensors").string();
  part<"encoder">(model).save(path);
  auto encoder = part<"encoder">(other);
  const auto rest = numbers_of(part<"decoder">(other));
  encoder.load(path);
  std::filesystem::remove(path);
  CHECK(numbers_of(encoder) == numbers_of(part<"encoder">(model)));
  CHECK(numbers_of(part<"decoder">(other)) == rest);

  // trained in place, to the bits of the same network alone
  Model<part_network<Chain, "encoder">> alone = part<"encoder">(model);
  const Dataset<float> data{{4}, numbers(40 * 4), Targets<float>{numbers(40 * 3, 2), 3}};
  const Fit how{.loss = MeanSquaredError{},
                .optimizer = Adam{.lr = 0.01},
                .epochs = 2,
                .batch_size = 8,
                .progress = Progress::Mode::quiet};
  const auto before = numbers_of(model);
  fit(encoder, data, how);
  fit(alone, data, how);
  CHECK(numbers_of(encoder) == numbers_of(alone));
  CHECK(numbers_of(part<"decoder">(other)) == rest);
  CHECK(numbers_of(model) == before);
  CHECK(other.get<"encoder.0.weight">()(0, 0) == alone.get<"0.weight">()(0, 0));
}

namespace {

// One generator and one discriminator. The whole is what the generator learns through.
using Generator = Sequential<Dense<32>, ReLU, Dense<64>, Sigmoid>;
using Judge = Sequential<Dense<24>, BatchNorm1D<>, Tanh, Dropout<0.3>, Dense<1>, Sigmoid>;
using Gan = Sequential<Input<8>, Named<"generator", Generator>, Named<"judge", Freeze<Judge>>>;

constexpr std::size_t batch = 16;

}  // namespace

TEST_CASE("a generator learns through a discriminator of which there is one copy") {
  const Dataset<float> real = digits().take(256);
  Model<Gan> gan{5};
  auto generator = part<"generator">(gan);
  auto judge = part<"judge">(gan);
  STATIC_REQUIRE(parameter_count<Gan> == parameter_count<part_network<Gan, "generator">>);
  STATIC_REQUIRE(parameter_count<part_network<Gan, "judge">> > 64 * 24);
  // The same with copies: a judge apart, whose numbers are copied into a network of both before the generator's step.
  Model<part_network<Gan, "generator">> other_generator = generator;
  Model<part_network<Gan, "judge">> other_judge = judge;
  Model<Gan> other_gan = gan;

  Trainer judging{judge, BinaryCrossEntropy{}, Adam{.lr = 2e-3}, batch, 1};
  Trainer other_judging{other_judge, BinaryCrossEntropy{}, Adam{.lr = 2e-3}, batch, 1};
  Trainer generating{gan, BinaryCrossEntropy{}, Adam{.lr = 2e-3}, batch, 2},
      other_generating{other_gan, BinaryCrossEntropy{}, Adam{.lr = 2e-3}, batch, 2};
  const std::vector<float> ones(batch, 1.F), zeros(batch, 0.F);
  const auto step = [](auto& trainer, std::span<const float> x, const std::vector<float>& answers) {
    Batch<float> b;
    std::vector<float> samples(x.begin(), x.end()), targets = answers;
    b.features = samples;
    b.targets = targets;
    b.count = batch;
    trainer.zero_grad();
    trainer.forward(b);
    const double loss = trainer.loss();
    trainer.backward();
    trainer.step();
    return loss;
  };

  double first_judging = 0, last_judging = 0, first_generating = 0, last_generating = 0;
  for (std::uint32_t s = 0; s < 40; ++s) {
    const auto codes = numbers(8 * batch, s);
    const auto images = real.features().subspan(s % 16 * 64 * batch, 64 * batch);
    // the judge's step
    last_judging = step(judging, images, ones) + step(judging, outputs_of(generator, codes), zeros);
    step(other_judging, images, ones);
    step(other_judging, outputs_of(other_generator, codes), zeros);
    // the generator's
    const auto learned = judge.parameters().span();
    const std::vector<float> before(learned.begin(), learned.end()), unmoved = numbers_of(generator);
    last_generating = step(generating, codes, ones);
    CHECK(std::equal(before.begin(), before.end(), learned.begin()));
    CHECK(numbers_of(generator) != unmoved);
    auto copy = part<"judge">(other_gan);
    copy = other_judge;
    step(other_generating, codes, ones);
    other_judge = copy;  // its running statistics have run
    other_generator = part<"generator">(other_gan);
    if (s == 0) first_judging = last_judging, first_generating = last_generating;
  }
  CHECK(numbers_of(gan) == numbers_of(other_gan));
  CHECK(numbers_of(judge) == numbers_of(other_judge));
  CHECK(last_judging < first_judging);
  CHECK(last_generating != first_generating);
}

TEST_CASE("the gradient of one trainer at its inputs is what another goes back from") {
  // Two networks, trained apart, are their chain.
  using Front = Sequential<Dense<5, 6>, BatchNorm1D<>, Tanh, Dropout<0.4>>;
  using Back = Sequential<Dense<6, 4>, BatchNorm1D<>, Tanh, Dense<3>>;
  Model<Sequential<Input<5>, Named<"front", Front>, Named<"back", Back>>> whole{4}, apart = whole;
  auto front = part<"front">(apart);
  auto back = part<"back">(apart);
  for (const std::size_t threads : {std::size_t{1}, std::size_t{3}}) {
    const std::size_t before = num_threads();
    set_num_threads(threads);
    Trainer together{whole, MeanSquaredError{}, SGD{}, 24, 3};
    Trainer first{front, MeanSquaredError{}, SGD{}, 24, 3};
    Trainer second{back, MeanSquaredError{}, SGD{}, 24, 3};
    set_num_threads(before);
    CHECK_THROWS_WITH(second.input_gradient(), Catch::Contains("no want_input_gradient"));
    second.want_input_gradient();
    first.want_input_gradient();
    together.want_input_gradient();
    auto x = numbers(24 * 5), t = numbers(24 * 3, 2), hidden = numbers(24 * 6);
    const auto batch_of = [&](std::vector<float>& features) {
      Batch<float> b;
      b.features = features;
      b.targets = t;
      b.count = 24;
      return b;
    };
    const Batch<float> all = batch_of(x);
    const auto run = [&] {
      together.zero_grad();
      first.zero_grad();
      second.zero_grad();
      together.forward(all);
      together.backward();
      const Rows<const float> h = first.forward(x);
      std::copy_n(h.data, hidden.size(), hidden.data());
      second.forward(batch_of(hidden));
      second.backward();
      first.backward(second.input_gradient());
    };
    run();
    CHECK(test::heap_use(run).news == 0);
    CHECK(std::equal(x.begin(), x.end(), first.input_gradient().data,
                     [&, k = 0U](float, float g) mutable { return g == together.input_gradient().data[k++]; }));
    CHECK(std::any_of(first.input_gradient().data, first.input_gradient().data + x.size(),
                      [](float g) { return g != 0; }));
    const auto sum = together.gradients();
    CHECK(std::equal(sum.begin(), sum.begin() + static_cast<std::ptrdiff_t>(first.gradients().size()),
                     first.gradients().begin()));
    CHECK(std::equal(second.gradients().begin(), second.gradients().end(),
                     sum.begin() + static_cast<std::ptrdiff_t>(first.gradients().size())));
    CHECK_THROWS_WITH(first.loss(), Catch::Contains("expected a batch with answers before loss"));
    CHECK_THROWS_WITH(first.backward(std::span<const float>(t)),
                      Catch::Contains("expected a gradient of 24 x 6 numbers, got 72"));
    CHECK_THROWS_WITH(first.forward(std::span<const float>(t).first(7)),
                      Catch::Contains("expected whole samples of 5 numbers, got 7 numbers"));
    first.forward(x);
    CHECK_THROWS_WITH(first.input_gradient(), Catch::Contains("no backward since forward"));
  }
}

TEST_CASE("a network of several inputs has a gradient at each, by differences") {
  using Two = Graph<In<"a", 3>, In<"b", 2>, Node<"h", Dense<4>, "a">, Node<"both", Concat<>, "h", "b">, Node<"t", Tanh>,
                    Node<"y", Dense<2>>, Out<"y", "t">>;
  Model<Two, double> model{4};
  Trainer trainer{model, on<"y">(MeanSquaredError{}) + on<"t">(MeanSquaredError{}), SGD{}, 4};
  trainer.want_input_gradient();
  const auto x = numbers<double>(2 * 5), dy = numbers<double>(2 * 8, 2);
  const auto value = [&](const std::vector<double>& at) {
    const auto y = outputs_of(model, at);
    double sum = 0;
    for (std::size_t i = 0; i < y.size(); ++i) sum += y[i] * dy[i];
    return sum;
  };
  trainer.zero_grad();
  trainer.forward(x);
  trainer.backward(dy);
  for (std::size_t i = 0; i < x.size(); ++i) {
    auto up = x, down = x;
    up[i] += 1e-6;
    down[i] -= 1e-6;
    CHECK(trainer.input_gradient().data[i] == Approx((value(up) - value(down)) / 2e-6).margin(1e-7));
  }
}
