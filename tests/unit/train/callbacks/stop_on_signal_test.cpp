#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <stdexcept>
#include <string>

#include "unit/train/callbacks/rig.hpp"

using namespace tenon;
using namespace tenon::test;

TEST_CASE("a signal ends training after the step, and what was saved goes on bit for bit") {
  const Folder folder;
  const std::string path = folder / "run.safetensors";
  Model<Net> whole{1}, model{1}, other{2};
  fit(whole, data().train, settings(3, Calls{}));
  const auto handler = std::signal(SIGINT, SIG_DFL);
  for (const int number : {SIGINT, SIGTERM}) {
    std::filesystem::remove(path);
    model = Model<Net>{1};
    StopOnSignal stop{path};
    const auto press = OnGradients{[number](auto& run) {
      if (run.step() == 12) std::raise(number);  // amid step 13
    }};
    const History history = fit(model, data().train, settings(3, stop, press));
    CHECK(stop.signal == number);
    CHECK(stop.at_step == 13);
    CHECK(history.epochs.size() == 1);
    StopOnSignal again{path};
    fit(other, data().train, settings(3, ModelCheckpoint{.path = path, .resume = true}));
    CHECK(same_bits(other, whole));
    CHECK(again.signal == 0);
  }
  CHECK(std::signal(SIGINT, handler) == SIG_DFL);  // given back

  // also where the run ends with an exception
  CHECK_THROWS_AS(
      fit(model, data().train, settings(1, StopOnSignal{}, OnStepEnd{[](auto&) { throw std::runtime_error("x"); }})),
      std::runtime_error);
  const auto after = std::signal(SIGINT, SIG_DFL);
  CHECK(after == handler);
  std::signal(SIGINT, handler);

  // a second signal ends the program as ever
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    std::signal(SIGINT, SIG_DFL);
    fit(model, data().train,
        settings(1, StopOnSignal{}, OnGradients{[](auto&) { std::raise(SIGINT), std::raise(SIGINT); }}));
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  CHECK(WIFSIGNALED(status));
  CHECK(WTERMSIG(status) == SIGINT);
}
