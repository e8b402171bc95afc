#include <tenon/train/callbacks/stop_on_signal.hpp>

#include <array>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <mutex>
#include <utility>

#include <fmt/format.h>

namespace tenon::detail {

namespace {

std::atomic<int> last_signal{0};
static_assert(std::atomic<int>::is_always_lock_free, "a signal handler may use nothing else");

std::atomic<void (*)(int) noexcept> first_asked{nullptr};
static_assert(std::atomic<void (*)(int) noexcept>::is_always_lock_free);

extern "C" void note_signal(int number) {
  if (const auto look = first_asked.load()) look(number);
  if (last_signal.exchange(number) == 0) return;
  // the second: as if nobody had been watching; blocked until this handler returns, it comes then
  std::signal(number, SIG_DFL);
  std::raise(number);
}

struct Watched {
  int number;
  struct sigaction before {};
  bool installed = false;
};
std::mutex mutex;
std::size_t watches = 0;
std::array<Watched, 2> watched{{{SIGINT}, {SIGTERM}}};

}  // namespace

SignalWatch::SignalWatch() {
  const std::lock_guard lock(mutex);
  if (watches++ > 0) return;
  last_signal = 0;
  for (Watched& w : watched) {
    struct sigaction ours {};
    ours.sa_handler = note_signal;
    ours.sa_flags = SA_RESTART;  // reading and writing go on
    sigemptyset(&ours.sa_mask);
    w.installed = ::sigaction(w.number, nullptr, &w.before) == 0 && w.before.sa_handler != SIG_IGN &&
                  ::sigaction(w.number, &ours, nullptr) == 0;
  }
}

SignalWatch::~SignalWatch() {
  const std::lock_guard lock(mutex);
  if (--watches > 0) return;
  for (Watched& w : watched)
    if (std::exchange(w.installed, false)) ::sigaction(w.number, &w.before, nullptr);
}

int SignalWatch::received() noexcept { return last_signal; }
void SignalWatch::ask_first(void (*look)(int) noexcept) noexcept { first_asked = look; }
const int SignalWatch::terminate = SIGTERM;

void say_stopped(std::uint64_t epoch, std::uint64_t step, const std::string& path) {
  const std::string saved = path.empty() ? "nothing was saved"
                                         : "saved as " + path + ", from which ModelCheckpoint{.resume = true} goes on";
  std::fputs(fmt::format("stopped by a signal in epoch {}, after step {}; {}\n", epoch, step, saved).c_str(), stderr);
}

}  // namespace tenon::detail
