#include "unit/train/callbacks/rig.hpp"

using namespace tenon;
using namespace tenon::test;

TEST_CASE("guards: time, and numbers that are none") {
  Model<Net> model{1};
  CHECK(fit(model, data().train, Fit{.epochs = 1000000, .progress = quiet, .callbacks = callbacks(TimeLimit{0.05})})
            .epochs.size() < 1000000);

  Model<Net> kept{1}, exploding{1};
  fit(kept, data().train, Fit{.optimizer = SGD{.lr = 0.1}, .epochs = 2, .progress = quiet});
  TerminateOnNaN guard;
  const auto spoil = OnStepEnd{[](auto& run) {
    if (run.epoch() == 3) run.trainer().set_lr(1e30);
  }};
  const History history = fit(
      exploding, data().train,
      Fit{.optimizer = SGD{.lr = 0.1}, .epochs = 9, .progress = quiet, .callbacks = callbacks(guard, spoil)});
  CHECK(guard.terminated);
  CHECK(history.epochs.size() == 2);
  CHECK(same_bits(exploding, kept));
}
