// Metrics take from the heap what they keep for every class or output, once, and then nothing.
#include "support/counting_new.hpp"

#include <tenon/all/metrics.hpp>

#include <vector>

#include <catch2/catch.hpp>

using namespace tenon;

namespace {

template <Metric M>
std::size_t heap_calls(M& metric, const Predictions<float>& p) {
  const test::HeapUse used = test::heap_use([&] { metric.update(p); });
  return used.news + used.mallocs;
}

}  // namespace

TEST_CASE("after its first batch a metric takes nothing from the heap, nor after a reset") {
  const std::vector<float> outputs{0.1F, 0.2F, 0.7F, 0.5F, 0.3F, 0.2F, 0.3F, 0.4F, 0.3F, 0.6F, 0.2F, 0.2F};
  const std::vector<std::int32_t> labels{2, 0, 0, 1};
  const Predictions<float> classes{.outputs = {outputs.data(), 4, 3}, .width = 3, .labels = labels};
  const Predictions<float> values{
      .outputs = {outputs.data(), 4, 3}, .width = 3, .labels = {}, .targets = {outputs.data(), 4, 3}};
  const auto check = [](const Predictions<float>& p, auto... metric) {
    const auto one = [&](auto& m) {
      INFO(m.name);
      m.update(p);
      CHECK(heap_calls(m, p) == 0);
      m.reset();
      CHECK(heap_calls(m, p) == 0);
    };
    (one(metric), ...);
  };
  check(classes, Accuracy{}, TopKAccuracy<2>{}, Precision{}, Recall{}, F1{}, ConfusionMatrix{}, Perplexity{});
  check(values, MAE{}, RMSE{}, R2{});
  // Those that sum up from the start need no heap at all; the one that keeps scores is seen to be counted.
  Accuracy accuracy;
  Perplexity perplexity;
  RocAuc auc;
  CHECK(heap_calls(accuracy, classes) == 0);
  CHECK(heap_calls(perplexity, classes) == 0);
  CHECK(heap_calls(auc, classes) > 0);
}
