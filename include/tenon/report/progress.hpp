#pragma once

#include <array>
#include <cstddef>
#include <cstdio>
#include <initializer_list>
#include <span>
#include <string_view>

namespace tenon {

/// A number to show: a loss, a metric.
struct NamedValue {
  std::string_view name;
  double value = 0;
};

/// Shows the progress of a long job. On a terminal, one line that is redrawn at most ten times a second:
///     epoch 3/5 [=====>    ]  512/1437  loss 0.2345  accuracy 0.9321  84,312 samples/s  ETA 0:03
/// In a pipe, nothing until the job's end, then the line that stays on the terminal too (where it has the width):
///     epoch 3/5  loss 0.2345  accuracy 0.9321  val_loss 0.2104  val_accuracy 0.9402  1.2 s
/// It never allocates, and away from a terminal `update` is one comparison.
class Progress {
public:
  enum class Mode {
    automatic,  // a bar on a terminal, plain lines elsewhere
    plain,      // plain lines everywhere
    quiet       // nothing at all
  };

  explicit Progress(std::FILE* out = stderr, Mode mode = Mode::automatic);
  ~Progress();  ///< leaves a bar whose job never finished (an exception, say) on its line
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// Starts the clock of epoch `epoch` (from 1) of `epochs`.
  void begin(size_t epoch, size_t epochs, size_t samples);

  /// Any other job: reading files, a search, a bench. `total` is 0 where nobody knows how much there is.
  void begin(std::string_view job, size_t total, std::string_view unit = "items");

  void update(size_t done, std::span<const NamedValue> values) {
    if (live_) redraw(done, values);
  }
  void update(size_t done, std::initializer_list<NamedValue> values = {}) {
    update(done, std::span<const NamedValue>(values.begin(), values.size()));
  }

  /// A line of its own, which stays; nothing where the mode is quiet.
  void note(std::string_view line);

  /// `more` comes last, in brackets, where there is any and the width for it.
  void finish(std::span<const NamedValue> values, std::string_view more = {});
  void finish(std::initializer_list<NamedValue> values = {}) {
    finish(std::span<const NamedValue>(values.begin(), values.size()));
  }

private:
  void redraw(size_t done, std::span<const NamedValue> values);
  void draw(size_t done, std::span<const NamedValue> values, double elapsed);
  void put(std::string_view line, std::string_view end);

  std::FILE* out_;
  bool quiet_;
  bool terminal_;
  bool running_ = false;
  bool live_ = false;  // running on a terminal
  std::array<char, 64> head_{};
  std::array<char, 32> unit_{};
  size_t total_ = 0;
  double started_ = 0;  // seconds of the steady clock
  double next_ = 0;
  size_t drawn_columns_ = 0;
};

namespace detail {

struct ProgressLine {
  std::string_view head;  // "epoch 3/5"
  size_t done = 0;
  size_t total = 0;
  std::string_view unit;
  std::span<const NamedValue> values;
  double elapsed = 0;  // seconds
};

/// The parts of the line that fit into `columns`, most important first: head and count, time left, the values in their
/// order, the bar, the rate. Returns the text, which lies in `buffer`.
std::string_view format_progress(std::span<char> buffer, const ProgressLine& line, size_t columns);

/// The line that stays at the end. Where it is wider than `columns`, "accuracy" becomes "acc"; if that is not enough,
/// the time and then the last values are left out.
std::string_view format_finished(std::span<char> buffer, std::string_view head, std::span<const NamedValue> values,
                                 double elapsed, size_t columns = static_cast<size_t>(-1));

}  // namespace detail

}  // namespace tenon
