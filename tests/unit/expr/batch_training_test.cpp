// Batch formulas in a model: saved, trained, and what that takes from the heap.
#include "support/counting_new.hpp"

#include <tenon/tenon.hpp>

#include <cmath>
#include <cstddef>
#include <filesystem>
#include <random>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <catch2/catch.hpp>

#include "support/golden.hpp"

using namespace tenon;

namespace {

using BatchNorm = Map<(x - running<"running_mean">(batch_mean(x))) /
                          sqrt(running<"running_var", Ones>(batch_variance(x), unbiased) + 1e-5) *
                          param<"weight", PerFeature, Ones> +
                      param<"bias", PerFeature>>;
using Net = Sequential<Dense<64, 24>, BatchNorm, ReLU, Reshape<6, 2, 2>, BatchNorm, PReLU<PerFeature>, Flatten,
                       Dense<10>, Softmax>;

template <class M>
std::vector<typename M::scalar> everything(const M& model) {
  std::vector<typename M::scalar> all;
  model.for_each_parameter([&](std::string_view, auto values) { all.insert(all.end(), values.begin(), values.end()); });
  return all;
}

template <class T>
Dataset<T> samples(std::size_t count) {
  Dataset<T> data = digits().as<T>().take(count);
  data.reshape({64});
  return data;
}

/// Runs epochs and calls between(epoch, run) for each.
template <class T, class Wrap>
Model<Net, T> trained(const Dataset<T>& data, std::uint64_t epochs, Wrap wrap) {
  Model<Net, T> model{1};
  Trainer trainer{model, CrossEntropy{}, Adam{.lr = 1e-2}, 32, 1};
  DataLoader<T> loader{data, 32, 1};
  Batch<T> batch;
  for (std::uint64_t epoch = 0; epoch < epochs; ++epoch)
    wrap(epoch, [&] {
      loader.start_epoch(epoch);
      while (loader.next(batch)) {
        trainer.zero_grad();
        trainer.forward(batch);
        static_cast<void>(trainer.loss());
        trainer.backward();
        trainer.step();
      }
    });
  return model;
}
constexpr auto just_run = [](std::uint64_t, auto epoch) { epoch(); };

}  // namespace

TEST_CASE("running statistics have names, begin as the formula says, and are saved") {
  Model<Net> model{1};
  CHECK(model.get<"1.running_mean">()(23) == 0);
  CHECK(model.get<"1.running_var">()(23) == 1);
  CHECK(model.get<"4.running_var">().size() == 6);
  CHECK(model.get<"5.weight">().size() == 6);
  model.get<"1.running_mean">()(3) = 0.5f;
  model.get<"4.running_var">()(5) = 2;

  const auto path = std::filesystem::temp_directory_path() / ("tenon_batch_" + std::to_string(std::random_device{}()));
  model.save(path.string());
  Model<Net> other{2};
  other.load(path.string());
  std::filesystem::remove(path);
  CHECK(everything(other) == everything(model));
  CHECK(other.get<"1.running_mean">()(3) == 0.5f);
}

TEMPLATE_TEST_CASE("training moves the statistics, repeats bit for bit and learns", "", float, double) {
  const auto data = samples<TestType>(200);
  const auto model = trained<TestType>(data, 6, just_run);
  CHECK(everything(trained<TestType>(data, 6, just_run)) == everything(model));
  CHECK(model.template get<"1.running_mean">()(0) != 0);
  CHECK(model.template get<"4.running_var">()(0) != 1);
  // in evaluation a sample's result does not depend on the company it is in
  std::vector<TestType> all(data.size() * 10), alone(10);
  model.predict(data.features(), all);
  std::size_t right = 0;
  for (std::size_t i = 0; i < data.size(); ++i) {
    model.predict(data.sample(i), alone);
    const auto best = std::max_element(alone.begin(), alone.end()) - alone.begin();
    right += best == data.label(i);
    for (std::size_t k = 0; k < 10; ++k) REQUIRE(std::abs(alone[k] - all[10 * i + k]) < 1e-5);
  }
  CHECK(right > 180);
}

TEST_CASE("a steady step with batch statistics takes nothing from the heap") {
  trained<float>(samples<float>(80), 2, [](std::uint64_t epoch, auto run) {
    const test::HeapUse used = test::heap_use(run);
    if (epoch == 0) return;  // the BLAS may take its memory in the first call
    CHECK(used.news == 0);
    CHECK(used.mallocs == 0);
  });
}
