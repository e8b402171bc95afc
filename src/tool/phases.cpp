#include "phases.hpp"

#include <fmt/format.h>

#include <chrono>
#include <utility>

#include "../report/terminal.hpp"

namespace tenon::tool {

Phases::Phases(double after, std::FILE* out)
    : out_(out), shown_from_(detail::steady_seconds() + after), began_(shown_from_) {
  if (detail::is_terminal(out)) watch_ = std::jthread([this](const std::stop_token& stop) { watch(stop); });
}

Phases::~Phases() { pause(); }

void Phases::begin(std::string phase) {
  const std::scoped_lock lock(mutex_);
  draw("");
  phase_ = std::move(phase);
  began_ = detail::steady_seconds();
}

void Phases::watch(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    const double now = detail::steady_seconds();
    if (now >= shown_from_ && !phase_.empty()) draw(fmt::format("{}, {:.0f} s", phase_, now - began_));
    ended_.wait_for(lock, stop, std::chrono::milliseconds(200), [] { return false; });
  }
}

/// Over the line before, whose rest becomes spaces. The cursor goes back to its begin, so that a compiler's messages
/// stand on lines of their own.
void Phases::draw(const std::string& line) {
  if (line.empty() && drawn_ == 0) return;
  fmt::print(out_, "\r{:{}}\r", line, drawn_);
  std::fflush(out_);
  drawn_ = line.size();
}

}  // namespace tenon::tool
