#include <tenon/report/progress.hpp>
#include <tenon/train/clock.hpp>

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>

#include "terminal.hpp"

namespace tenon {
namespace {

constexpr double redraw_interval = 0.1;  // seconds
constexpr std::size_t longest_line = 1024;

constexpr bool continues(char c) noexcept { return (static_cast<unsigned char>(c) & 0xc0u) == 0x80u; }

/// Columns on a terminal: UTF-8 continuation bytes take none.
std::size_t width_of(std::string_view text) noexcept {
  return text.size() - static_cast<std::size_t>(std::ranges::count_if(text, continues));
}

/// The beginning of a text, at most `bytes` long and no half characters.
std::string_view clipped(std::string_view text, std::size_t bytes) noexcept {
  if (text.size() <= bytes) return text;
  while (bytes > 0 && continues(text[bytes])) --bytes;
  return text.substr(0, bytes);
}

std::string_view clipped_to_columns(std::string_view text, std::size_t columns) noexcept {
  std::size_t bytes = 0;
  for (std::size_t used = 0; bytes < text.size(); ++bytes)
    if (!continues(text[bytes]) && used++ == columns) break;
  return text.substr(0, bytes);
}

/// Text in a buffer that somebody else owns; what does not fit is dropped. to_chars rather than printf: it neither
/// allocates nor follows the program's locale.
class Writer {
public:
  explicit Writer(std::span<char> buffer) noexcept : buffer_(buffer) {}

  std::string_view text() const noexcept { return {buffer_.data(), size_}; }
  std::size_t width() const noexcept { return width_of(text()); }

  Writer& operator<<(std::string_view text) noexcept {
    text = clipped(text, buffer_.size() - size_);
    std::ranges::copy(text, buffer_.begin() + static_cast<std::ptrdiff_t>(size_));
    size_ += text.size();
    return *this;
  }

  Writer& repeat(char c, std::size_t count) noexcept {
    for (; count > 0; --count) *this << std::string_view(&c, 1);
    return *this;
  }

  Writer& count(std::uint64_t value, std::size_t width = 0, char fill = ' ') noexcept {
    std::array<char, 24> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    const auto length = static_cast<std::size_t>(end - digits.data());
    return repeat(fill, width > length ? width - length : 0) << std::string_view(digits.data(), length);
  }

  Writer& grouped(std::uint64_t value) noexcept {
    if (value < 1000) return count(value);
    grouped(value / 1000) << ",";
    return count(value % 1000, 3, '0');
  }

  Writer& fixed(double value, int decimals) noexcept { return number(value, std::chars_format::fixed, decimals); }

  /// Four decimals, so that neighbouring lines align; powers of ten where these would show nothing or too much.
  Writer& value(double value) noexcept {
    const auto size = std::abs(value);
    if (std::isnan(value)) return *this << "nan";
    const bool plain = size == 0 || (size >= 1e-3 && size < 1e5) || std::isinf(value);
    return plain ? fixed(value, 4) : number(value, std::chars_format::scientific, 3);
  }

  /// "0:03", "1:02:03".
  Writer& clock(double seconds) noexcept {
    const auto whole = static_cast<std::uint64_t>(std::clamp(seconds, 0.0, 1e9));
    if (whole >= 3600) count(whole / 3600) << ":";
    count(whole / 60 % 60, whole >= 3600 ? 2 : 1, '0') << ":";
    return count(whole % 60, 2, '0');
  }

private:
  Writer& number(double value, std::chars_format format, int decimals) noexcept {
    std::array<char, 64> digits;
    const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), value, format, decimals);
    if (error != std::errc()) return *this << "?";
    return *this << std::string_view(digits.data(), static_cast<std::size_t>(end - digits.data()));
  }

  std::span<char> buffer_;
  std::size_t size_ = 0;
};

double now() noexcept { return detail::steady_seconds(); }

std::size_t terminal_columns(std::FILE* out) noexcept {
  winsize size{};
  const bool known = ::ioctl(::fileno(out), TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return known ? size.ws_col : 80;
}

std::size_t digits_of(std::size_t value) noexcept {
  std::size_t digits = 1;
  for (; value >= 10; value /= 10) ++digits;
  return digits;
}

/// "84k/s" for where "84,312 samples/s" has no room.
void write_short_rate(Writer& out, double rate) {
  static constexpr std::array<std::string_view, 4> prefixes{"", "k", "M", "G"};
  std::size_t prefix = 0;
  for (; rate >= 999.5 && prefix + 1 < prefixes.size(); rate /= 1000) ++prefix;
  out.fixed(rate, rate < 9.95 && prefix > 0 ? 1 : 0) << prefixes[prefix] << "/s";
}

void write_bar(Writer& out, std::size_t done, std::size_t total, std::size_t columns) {
  const auto share = std::min(1.0, static_cast<double>(done) / static_cast<double>(total));
  const auto filled = static_cast<std::size_t>(share * static_cast<double>(columns));
  out << "[";
  out.repeat('=', filled);
  if (filled < columns) out << (done > 0 ? ">" : " ");
  out.repeat(' ', columns - std::min(columns, filled + 1)) << "]";
}

}  // namespace

namespace detail {

std::string_view format_progress(std::span<char> buffer, const ProgressLine& line, std::size_t columns) {
  constexpr std::size_t narrowest_bar = 6, widest_bar = 30, most_values = 16;
  const bool bounded = line.total > 0;

  std::array<char, 48> count_buffer, eta_buffer, rate_buffer, short_rate_buffer;
  Writer count(count_buffer), eta(eta_buffer), rate(rate_buffer), short_rate(short_rate_buffer);
  count << " ";
  count.count(line.done, bounded ? digits_of(line.total) : 0);
  if (bounded) (count << "/").count(line.total);

  if (line.done > 0 && line.elapsed > 0) {
    const auto per_second = static_cast<double>(line.done) / line.elapsed;
    rate << "  ";
    rate.grouped(static_cast<std::uint64_t>(std::min(per_second, 1e15))) << " " << line.unit << "/s";
    write_short_rate(short_rate << "  ", per_second);
    if (bounded)
      (eta << "  ETA ").clock(static_cast<double>(line.total - std::min(line.done, line.total)) / per_second + 0.5);
  }

  std::array<char, longest_line> values_buffer;
  Writer values(values_buffer);
  std::array<std::size_t, most_values> ends{};
  const auto named = line.values.first(std::min(line.values.size(), most_values));
  for (std::size_t i = 0; i < named.size(); ++i) {
    (values << "  " << named[i].name << " ").value(named[i].value);
    ends[i] = values.text().size();
  }

  columns = std::min(columns, buffer.size());
  std::size_t used = width_of(line.head) + count.width();
  const auto take = [&](std::size_t width) {
    const bool fits = used + width <= columns;
    used += fits ? width : 0;
    return fits;
  };
  const bool with_eta = take(eta.width());
  std::size_t shown = 0;
  while (shown < named.size()) {
    const auto begin = shown == 0 ? 0 : ends[shown - 1];
    if (!take(width_of(values.text().substr(begin, ends[shown] - begin)))) break;
    ++shown;
  }
  const bool with_bar = bounded && take(narrowest_bar + 3);
  const bool with_rate = take(rate.width());
  const bool with_short_rate = !with_rate && take(short_rate.width());

  Writer out(buffer);
  out << line.head;
  if (with_bar) {
    const auto bar = std::min(widest_bar, narrowest_bar + columns - used);
    write_bar(out << " ", line.done, line.total, bar);
  }
  out << count.text();
  if (shown > 0) out << values.text().substr(0, ends[shown - 1]);
  if (with_rate) out << rate.text();
  if (with_short_rate) out << short_rate.text();
  if (with_eta) out << eta.text();
  return clipped_to_columns(out.text(), columns);
}

std::string_view format_finished(std::span<char> buffer, std::string_view head, std::span<const NamedValue> values,
                                 double elapsed, std::size_t columns) {
  std::array<char, 32> time_buffer;
  Writer time(time_buffer);
  time << "  ";
  if (elapsed < 99.95) time.fixed(elapsed, 1) << " s";
  else time.clock(elapsed + 0.5) << (elapsed + 0.5 < 3600 ? " min" : " h");

  // Where the window is too narrow: short names first, then without the time, then fewer values.
  const auto write = [&](bool brief, bool timed, std::size_t count) {
    Writer out(buffer);
    out << head;
    for (const auto& [name, value] : values.first(count)) {
      const auto long_part = brief ? name.find("accuracy") : name.npos;
      (out << "  " << (long_part == name.npos ? name : name.substr(0, long_part + 3)) << " ").value(value);
    }
    if (timed) out << time.text();
    return out;
  };
  Writer line = write(false, true, values.size());
  if (line.width() > columns) line = write(true, true, values.size());
  if (line.width() > columns) line = write(true, false, values.size());
  for (std::size_t count = values.size(); line.width() > columns && count > 0;) line = write(true, false, --count);
  return line.text();
}

}  // namespace detail

Progress::Progress(std::FILE* out, Mode mode)
    : out_(out),
      quiet_(mode == Mode::quiet || out == nullptr),
      terminal_(!quiet_ && mode == Mode::automatic && detail::is_terminal(out)) {}

Progress::~Progress() {
  if (live_) std::fputc('\n', out_);
}

void Progress::begin(std::size_t epoch, std::size_t epochs, std::size_t samples) {
  std::array<char, 64> head;
  Writer text(head);
  (text << "epoch ").count(epoch, digits_of(epochs));
  (text << "/").count(epochs);
  begin(text.text(), samples, "samples");
}

void Progress::begin(std::string_view job, std::size_t total, std::string_view unit) {
  if (live_) std::fputc('\n', out_);  // the job before never finished
  // A NUL always stays behind both, so that they can be read back without their lengths.
  head_ = {};
  unit_ = {};
  Writer(std::span(head_).first(head_.size() - 1)) << job;
  Writer(std::span(unit_).first(unit_.size() - 1)) << unit;
  total_ = total;
  drawn_columns_ = 0;
  running_ = !quiet_;
  live_ = terminal_;
  if (!running_) return;
  started_ = now();
  next_ = started_ + redraw_interval;
  if (live_) draw(0, {}, 0);
}

void Progress::redraw(std::size_t done, std::span<const NamedValue> values) {
  const auto time = now();
  const bool last = total_ > 0 && done >= total_;  // shown in any case: it stays while the validation runs
  if (time < next_ && !last) return;
  next_ = time + redraw_interval;
  draw(done, values, time - started_);
}

void Progress::draw(std::size_t done, std::span<const NamedValue> values, double elapsed) {
  std::array<char, longest_line> buffer;
  // The last column stays free: writing there would make some terminals go to the next line.
  const auto columns = terminal_columns(out_) - 1;
  const auto line = detail::format_progress(buffer, {head_.data(), done, total_, unit_.data(), values, elapsed},
                                            columns);
  drawn_columns_ = std::min(drawn_columns_, columns);  // the window may have become narrower
  put(line, "");
}

/// Writes over the line before. Spaces rather than control sequences hide what was longer.
void Progress::put(std::string_view line, std::string_view end) {
  std::array<char, 2 * longest_line> buffer;
  Writer out(buffer);
  const auto width = width_of(line);
  if (live_) out << "\r";
  out << line;
  if (width < drawn_columns_) out.repeat(' ', drawn_columns_ - width);
  out << end;
  drawn_columns_ = width;
  std::fwrite(buffer.data(), 1, out.text().size(), out_);  // in one piece, since others may write there too
  std::fflush(out_);
}

void Progress::note(std::string_view line) {
  if (quiet_) return;
  if (live_) {
    put("", "\r");
    drawn_columns_ = 0;
  }
  std::fwrite(line.data(), 1, line.size(), out_);
  std::fputc('\n', out_);
  std::fflush(out_);
}

void Progress::finish(std::span<const NamedValue> values, std::string_view more) {
  if (!running_) return;
  std::array<char, longest_line> buffer, longer;
  constexpr std::size_t any = std::numeric_limits<std::size_t>::max();  // a file has no width
  const std::size_t columns = terminal_ ? terminal_columns(out_) - 1 : any;
  const std::string_view line = detail::format_finished(buffer, head_.data(), values, now() - started_, columns);
  Writer with(longer);
  with << line << "  (" << more << ")";
  put(more.empty() || with.width() > columns ? line : with.text(), "\n");
  running_ = live_ = false;
}

}  // namespace tenon
