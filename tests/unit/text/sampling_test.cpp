#include <catch2/catch.hpp>

#include <cmath>
#include <limits>
#include <span>
#include <vector>

#include <tenon/error.hpp>
#include <tenon/text/sampling.hpp>

#include "support/counting_new.hpp"

using namespace tenon;
using Catch::Contains;

namespace {

const std::vector<float> scores{0.5f, 2.0f, -1.0f, 2.0f, 1.0f};

std::vector<double> shares(Sampler sampler, const std::vector<float>& of, int draws = 20000) {
  Stream stream{7, Purpose::sampling};
  std::vector<double> share(of.size());
  for (int i = 0; i < draws; ++i) share[sampler(std::span<const float>(of), stream)] += 1.0 / draws;
  return share;
}

}  // namespace

TEST_CASE("greedy takes the best, and the lower of two") {
  CHECK(greedy(std::span<const float>(scores)) == 1);
  Stream stream{1};
  Sampler cold{.temperature = 0}, one{.top_k = 1}, sure{.top_p = 1e-9};
  for (int i = 0; i < 20; ++i) {
    CHECK(cold(std::span<const float>(scores), stream) == 1);
    CHECK(one(std::span<const float>(scores), stream) == 1);
    CHECK(sure(std::span<const float>(scores), stream) == 1);
  }
}

TEST_CASE("tokens come as often as their probability says") {
  for (const double temperature : {1.0, 0.5, 3.0}) {
    const auto share = shares({.temperature = temperature}, scores);
    double total = 0;
    for (const float s : scores) total += std::exp(static_cast<double>(s) / temperature);
    for (std::size_t i = 0; i < scores.size(); ++i)
      CHECK(share[i] == Approx(std::exp(static_cast<double>(scores[i]) / temperature) / total).margin(0.012));
  }
}

TEST_CASE("top_k and top_p keep the best tokens alone") {
  const auto three = shares({.top_k = 3}, scores);
  CHECK((three[0] == 0 && three[2] == 0));
  const double total = 2 * std::exp(2.0) + std::exp(1.0);
  CHECK(three[1] == Approx(std::exp(2.0) / total).margin(0.012));
  CHECK(three[4] == Approx(std::exp(1.0) / total).margin(0.012));

  // probabilities 0.5, 0.25, 0.125, 0.125: 0.75 is reached by two tokens, a little more needs the lower of two equal
  // ones
  const std::vector<float> halves{std::log(0.125f), std::log(0.5f), std::log(0.125f), std::log(0.25f)};
  const auto two = shares({.top_p = 0.749}, halves);
  CHECK((two[0] == 0 && two[2] == 0));
  CHECK(two[1] == Approx(2.0 / 3).margin(0.012));
  const auto more = shares({.top_p = 0.76}, halves);
  CHECK((more[0] > 0 && more[2] == 0));
  // top_k goes first: of the three best, half the probability is the best one's
  const auto both = shares({.top_k = 3, .top_p = 0.5}, halves);
  CHECK(both[1] == Approx(1));
}

TEST_CASE("the same seed draws the same tokens, and nothing is allocated") {
  Sampler sampler{.temperature = 0.7, .top_k = 4, .top_p = 0.9};
  Stream a{3, Purpose::sampling}, b{3, Purpose::sampling};
  std::vector<std::size_t> first(50), second(50);
  for (std::size_t& t : first) t = sampler(std::span<const float>(scores), a);
  const auto use = test::heap_use([&] {
    for (std::size_t& t : second) t = sampler(std::span<const float>(scores), b);
  });
  CHECK(first == second);
  CHECK(use.news == 0);
}

TEST_CASE("a token that is ruled out is never drawn, and bad settings are an Error") {
  const float never = -std::numeric_limits<float>::infinity();
  const auto share = shares({}, {never, 0, never});
  CHECK(share[1] == Approx(1));
  Stream stream{1};
  const auto draw = [&](Sampler sampler, std::vector<float> of) { return sampler(std::span<const float>(of), stream); };
  CHECK_THROWS_WITH(draw({}, {never, never}), Contains("expected a token that is not ruled out, got 2 scores"));
  CHECK_THROWS_WITH(draw({.temperature = -1}, {0, 1}), "Sampler: temperature: expected at least 0, got -1");
  CHECK_THROWS_WITH(draw({.top_p = 0}, {0, 1}), "Sampler: top_p: expected more than 0 and at most 1, got 0");
  CHECK_THROWS_WITH(draw({}, {0, std::nanf("")}), Contains("got NaN for token 1"));
  CHECK_THROWS_WITH(draw({.temperature = 0}, {}), Contains("expected at least one score"));
  CHECK_THROWS_WITH(draw({.temperature = 0}, {0, std::nanf("")}), Contains("got NaN for token 1"));
  CHECK_THROWS_WITH(draw({.temperature = 0}, {never, never}), Contains("a token that is not ruled out"));
}

TEST_CASE("scores at the ends of what there is") {
  const float always = std::numeric_limits<float>::infinity();
  CHECK(shares({}, {0, always, 100, always})[0] == 0);
  CHECK(shares({}, {0, always, 100, always})[3] == Approx(0.5).margin(0.02));
  for (const Sampler& sampler : {Sampler{}, Sampler{.top_k = 2}, Sampler{.top_p = 0.5}})
    CHECK(shares(sampler, {0, always, 100})[1] == Approx(1));
  for (const float same : {always, 3e38F, -3e38F, 0.0F})
    for (const double share : shares({}, {same, same, same, same})) CHECK(share == Approx(0.25).margin(0.02));
  CHECK(shares({.temperature = 1e-300}, {1, 3, 2})[1] == Approx(1));
  for (const double share : shares({.temperature = 1e30}, {1, 3, 2, -5})) CHECK(share == Approx(0.25).margin(0.02));
}
