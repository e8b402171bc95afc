#pragma once

#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include <tenon/edge/learner.hpp>
#include <tenon/model/export.hpp>
#include <tenon/tenon.hpp>

/// edge::Learner beside Trainer.
namespace tenon::test {

/// Numbers from -1 to 1.
inline std::vector<float> numbers(std::size_t count, std::uint64_t seed) {
  Stream random(seed, Purpose::user);
  std::vector<float> all(count);
  for (float& number : all) number = random.uniform<float>(-1, 1);
  return all;
}
inline double distance(std::span<const float> a, std::span<const float> b) {
  REQUIRE(a.size() == b.size());
  double most = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    most = std::max(most, std::abs(double{a[i]} - double{b[i]}) / (1 + std::abs(double{b[i]})));
  return most;
}

/// Three steps of a Learner beside three of a Trainer, from the same weights, on the same samples: losses, parameters,
/// and what the network gives then.
template <class Net, class L, class O, std::size_t Batch = 4>
void compare_with_trainer(O optimizer, double bound = 1e-5) {
  using M = Model<Net>;
  constexpr std::size_t in = M::input::size, out = M::output::size;
  M model{3};
  {  // statistics and biases other than 0 and 1
    const auto more = numbers(model.buffers().size(), 9);
    for (std::size_t i = 0; i < more.size(); ++i) model.buffers().data()[i] += 0.25F * (more[i] + 1);
  }
  const auto weights = frozen_weights(model);
  using Learner = edge::Learner<Net, L, O, Batch>;
  static_assert(Learner::ram_bytes == sizeof(Learner));
  const auto learner = std::make_unique<Learner>(*weights, optimizer, 11);
  Trainer trainer{model, L{}, optimizer, Batch, 11};
  constexpr bool classes = compares_classes<L>;
  constexpr std::size_t answers = answers_of<L, typename M::output>;
  for (std::size_t step = 0; step < 3; ++step) {
    std::vector<float> x = numbers(Batch * in, 20 + step), target = numbers(Batch * out, 40 + step);
    for (float& t : target) t = 0.5F * (t + 1);
    std::vector<std::int32_t> labels(Batch * answers);
    for (std::size_t i = 0; i < labels.size(); ++i)
      labels[i] = static_cast<std::int32_t>((7 * i + step) % (out / answers));
    tenon::Batch<float> batch{};
    batch.features = x;
    if constexpr (classes) batch.labels = labels;
    else batch.targets = target;
    batch.count = Batch;
    trainer.zero_grad();
    trainer.forward(batch);
    const double expected = trainer.loss();
    trainer.backward();
    double loss = 0;
    for (std::size_t i = 0; i < Batch; ++i) {
      const auto sample = std::span(x).subspan(i * in).template first<in>();
      if constexpr (classes && answers == 1) loss += double{learner->learn(sample, labels[i])} / Batch;
      else if constexpr (classes)
        loss += double{learner->learn(
                    sample, std::span<const std::int32_t>(labels).subspan(i * answers).template first<answers>())} /
                Batch;
      else
        loss += double{learner->learn(sample, std::span<const float>(target).subspan(i * out).template first<out>())} /
                Batch;
    }
    CHECK(loss == Approx(expected).epsilon(1e-5));
    CHECK(distance(learner->gradients(), trainer.gradients()) <= bound);
    trainer.step();
    CHECK(distance(learner->parameters(), model.parameters().span()) <= bound);
    CHECK(learner->steps() == step + 1);
  }
  const std::vector<float> x = numbers(in, 77);
  std::vector<float> y(out), expected(out);
  model.predict(x, expected);
  (*learner)(std::span<const float, in>(x), std::span<float, out>(y));
  CHECK(distance(y, expected) <= bound);
}

}  // namespace tenon::test
