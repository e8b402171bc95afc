#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <span>
#include <vector>

#include <tenon/edge/checkpoint.hpp>
#include <tenon/edge/learner.hpp>
#include <tenon/layers/dense.hpp>
#include <tenon/layers/tanh.hpp>
#include <tenon/losses/mean_squared_error.hpp>
#include <tenon/net/networks.hpp>

using namespace tenon;

namespace {

using Net = Sequential<Dense<2, 3>, Tanh, Dense<2>>;
using Learner = edge::Learner<Net, MeanSquaredError, Adam, 2>;

struct PowerCut {};

/// NOR flash whose power goes after so many bytes have been erased or written. A write can only clear bits; the byte at
/// which the power goes is left half done.
struct Flash {
  std::array<std::vector<std::byte>, 2> bytes{std::vector<std::byte>(Learner::checkpoint_bytes + 24),
                                              std::vector<std::byte>(Learner::checkpoint_bytes + 24)};
  std::size_t left = ~std::size_t{0};
  std::size_t used = 0;

  std::span<const std::byte> slot(unsigned i) const { return bytes[i]; }
  bool erase(unsigned i) {
    for (std::byte& b : bytes[i]) change(b, std::byte{0xff});
    return true;
  }
  bool write(unsigned i, std::size_t offset, std::span<const std::byte> from) {
    CHECK((offset % 8 == 0 && from.size() % 8 == 0));
    for (std::size_t k = 0; k < from.size(); ++k) {
      CHECK(bytes[i][offset + k] == std::byte{0xff});  // erased, and written once
      change(bytes[i][offset + k], from[k]);
    }
    return true;
  }

private:
  void change(std::byte& b, std::byte to) {
    if (left == 0) {
      b = (b & std::byte{0x0f}) | (to & std::byte{0xf0});
      throw PowerCut{};
    }
    --left;
    ++used;
    b = to;
  }
};

Weights<Net> start() {
  Weights<Net> w;
  for (std::size_t i = 0; i < Weights<Net>::parameter_space; ++i)
    w.parameters[i] = 0.05F * static_cast<float>(i % 7) - 0.1F;
  return w;
}
const Weights<Net> weights = start();

void teach(Learner& learner, int samples) {
  for (int s = 0; s < samples; ++s) {
    const float x[]{0.3F * static_cast<float>(s), -0.2F}, target[]{0.7F, -0.4F};
    learner.learn(x, target);
  }
}
bool agree(const Learner& a, const Learner& b) {
  return a.steps() == b.steps() && std::ranges::equal(a.parameters(), b.parameters()) &&
         std::ranges::equal(a.optimizer_state(), b.optimizer_state());
}

}  // namespace

TEST_CASE("A learner that goes on from a checkpoint makes the steps it would have made", "[edge]") {
  Learner learner{weights, Adam{.lr = 0.05}};
  Flash flash;
  CHECK(edge::load_checkpoint(learner, flash) == edge::CheckpointStatus::none);
  teach(learner, 6);
  REQUIRE(edge::save_checkpoint(learner, flash) == edge::CheckpointStatus::ok);
  teach(learner, 6);
  Learner other{weights, Adam{.lr = 0.05}};
  teach(other, 3);  // half of a batch is forgotten
  REQUIRE(edge::load_checkpoint(other, flash) == edge::CheckpointStatus::ok);
  CHECK(other.steps() == 3);
  teach(other, 6);
  CHECK(agree(other, learner));
  // each goes to the other slot
  for (int i = 0; i < 5; ++i) {
    teach(learner, 2);
    REQUIRE(edge::save_checkpoint(learner, flash) == edge::CheckpointStatus::ok);
    REQUIRE(edge::load_checkpoint(other, flash) == edge::CheckpointStatus::ok);
    CHECK(agree(other, learner));
  }
}

TEST_CASE("A power cut at any byte leaves the checkpoint before, or the new one whole", "[edge]") {
  Learner old{weights, Adam{.lr = 0.05}}, fresh{weights, Adam{.lr = 0.05}};
  Flash before;
  teach(old, 2);
  REQUIRE(edge::save_checkpoint(old, before) == edge::CheckpointStatus::ok);
  teach(old, 2);
  REQUIRE(edge::save_checkpoint(old, before) == edge::CheckpointStatus::ok);  // both slots are in use
  teach(fresh, 8);
  Flash whole = before;
  whole.used = 0;
  REQUIRE(edge::save_checkpoint(fresh, whole) == edge::CheckpointStatus::ok);
  REQUIRE(whole.used > 2 * Learner::checkpoint_bytes);
  std::size_t new_ones = 0;
  for (std::size_t cut = 0; cut <= whole.used; ++cut) {
    Flash flash = before;
    flash.left = cut;
    bool done = false;
    try {
      edge::save_checkpoint(fresh, flash);
      done = true;
    } catch (PowerCut) {
    }
    CHECK(done == (cut == whole.used));
    Learner found{weights};
    REQUIRE(edge::load_checkpoint(found, flash) == edge::CheckpointStatus::ok);
    if (agree(found, fresh)) ++new_ones;
    else REQUIRE(agree(found, old));
    if (done) CHECK(agree(found, fresh));
    // and the next one works
    flash.left = ~std::size_t{0};
    REQUIRE(edge::save_checkpoint(fresh, flash) == edge::CheckpointStatus::ok);
    REQUIRE(edge::load_checkpoint(found, flash) == edge::CheckpointStatus::ok);
    CHECK(agree(found, fresh));
  }
  CHECK(new_ones >= 1);
}

TEST_CASE("Any damaged byte is found out, and so is another learner's checkpoint", "[edge]") {
  Learner learner{weights};
  Flash flash;
  teach(learner, 2);
  REQUIRE(edge::save_checkpoint(learner, flash) == edge::CheckpointStatus::ok);
  for (std::size_t i = 0; i < Learner::checkpoint_bytes; ++i) {
    Flash damaged = flash;
    damaged.bytes[0][i] ^= std::byte{0x10};
    Learner found{weights};
    CHECK(edge::load_checkpoint(found, damaged) == edge::CheckpointStatus::none);
  }
  edge::Learner<Net, MeanSquaredError, SGD, 2> other{weights};
  CHECK(edge::load_checkpoint(other, flash) == edge::CheckpointStatus::none);
  struct Small : Flash {
    std::span<const std::byte> slot(unsigned i) const { return std::span<const std::byte>(bytes[i]).first(64); }
  } small;
  CHECK(edge::save_checkpoint(learner, small) == edge::CheckpointStatus::too_small);
  struct Stuck : Flash {
    bool write(unsigned, std::size_t, std::span<const std::byte>) { return true; }
  } stuck;
  CHECK(edge::save_checkpoint(learner, stuck) == edge::CheckpointStatus::not_written);
}
