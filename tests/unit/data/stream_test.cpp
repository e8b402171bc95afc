// Samples that are read as a loader comes to them: order, places, files, and what is wrong with a source.
#include <tenon/data/stream.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <numeric>
#include <set>
#include <stdexcept>
#include <string>

#include <catch2/catch.hpp>

#include <tenon/data/loader.hpp>
#include <tenon/data/npy.hpp>
#include <tenon/error.hpp>
#include <tenon/io/safetensors.hpp>

#include "../../../src/data/stream_order.hpp"
#include "support/counting_new.hpp"
#include "support/folder.hpp"

using Catch::Matchers::Contains;
using namespace tenon;
using tenon::test::Folder;

namespace {

/// Sample i is {i, 10 i}, of class i % 3, with target -i and weight i.
void fill(std::size_t i, Sample<float>& to) {
  const auto x = static_cast<float>(i);
  if (!to.features.empty()) to.features[0] = x, to.features[1] = 10 * x;
  if (!to.labels.empty()) to.labels[0] = static_cast<std::int32_t>(i % 3), to.labels[1] = 1;
  if (!to.targets.empty()) to.targets[0] = -x;
  to.weight = x;
}
struct Counted {
  std::size_t count;
  std::size_t size() const { return count; }
  void read(std::size_t i, Sample<float>& to) const { fill(i, to); }
};
/// The same by and by, of a length that nobody says.
struct Walked {
  std::size_t count;
  std::size_t fails = 1000000;
  auto open(std::uint64_t) const {
    return [i = std::size_t{0}, *this](Sample<float>& to) mutable {
      if (i == fails) throw std::runtime_error("the line is dead");
      if (i == count) return false;
      fill(i++, to);
      return true;
    };
  }
};
static_assert(Source<Counted> && IndexedSource<Counted> && !IteratedSource<Counted>);
static_assert(Source<Walked> && !IndexedSource<Walked> && !Source<int>);

const Dataset<float>& columns() {
  static const Dataset<float> like{Features<float>{"x", {2}, {}}, Labels{{}, 3}, Labels{{}, 2}.named("side"),
                                   Targets<float>{{}, 1}, SampleWeights<float>{{}}};
  return like;
}
Dataset<float> in_memory(std::size_t count) {
  std::vector<float> x, t, w;
  std::vector<std::int32_t> a(count), b(count);
  for (std::size_t i = 0; i < count; ++i) {
    std::int32_t labels[2];
    float f[2], target[1];
    Sample<float> s{f, labels, target};
    fill(i, s);
    x.insert(x.end(), {f[0], f[1]});
    a[i] = labels[0], b[i] = labels[1];
    t.push_back(target[0]);
    w.push_back(s.weight);
  }
  return Dataset{Features{"x", {2}, x}, Labels{a, 3}, Labels{b, 2}.named("side"), Targets{t, 1}, SampleWeights{w}};
}

/// All that a loader gives from where it is, as numbers.
std::vector<double> rest(DataLoader<float>& loader) {
  std::vector<double> all;
  Batch<float> b;
  while (loader.next(b)) {
    all.insert(all.end(), b.indices.begin(), b.indices.end());
    all.insert(all.end(), b.features.begin(), b.features.end());
    all.insert(all.end(), b.labels.begin(), b.labels.end());
    all.insert(all.end(), b.targets.begin(), b.targets.end());
    all.insert(all.end(), b.weights.begin(), b.weights.end());
  }
  return all;
}
std::vector<std::size_t> order_of(const Dataset<float>& data, std::uint64_t epoch, bool shuffle = true) {
  DataLoader<float> loader{data, 7, 5, shuffle};
  loader.start_epoch(epoch);
  std::vector<std::size_t> order;
  Batch<float> b;
  while (loader.next(b))
    for (std::size_t i = 0; i < b.count; ++i) {
      CHECK(b.features[2 * i] == static_cast<float>(b.indices[i]));
      order.push_back(b.indices[i]);
    }
  return order;
}
std::vector<std::size_t> sorted(std::vector<std::size_t> order) {
  std::sort(order.begin(), order.end());
  return order;
}
std::vector<std::size_t> counted(std::size_t n) {
  std::vector<std::size_t> all(n);
  std::iota(all.begin(), all.end(), std::size_t{0});
  return all;
}

}  // namespace

TEST_CASE("a stream whose buffer holds all gives what the data give in memory") {
  const Dataset<float> memory = in_memory(50);
  for (const std::size_t workers : {0U, 1U, 3U})
    for (const bool shuffle : {false, true}) {
      const StreamOptions options{.buffer = shuffle ? 50U : 8U, .length = 50, .workers = workers};
      const Dataset<float> indexed = make_stream(Counted{50}, columns(), options),
                           walked = make_stream(Walked{50}, columns(), options);
      DataLoader<float> one{memory, 8, 3, shuffle}, two{indexed, 8, 3, shuffle}, three{walked, 8, 3, shuffle};
      for (const std::uint64_t epoch : {0U, 4U}) {
        one.start_epoch(epoch), two.start_epoch(epoch), three.start_epoch(epoch);
        const std::vector<double> expected = rest(one);
        CHECK(rest(two) == expected);
        CHECK(rest(three) == expected);
      }
    }
}

TEST_CASE("a shuffled stream gives every sample once, from all over the data") {
  const auto stream = make_stream(Counted{1003}, columns(), {.buffer = 64});
  const auto first = order_of(stream, 0), second = order_of(stream, 1);
  CHECK(sorted(first) == counted(1003));
  CHECK(sorted(second) == counted(1003));
  CHECK(first != second);
  CHECK(order_of(stream, 0, false) == counted(1003));
  const auto [least, most] = std::minmax_element(first.begin(), first.begin() + 64);
  CHECK(*most - *least > 500);  // not only from the beginning
  // of one sample after the other no more is mixed than the buffer holds
  const auto walked = order_of(make_stream(Walked{1003}, columns(), {.buffer = 64, .length = 1003}), 0);
  CHECK(sorted(walked) == counted(1003));
  CHECK(walked != counted(1003));
  for (std::size_t i = 0; i < walked.size(); ++i) REQUIRE(walked[i] / 64 == i / 64);
}

TEST_CASE("a permutation without memory is one, for any number") {
  for (const std::size_t n : {1U, 2U, 3U, 16U, 17U, 1000U}) {
    const detail::Permutation permute(n, 9, 2);
    std::set<std::size_t> seen;
    for (std::size_t i = 0; i < n; ++i) seen.insert(permute(i));
    CHECK(seen.size() == n);
    CHECK(*seen.rbegin() == n - 1);
  }
  CHECK(detail::Permutation(1000, 9, 2)(5) != detail::Permutation(1000, 9, 3)(5));
}

TEST_CASE("a stream goes on where another loader was") {
  for (const std::size_t workers : {0U, 2U})
    for (const bool by_index : {false, true}) {
      const StreamOptions options{.buffer = 32, .length = 200, .workers = workers};
      const Dataset<float> stream = by_index ? make_stream(Counted{200}, columns(), options)
                                             : make_stream(Walked{300}, columns(), options);
      DataLoader<float> unbroken{stream, 9, 7};
      unbroken.start_epoch(3);
      Batch<float> b;
      for (int k = 0; k < 5; ++k) unbroken.next(b);
      DataLoader<float> resumed{stream, 9, 1};
      resumed.restore(unbroken.state());
      const auto expected = rest(unbroken);
      CHECK(rest(resumed) == expected);
      unbroken.restore({7, 3, 45});
      CHECK(rest(unbroken) == expected);
    }
}

TEST_CASE("a steady epoch of a stream takes no memory, and little of it is there at all") {
  const auto bytes_for = [](std::size_t count) {
    const auto stream = make_stream(Counted{count}, columns(), {.buffer = 64, .workers = 0});
    DataLoader<float> loader{stream, 16, 1};
    const auto pass = [&] {
      Batch<float> b;
      for (std::uint64_t epoch = 0; epoch < 2; ++epoch) {
        loader.start_epoch(epoch);
        for (int k = 0; k < 20; ++k) loader.next(b);
      }
    };
    const tenon::test::HeapUse used = tenon::test::heap_use(pass);
    CHECK(used.news == 0);
    return used.news;
  };
  bytes_for(1000);
  bytes_for(std::size_t{1} << 40);  // nobody could hold their order
}

TEST_CASE("rows of other ranks get labels and weights alone") {
  struct Watched {
    std::vector<int>* seen;
    std::size_t size() const { return 64; }
    void read(std::size_t i, Sample<float>& to) const {
      (*seen)[i] += to.features.empty() ? 0 : 1;
      CHECK(to.features.empty() == to.targets.empty());
      fill(i, to);
    }
  };
  std::vector<int> seen(64);
  const auto stream = make_stream(Watched{&seen}, columns(), {.buffer = 16, .workers = 0});
  std::set<float> weights;
  for (std::size_t rank = 0; rank < 2; ++rank) {
    DataLoader<float> loader{stream, 32, 5};
    loader.only({2, rank, 2});
    Batch<float> b;
    while (loader.next(b)) weights.insert(b.weights.begin(), b.weights.end());
  }
  CHECK(seen == std::vector<int>(64, 1));
  CHECK(weights.size() == 64);
}

TEST_CASE("what is wrong with a source is one error with its place") {
  const auto all = [](const Dataset<float>& data) {
    DataLoader<float> loader{data, 4, 1, false};
    rest(loader);
  };
  for (const std::size_t workers : {0U, 1U}) {
    const auto walked = [&](Walked source, std::size_t length) {
      return make_stream(source, columns(), {.buffer = 4, .length = length, .workers = workers, .name = "log"});
    };
    CHECK_THROWS_WITH(all(walked({10}, 12)), "log: expected 12 samples in an epoch, got an end after 10");
    CHECK_THROWS_WITH(all(walked({10, 6}, 10)), "log: sample 6: the line is dead");
    CHECK_NOTHROW(all(walked({10}, 9)));
    CHECK_THROWS_WITH(all(make_stream(Counted{10}, Dataset<float>{Features<float>{"x", {2}, {}}, Labels{{}, 2, 2}},
                                      {.workers = workers, .name = "disk"})),
                      "disk: label 2 of sample 2 is outside the 2 classes: expected 0 to 1");
  }
  CHECK_THROWS_WITH(make_stream(Walked{10}, columns()), Contains("the source does not say how many it has: .length"));
  CHECK_THROWS_WITH(make_stream(Counted{10}, columns(), {.length = 11}),
                    "stream: expected at most the 10 samples of the source, got .length = 11");
  CHECK_THROWS_WITH(make_stream(Counted{0}, columns()), "stream: expected at least one sample in an epoch, got 0");
  CHECK_THROWS_WITH(make_stream(Counted{3}, columns(), {.buffer = 0}), Contains("a buffer of at least 1 sample"));
  CHECK_THROWS_WITH(make_stream(Counted{3}, columns(), {.workers = 1025}),
                    "stream: expected at most 1024 .workers, got 1025");
  CHECK_THROWS_WITH(make_stream(Counted{3}, Dataset<float>{}), Contains("columns of samples"));

  const auto stream = make_stream(Counted{10}, columns());
  const char* const refusal = "in memory, got a stream (stream), which is read batch by batch";
  CHECK_THROWS_WITH(stream.features(), Contains(refusal));
  CHECK_THROWS_WITH(stream.label(0), Contains(refusal));
  CHECK_THROWS_WITH(stream.split(0.5, 1), Contains(refusal));
  CHECK_THROWS_WITH(stream.as<double>(), Contains(refusal));
  CHECK_THROWS_WITH(stream.select({"x"}), Contains(refusal));
  CHECK_THROWS_WITH(stream.feature_column("x"), Contains(refusal));
  const Dataset<float> some = stream.take(7), expected = in_memory(7);
  CHECK(std::ranges::equal(some.features(), expected.features()));
  CHECK(std::ranges::equal(some.labels(), expected.labels()));
  CHECK(std::ranges::equal(some.targets(), expected.targets()));
  CHECK(std::ranges::equal(some.weights(), expected.weights()));
}

TEST_CASE("arrays in several files are one stream") {
  const Folder folder;
  std::vector<float> x;
  std::vector<std::uint8_t> y;
  for (std::size_t i = 0; i < 30; ++i) {
    x.insert(x.end(), {static_cast<float>(i), 0.5F});
    y.push_back(static_cast<std::uint8_t>(i % 4));
  }
  const std::span<const float> fs(x);
  const std::span<const std::uint8_t> ls(y);
  const std::vector<std::string> xs{folder / "x0.npy", folder / "x1.npy"}, ys{folder / "y0.npy", folder / "y1.npy"};
  write_npy(xs[0], NpyArray({20, 2}, fs.first(40)));
  write_npy(xs[1], NpyArray({10, 2}, fs.subspan(40)));
  write_npy(ys[0], NpyArray({20}, ls.first(20)));
  write_npy(ys[1], NpyArray({10}, ls.subspan(20)));
  const auto check = [&](const Dataset<float>& data) {
    CHECK(data.size() == 30);
    CHECK(sorted(order_of(data, 0)) == counted(30));
    const Dataset<float> all = data.take(30);
    CHECK(std::ranges::equal(all.features(), fs));
    CHECK(std::ranges::equal(all.labels(), ls));
  };
  const auto npy = [&](const std::vector<std::string>& a, const std::vector<std::string>& b, std::size_t classes = 4) {
    return stream_files({{.files = a}, {.kind = ColumnKind::labels, .files = b, .classes = classes}}, {.buffer = 8});
  };
  check(npy(xs, ys));
  const std::string tensors = folder / "all.safetensors";
  write_safetensors(tensors, std::vector<TensorView>{{"images", {30, 2}, fs},
                                                     {"kinds", {30}, DType::u8, std::as_bytes(ls)},
                                                     {"halves", {30}, DType::f16, std::as_bytes(fs.first(15))}});
  const auto from_tensors = [&](const char* images, const char* kinds) {
    return stream_files({{.files = {tensors}, .name = images},
                         {.kind = ColumnKind::labels, .files = {tensors}, .name = kinds, .classes = 4}},
                        {.buffer = 8});
  };
  check(from_tensors("images", "kinds"));
  CHECK_THROWS_WITH(from_tensors("images", "kind"), Contains("all.safetensors: expected a tensor \"kind\", got"));
  CHECK_THROWS_WITH(from_tensors("images", "halves"), Contains("F32, F64, I32, I64 or U8, got F16"));
  CHECK_THROWS_WITH(from_tensors("images", "images"), Contains("expected integer labels"));

  CHECK_THROWS_WITH(npy(xs, {ys[0]}), Contains("expected 2 files, as many as in the first column, got 1"));
  CHECK_THROWS_WITH(npy(xs, {ys[1], ys[0]}), Contains("y1.npy: expected 20 samples, as many as there are in"));
  CHECK_THROWS_WITH(npy(xs, xs), Contains("expected integer labels, got floating-point numbers"));
  CHECK_THROWS_WITH(npy({xs[0], folder / "no.npy"}, ys), Contains("no.npy"));
  CHECK_THROWS_WITH(npy({folder / "x.txt"}, ys), Contains("expected a .npy or a .safetensors file"));
  write_npy(xs[1], NpyArray({5, 4}, fs.first(20)));
  CHECK_THROWS_WITH(npy(xs, ys), Contains("x1.npy: expected samples of 2, as in ") && Contains("got 4"));
  write_npy(xs[1], NpyArray({10, 2}, fs.subspan(40)));
  CHECK_THROWS_WITH(npy(xs, ys, 3).take(30), Contains("label 3 of sample 3 is outside the 3 classes"));
}

TEST_CASE("tables in several files are one stream, of which one is in memory") {
  const Folder folder;
  const std::vector<std::string> files{folder / "a.csv", folder / "b.csv", folder / "c.csv"};
  const auto write = [&](std::size_t file, std::size_t first, std::size_t end, const char* header = "x,ten,kind\n") {
    std::ofstream out(files[file]);
    out << header;
    for (std::size_t i = first; i < end; ++i) out << i << ',' << 10 * i << ',' << i % 3 << '\n';
  };
  write(0, 0, 2), write(1, 2, 30), write(2, 30, 40);  // the first knows of two classes
  const CsvOptions csv{.label_column = "kind"};
  const Dataset<float> stream = stream_csv(files, csv, {.buffer = 8});
  CHECK(stream.size() == 40);
  CHECK(stream.classes() == 3);
  CHECK(sorted(order_of(stream, 0)) == counted(40));
  CHECK(order_of(stream, 0, false) == counted(40));
  std::set<std::size_t> first;
  for (std::uint64_t epoch = 0; epoch < 20; ++epoch) first.insert(order_of(stream, epoch)[0] / 10);
  CHECK(first.size() > 1);  // not always the same file
  DataLoader<float> unbroken{stream, 6, 2}, resumed{stream, 6, 2};
  Batch<float> b;
  for (int k = 0; k < 4; ++k) unbroken.next(b);
  resumed.restore(unbroken.state());
  CHECK(rest(resumed) == rest(unbroken));

  write(1, 2, 20);
  CHECK_THROWS_WITH(stream.take(40), Contains("b.csv: expected 28 samples, as when the stream was made, got 18"));
  write(1, 2, 30, "x,tens,kind\n");
  std::ofstream(files[1]) << "x,kind\n1,2\n";
  CHECK_THROWS_WITH(stream_csv(files, csv), Contains("b.csv"));
  CHECK_THROWS_WITH(stream_csv({}, csv), "stream_csv: expected files, got none");
}
