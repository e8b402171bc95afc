#include "tenon/random.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

namespace {

using tenon::philox4x32;
using tenon::Purpose;
using tenon::Stream;
using Words = std::array<std::uint32_t, 4>;

// The known answers that Random123 publishes for philox4x32-10.
static_assert(philox4x32({0, 0, 0, 0}, {0, 0}) == Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
static_assert(philox4x32({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff}) ==
              Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
static_assert(philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}) ==
              Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});

constexpr Stream sample_stream() { return Stream{0x0123'4567'89ab'cdef, Purpose::dropout, 3, 0x00ab'cdef'0123'4567}; }

template <class Draw>
constexpr auto four(Draw draw) {
  Stream stream = sample_stream();
  std::array<decltype(draw(stream)), 4> drawn{};
  for (auto& value : drawn) value = draw(stream);
  return drawn;
}

}  // namespace

// The numbers below come from a second implementation, in Python. They must never change: stored
// results depend on them.
TEST_CASE("a stream's words are the same on every compiler") {
  constexpr auto words = four([](Stream& stream) { return stream.next(); });
  CHECK(words == Words{0x78519a3f, 0x27c04d02, 0xec0d5c16, 0x1cf09b23});
  CHECK(words == sample_stream().block(0));

  Stream stream = sample_stream();
  for (int i = 0; i < 4; ++i) stream.next();
  CHECK(stream.next() == 0xebc4c411);
  CHECK(stream.next() == 0xd1ec6eb9);
}

TEST_CASE("the counter is block, step, layer, purpose") {
  const Words counter{5, 0x0123'4567, 3, 0x04ab'cdef};
  CHECK(sample_stream().block(5) == philox4x32(counter, {0x89ab'cdef, 0x0123'4567}));
}

TEST_CASE("a step never reaches into the purpose") {
  const Stream first{1, Purpose::split, 2, 3};
  const Stream overflown{1, Purpose::split, 2, 3 + (std::uint64_t{1} << 56)};
  CHECK(first.block(0) == overflown.block(0));
}

TEST_CASE("block leaves the stream where it is") {
  Stream stream = sample_stream();
  stream.next();
  stream.block(17);
  CHECK(stream.next() == 0x27c04d02);
}

TEST_CASE("streams of another seed, purpose, layer or step differ") {
  const Words base = Stream{1, Purpose::dropout, 2, 3}.block(0);
  CHECK(base != Stream{2, Purpose::dropout, 2, 3}.block(0));
  CHECK(base != Stream{std::uint64_t{1} << 32, Purpose::dropout, 2, 3}.block(0));
  CHECK(base != Stream{1, Purpose::shuffle, 2, 3}.block(0));
  CHECK(base != Stream{1, Purpose::dropout, 3, 3}.block(0));
  CHECK(base != Stream{1, Purpose::dropout, 2, 4}.block(0));
  CHECK(base != Stream{1, Purpose::dropout, 2, 3 + (std::uint64_t{1} << 40)}.block(0));
}

TEST_CASE("uniform numbers are the same on every compiler") {
  constexpr auto singles = four([](Stream& stream) { return stream.uniform(); });
  CHECK(singles == std::array{0x1.e14668p-2f, 0x1.3e0268p-3f, 0x1.d81ab8p-1f, 0x1.cf09bp-4f});
  constexpr auto doubles = four([](Stream& stream) { return stream.uniform<double>(); });
  CHECK(doubles == std::array{0x1.e1466893e0268p-2, 0x1.d81ab8073c26cp-1, 0x1.d78988347b1bap-1, 0x1.c8dd98a160afap-2});
}

TEST_CASE("uniform numbers fill [0, 1) evenly") {
  Stream stream{11};
  constexpr int count = 100000;
  std::array<int, 10> bins{};
  double sum = 0;
  for (int i = 0; i < count; ++i) {
    const float u = stream.uniform();
    REQUIRE((u >= 0 && u < 1));
    ++bins[static_cast<std::size_t>(u * 10)];
    sum += static_cast<double>(u);
  }
  CHECK(sum / count == Approx(0.5).margin(0.005));
  for (const int bin : bins) CHECK(bin == Approx(count / 10.0).epsilon(0.05));
}

TEST_CASE("uniform numbers of a range stay below its open end") {
  // The largest float below 1 times the range, plus 1, rounds to 2: some draw must meet it.
  const auto drawn = [](Stream& stream) { return stream.uniform(1.0f, 1.0f + 0x1p-20f); };
  Stream stream{5};
  for (int i = 0; i < 1000; ++i) {
    const float value = drawn(stream);
    REQUIRE((value >= 1.0f && value < 1.0f + 0x1p-20f));
  }
  Stream wide{5};
  double sum = 0;
  for (int i = 0; i < 10000; ++i) {
    const double value = wide.uniform(-3.0, 7.0);
    REQUIRE((value >= -3 && value < 7));
    sum += value;
  }
  CHECK(sum / 10000 == Approx(2).margin(0.1));
}

TEST_CASE("normal numbers are the same on every compiler") {
  CHECK(four([](Stream& stream) { return stream.normal(); }) ==
        std::array{0x1.60bc8p-1f, 0x1.38b8e8p-2f, 0x1.61e652p-3f, -0x1.5fa89p-4f});
}

TEMPLATE_TEST_CASE("normal numbers have the moments and tails of a normal", "", float, double) {
  Stream stream{12};
  constexpr int count = 200000;
  double sum = 0, squares = 0, cubes = 0, fourths = 0;
  int beyond_two = 0;
  for (int i = 0; i < count; ++i) {
    const auto value = static_cast<double>(stream.normal<TestType>());
    REQUIRE(std::isfinite(value));
    sum += value;
    squares += value * value;
    cubes += value * value * value;
    fourths += value * value * value * value;
    beyond_two += std::abs(value) > 2;
  }
  CHECK(sum / count == Approx(0).margin(0.01));
  CHECK(squares / count == Approx(1).margin(0.02));
  CHECK(cubes / count == Approx(0).margin(0.05));
  CHECK(fourths / count == Approx(3).margin(0.1));
  CHECK(beyond_two == Approx(0.0455 * count).epsilon(0.03));
}

TEST_CASE("bounded integers are the same on every compiler") {
  constexpr auto small = [] {
    Stream stream = sample_stream();
    std::array<std::uint64_t, 9> drawn{};
    constexpr std::array<std::uint64_t, 9> bounds{10, 1000, 3, (1ull << 31) + 1, 1ull << 32, (1ull << 31) + 1, 6, 1, 7};
    for (std::size_t i = 0; i < drawn.size(); ++i) drawn[i] = stream.below(bounds[i]);
    return drawn;
  }();
  CHECK(small == std::array<std::uint64_t, 9>{4, 155, 2, 242765201, 3955541009, 958116633, 1, 0, 4});

  Stream stream = sample_stream();
  CHECK(stream.below((1ull << 32) + 1) == 0x1cf09b23);
  CHECK(stream.below(1'000'000'000'000'000) == 0xc411d1ec6eb9);
  CHECK(stream.below(~0ull) == 0x7237663342c15f42);
}

TEST_CASE("bounded integers are unbiased") {
  Stream stream{13};
  constexpr int count = 120000;
  std::array<int, 6> dice{};
  for (int i = 0; i < count; ++i) ++dice[stream.below(6)];
  for (const int side : dice) CHECK(side == Approx(count / 6.0).epsilon(0.03));

  // Without rejection, a bound of 3/4 of 2^32 would see every third value twice as often.
  constexpr std::uint64_t bound = 3ull << 30;
  std::array<int, 3> residues{};
  for (int i = 0; i < count; ++i) ++residues[stream.below(bound) % 3];
  for (const int residue : residues) CHECK(residue == Approx(count / 3.0).epsilon(0.03));
}

TEST_CASE("shuffle gives the same permutation on every compiler") {
  std::array<int, 10> ten{};
  std::iota(ten.begin(), ten.end(), 0);
  Stream stream{42, Purpose::shuffle};
  tenon::shuffle(ten, stream);
  CHECK(ten == std::array{4, 6, 7, 0, 8, 2, 3, 9, 1, 5});

  std::vector<int> eight(8);
  std::iota(eight.begin(), eight.end(), 0);
  Stream third_epoch{7, Purpose::shuffle, 0, 3};
  tenon::shuffle(std::span{eight}, third_epoch);
  CHECK(eight == std::vector{0, 3, 2, 7, 6, 4, 1, 5});
}

TEST_CASE("shuffle finds every order equally often") {
  Stream stream{14};
  std::map<std::string, int> orders;
  for (int i = 0; i < 24000; ++i) {
    std::string letters = "abcd";
    tenon::shuffle(letters, stream);
    ++orders[letters];
  }
  CHECK(orders.size() == 24);
  for (const auto& [order, count] : orders) {
    CAPTURE(order);
    CHECK(count == Approx(1000).epsilon(0.15));
  }
}

TEST_CASE("shuffling nothing, or one thing, changes nothing") {
  std::vector<int> none;
  std::vector<int> one{9};
  Stream stream{15};
  tenon::shuffle(none, stream);
  tenon::shuffle(one, stream);
  CHECK(none.empty());
  CHECK(one == std::vector{9});
}
