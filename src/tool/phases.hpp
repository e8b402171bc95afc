#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdio>
#include <mutex>
#include <string>
#include <thread>

#include <tenon/train/clock.hpp>

namespace tenon::tool {

/// Says on a terminal what the command is at, once it has taken two seconds: "rewriting, 12 s", a line that goes when the
/// work is done. In a pipe it says nothing, and starts no thread. A phase gives no count of its own, unlike the jobs of
/// LongJob: another thread draws it, so the seconds go on within one long call.
///
///     Phases phases;
///     phases.begin("reading");
///     ...
///     phases.begin("rewriting");
class Phases {
public:
  explicit Phases(double after = 2, std::FILE* out = stderr);
  ~Phases();  ///< takes the line away
  Phases(const Phases&) = delete;
  Phases& operator=(const Phases&) = delete;

  /// What is done from now on.
  void begin(std::string phase);
  /// Takes the line away until the next phase: others write to the terminal now.
  void pause() { begin({}); }

private:
  void watch(const std::stop_token& stop);
  void draw(const std::string& line);

  std::FILE* out_;
  double shown_from_, began_;  // seconds of the steady clock
  std::string phase_{};
  std::size_t drawn_ = 0;  // characters of the line that stands there
  std::mutex mutex_{};     // of all above
  std::condition_variable_any ended_{};
  std::jthread watch_{};  // last: it ends before what it reads
};

}  // namespace tenon::tool
