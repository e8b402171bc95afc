// A network that learns by trying (REINFORCE, Williams 1992): a pole on a cart is to be kept upright by pushing the
// cart to the left or to the right (Barto et al. 1983). It says how likely it pushes which way, and draws. After
// sixteen attempts, what it did becomes likelier by how much better what followed was than the mean: cross-entropy with
// its own actions as labels, each weighed by that.
//
//     policy_gradient [SEED]
//
// After 200 rounds, a tenth of a second, the pole stands for 186 to 200 of 200 steps, untrained for 15 to 29, of six
// seeds.
//
// prints: after training: (1[89][0-9]|200)\.[0-9] of 200 steps
#include <tenon/tenon.hpp>

#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <vector>

using namespace tenon;

using Policy = Sequential<Dense<4, 32>, Tanh, Dense<2>, Softmax>;
constexpr std::size_t attempts = 16, longest = 200;

/// The cart's place and speed, the pole's angle and its speed; a step is a fiftieth of a second.
struct Cart {
  std::array<float, 4> state{};
  bool upright = true;

  explicit Cart(Stream& random) {
    for (float& v : state) v = random.uniform(-0.05F, 0.05F);
  }
  void push(float force) {
    constexpr float gravity = 9.8F, mass = 1.1F, pole = 0.1F, half = 0.5F, dt = 0.02F;
    auto& [place, speed, angle, turn] = state;
    const float sine = std::sin(angle), cosine = std::cos(angle);
    const float pull = (force + pole * half * turn * turn * sine) / mass;
    const float turning = (gravity * sine - cosine * pull) / (half * (4.F / 3 - pole * cosine * cosine / mass));
    const float pushing = pull - pole * half * turning * cosine / mass;
    place += dt * speed, speed += dt * pushing, angle += dt * turn, turn += dt * turning;
    upright = std::abs(place) < 2.4F && std::abs(angle) < 0.2095F;
  }
};

/// What was seen and done in some attempts, step by step, and how long each lasted.
struct Tries {
  std::vector<float> states{}, worth{};
  std::vector<std::int32_t> actions{};
  double length = 0;
};

/// Forgets what is in `all`, and fills it.
void try_it(const Model<Policy>& policy, Stream& random, Tries& all) {
  all.states.clear(), all.worth.clear(), all.actions.clear(), all.length = 0;
  for (std::size_t k = 0; k < attempts; ++k) {
    Cart cart(random);
    const std::size_t first = all.actions.size();
    while (cart.upright && all.actions.size() - first < longest) {
      std::array<float, 2> likely{};
      policy.predict(cart.state, likely);
      const std::int32_t action = random.uniform<float>() < likely[1] ? 1 : 0;
      all.states.insert(all.states.end(), cart.state.begin(), cart.state.end());
      all.actions.push_back(action);
      cart.push(action == 1 ? 10.F : -10.F);
    }
    // a step is worth 1, and what follows counts less and less
    all.worth.resize(all.actions.size());
    float sum = 0;
    for (std::size_t t = all.worth.size(); t-- > first;) all.worth[t] = sum = 1 + 0.99F * sum;
    all.length += static_cast<double>(all.actions.size() - first) / attempts;
  }
}

int main(int argc, char** argv) {
  const std::uint64_t seed = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1;
  Model<Policy> policy{seed};
  Trainer trainer{policy, CrossEntropy{.reduction = Reduction::sum}, Adam{.lr = 1e-2}, attempts * longest, seed};
  Stream random(seed, Purpose::user);
  Tries tries;
  std::vector<double> lengths;
  for (int round = 0; round < 200; ++round) {
    try_it(policy, random, tries);
    lengths.push_back(tries.length);
    const auto n = static_cast<float>(tries.worth.size());
    float mean = 0, squares = 0;
    for (const float w : tries.worth) mean += w / n;
    for (const float w : tries.worth) squares += (w - mean) * (w - mean) / n;
    for (float& w : tries.worth) w = (w - mean) / (std::sqrt(squares) + 1e-6F) / n;

    trainer.set_lr(1e-2 * (1 - round / 200.0));
    trainer.zero_grad();
    trainer.forward(Batch<float>{.features = tries.states,
                                 .labels = tries.actions,
                                 .targets = {},
                                 .count = tries.actions.size(),
                                 .indices = {},
                                 .weights = tries.worth});
    trainer.loss();
    trainer.backward();
    trainer.step();
  }
  std::printf("before training: %.1f of %zu steps\n", lengths.front(), longest);
  try_it(policy, random, tries);
  std::printf("after training: %.1f of %zu steps\n", tries.length, longest);
  Plot{.title = "steps before the pole falls", .x_label = "rounds"}.line("", lengths).save("policy_gradient.svg");
}
