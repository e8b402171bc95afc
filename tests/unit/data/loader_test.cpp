#include "tenon/data/loader.hpp"

#include <algorithm>
#include <set>
#include <vector>

#include <catch2/catch.hpp>

#include "support/counting_new.hpp"
#include "tenon/data/digits.hpp"

using Catch::Matchers::Contains;
using tenon::Batch;
using tenon::DataLoader;
using tenon::Dataset;
using tenon::Labels;
using tenon::LoaderState;
using tenon::Targets;

namespace {

/// Sample i is {i, 10 i}, of class i % 3.
Dataset<float> counted(std::size_t count) {
  std::vector<float> features;
  Labels labels{{}, 3};
  for (std::size_t i = 0; i < count; ++i) {
    features.push_back(static_cast<float>(i));
    features.push_back(static_cast<float>(10 * i));
    labels.values.push_back(static_cast<std::int32_t>(i % 3));
  }
  return {{2}, std::move(features), std::move(labels)};
}

template <class T>
std::vector<std::size_t> rest_of_epoch(DataLoader<T>& loader) {
  std::vector<std::size_t> order;
  Batch<T> batch;
  while (loader.next(batch)) order.insert(order.end(), batch.indices.begin(), batch.indices.end());
  return order;
}

}  // namespace

TEST_CASE("batches cover an epoch once, the last one being smaller") {
  const Dataset<float> data = counted(10);
  DataLoader loader{data, 4, 7};
  CHECK(loader.batches() == 3);
  Batch batch;
  std::vector<std::size_t> counts;
  std::set<std::size_t> seen;
  std::size_t position = 0;
  while (loader.next(batch)) {
    counts.push_back(batch.count);
    CHECK(batch.first == position);
    position += batch.count;
    REQUIRE(batch.features.size() == 2 * batch.count);
    REQUIRE(batch.labels.size() == batch.count);
    REQUIRE(batch.indices.size() == batch.count);
    CHECK(batch.targets.empty());
    for (std::size_t row = 0; row < batch.count; ++row) {
      const std::size_t index = batch.indices[row];
      seen.insert(index);
      CHECK(batch.features[2 * row] == static_cast<float>(index));
      CHECK(batch.features[2 * row + 1] == static_cast<float>(10 * index));
      CHECK(batch.labels[row] == data.label(index));
    }
  }
  CHECK(counts == std::vector<std::size_t>{4, 4, 2});
  CHECK(seen.size() == 10);
  CHECK(batch.count == 0);
  CHECK(batch.features.empty());
  CHECK_FALSE(loader.next(batch));
}

// From a second implementation, in Python; see random_test.cpp.
TEST_CASE("the order follows from seed and epoch alone") {
  const Dataset<float> data = counted(10);
  const std::vector<std::size_t> first{3, 5, 8, 2, 7, 0, 6, 9, 1, 4};
  const std::vector<std::size_t> second{8, 0, 1, 9, 2, 6, 4, 3, 7, 5};
  DataLoader loader{data, 4, 7};
  CHECK(rest_of_epoch(loader) == first);
  loader.start_epoch(1);
  CHECK(rest_of_epoch(loader) == second);
  loader.start_epoch(0);
  CHECK(rest_of_epoch(loader) == first);

  DataLoader other_size{data, 3, 7};
  other_size.start_epoch(1);
  CHECK(rest_of_epoch(other_size) == second);
  DataLoader other_seed{data, 4, 8};
  CHECK(rest_of_epoch(other_seed) != first);
}

TEST_CASE("without shuffling the order is the data set's") {
  const Dataset<float> data = counted(5);
  DataLoader loader{data, 2, 7, false};
  CHECK(rest_of_epoch(loader) == std::vector<std::size_t>{0, 1, 2, 3, 4});
  loader.start_epoch(1);
  CHECK(rest_of_epoch(loader) == std::vector<std::size_t>{0, 1, 2, 3, 4});
}

TEST_CASE("the last partial batch can be left out") {
  const Dataset<float> data = counted(10);
  DataLoader loader{data, 4, 7, true, true};
  CHECK(loader.batches() == 2);
  CHECK(rest_of_epoch(loader).size() == 8);
  const Dataset<float> whole = counted(8);
  DataLoader exact{whole, 4, 7, true, true};
  CHECK(exact.batches() == 2);
  CHECK(rest_of_epoch(exact).size() == 8);
}

TEST_CASE("targets go with their samples, in double too") {
  const Dataset<double> data{{1}, {0, 1, 2, 3, 4}, Targets<double>{{0, 0, 1, 10, 2, 20, 3, 30, 4, 40}, 2}};
  DataLoader loader{data, 2, 1};
  Batch<double> batch;
  std::size_t rows = 0;
  while (loader.next(batch)) {
    REQUIRE(batch.targets.size() == 2 * batch.count);
    CHECK(batch.labels.empty());
    for (std::size_t row = 0; row < batch.count; ++row, ++rows) {
      CHECK(batch.targets[2 * row] == batch.features[row]);
      CHECK(batch.targets[2 * row + 1] == 10 * batch.features[row]);
    }
  }
  CHECK(rows == 5);
}

TEST_CASE("long rows are copied whole, whatever their length") {
  for (const std::size_t size : {1U, 15U, 16U, 17U, 37U, 64U}) {
    std::vector<float> features(20 * size), answers(20 * (size + 1));
    for (std::size_t k = 0; k < features.size(); ++k) features[k] = static_cast<float>(k);
    for (std::size_t k = 0; k < answers.size(); ++k) answers[k] = -static_cast<float>(k);
    const Dataset<float> data{{size}, features, Targets{answers, size + 1}};
    DataLoader loader{data, 8, 3};
    Batch batch;
    std::size_t seen = 0;
    for (; loader.next(batch); seen += batch.count)
      for (std::size_t row = 0; row < batch.count; ++row) {
        CHECK(std::ranges::equal(batch.features.subspan(row * size, size), data.sample(batch.indices[row])));
        CHECK(std::ranges::equal(batch.targets.subspan(row * (size + 1), size + 1), data.target(batch.indices[row])));
      }
    CHECK(seen == 20);
  }
}

TEST_CASE("changing a batch leaves the data set alone") {
  const Dataset<float> data = counted(3);
  DataLoader loader{data, 3, 1, false};
  Batch batch;
  REQUIRE(loader.next(batch));
  for (float& value : batch.features) value = -1;
  CHECK(data.sample(2)[1] == 20);
}

TEST_CASE("a restored loader goes on where the other was") {
  const Dataset<float> data = counted(23);
  DataLoader unbroken{data, 4, 99};
  unbroken.start_epoch(6);
  Batch batch;
  unbroken.next(batch);
  unbroken.next(batch);
  const LoaderState state = unbroken.state();
  CHECK(state == LoaderState{99, 6, 8});

  DataLoader resumed{data, 4, 1};
  resumed.restore(state);
  CHECK(rest_of_epoch(resumed) == rest_of_epoch(unbroken));
  CHECK(resumed.state() == LoaderState{99, 6, 23});
  resumed.start_epoch(7);
  unbroken.start_epoch(7);
  CHECK(rest_of_epoch(resumed) == rest_of_epoch(unbroken));

  CHECK_THROWS_WITH(resumed.restore({99, 6, 24}), "DataLoader: position 24 is beyond the 23 samples of an epoch");
  CHECK(resumed.state() == LoaderState{99, 7, 23});
}

TEST_CASE("a loader without a batch to give is an error") {
  const Dataset<float> data = counted(3);
  const Dataset<float> none;
  CHECK_THROWS_WITH((DataLoader<float>{data, 0, 1}), Contains("batch size of at least 1"));
  CHECK_THROWS_WITH((DataLoader<float>{none, 4, 1}), Contains("an empty one"));
  CHECK_THROWS_WITH((DataLoader<float>{data, 4, 1, true, true}),
                    "DataLoader: expected at least one batch of 4, got 3 samples");
}

TEST_CASE("epochs after construction take no memory") {
  const Dataset<float> data = tenon::digits();
  DataLoader loader{data, 64, 1};
  Batch batch;
  const tenon::test::HeapUse used = tenon::test::heap_use([&] {
    for (std::uint64_t epoch = 0; epoch < 3; ++epoch) {
      loader.start_epoch(epoch);
      while (loader.next(batch)) {
      }
    }
    loader.restore(loader.state());
  });
  CHECK(used.news == 0);
  CHECK(used.mallocs == 0);
}

TEST_CASE("a batch has the columns of the data set") {
  using namespace tenon;
  std::vector<float> image, table, value, weight;
  Labels digit{{}, 7, 1, "digit"}, steps{{}, 2, 2, "steps"};
  for (std::size_t i = 0; i < 7; ++i) {
    const float x = static_cast<float>(i);
    image.insert(image.end(), {x, x + 0.25F});
    table.push_back(-x);
    value.insert(value.end(), {x, 2 * x, 3 * x});
    weight.push_back(10 * x);
    digit.values.push_back(static_cast<std::int32_t>(i));
    steps.values.insert(steps.values.end(), {static_cast<std::int32_t>(i % 2), 1});
  }
  const Dataset<float> data{Features{"image", {2}, image},           Features{"table", {1}, table}, digit, steps,
                            Targets<float>{value, 3}.named("value"), SampleWeights{weight}};
  // in the order in which one column alone would come
  const Dataset<float> alone{{1}, table};
  DataLoader one{alone, 3, 5};
  DataLoader loader{data, 3, 5};
  Batch batch, single;
  std::vector<std::size_t> counts;
  while (loader.next(batch)) {
    REQUIRE(one.next(single));
    CHECK(std::ranges::equal(single.indices, batch.indices));
    counts.push_back(batch.count);
    CHECK(batch.columns.size() == 6);
    REQUIRE(batch.features.size() == 3 * batch.count);
    REQUIRE(batch.labels.size() == 3 * batch.count);
    REQUIRE(batch.weights.size() == batch.count);
    for (std::size_t i = 0; i < batch.count; ++i) {
      const std::size_t index = batch.indices[i];
      const float x = static_cast<float>(index);
      CHECK(batch.features[3 * i + 1] == x + 0.25F);
      CHECK(batch.feature_column("image")[i][0] == x);
      CHECK(batch.feature_column(1)[i][0] == -x);
      CHECK(batch.target_column("value")[i][2] == 3 * x);
      CHECK(batch.label_column("digit")[i] == static_cast<std::int32_t>(index));
      CHECK(batch.labels[batch.count + 2 * i] == static_cast<std::int32_t>(index % 2));
      CHECK(batch.label_column(1)[2 * i] == static_cast<std::int32_t>(index % 2));
      CHECK(batch.weights[i] == 10 * x);
    }
  }
  CHECK(counts == std::vector<std::size_t>{3, 3, 1});
  loader.start_epoch(2);
  loader.next(batch);
  const LoaderState place = loader.state();
  DataLoader resumed{data, 3, 1};
  resumed.restore(place);
  Batch again;
  REQUIRE((loader.next(batch) && resumed.next(again)));
  CHECK(std::ranges::equal(again.features, batch.features));
  CHECK(std::ranges::equal(again.labels, batch.labels));
  CHECK(std::ranges::equal(again.targets, batch.targets));
  CHECK(std::ranges::equal(again.weights, batch.weights));
  CHECK_THROWS_WITH(batch.target_column("digit"), "Dataset: expected targets in column \"digit\", got labels");
}
