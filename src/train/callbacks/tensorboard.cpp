#include <tenon/train/callbacks/tensorboard.hpp>

#include <array>
#include <bit>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <system_error>
#include <type_traits>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <tenon/error.hpp>

namespace tenon {

namespace detail {

std::uint32_t crc32c(std::span<const std::byte> bytes) {
  static constexpr auto table = [] {
    std::array<std::uint32_t, 256> t{};
    for (std::uint32_t i = 0; i < 256; ++i) {
      t[i] = i;
      for (int bit = 0; bit < 8; ++bit) t[i] = (t[i] >> 1) ^ ((t[i] & 1) != 0 ? 0x82F63B78U : 0);
    }
    return t;
  }();
  std::uint32_t crc = ~0U;
  for (const std::byte b : bytes) crc = (crc >> 8) ^ table[(crc ^ static_cast<std::uint32_t>(b)) & 0xFF];
  return ~crc;
}

}  // namespace detail

namespace {

/// The parts of protocol buffers that an Event needs.
class Message {
public:
  void varint(std::uint64_t v) {
    for (; v >= 0x80; v >>= 7) text_ += static_cast<char>(v | 0x80);
    text_ += static_cast<char>(v);
  }
  template <class T>
  void fixed(T v) {
    using Word = std::conditional_t<sizeof(T) == 8, std::uint64_t, std::uint32_t>;
    for (Word w = std::bit_cast<Word>(v), i = 0; i < sizeof(T); ++i, w >>= 8) text_ += static_cast<char>(w & 0xFF);
  }
  void number(int field, double v) { key(field, 1), fixed(v); }
  void number(int field, float v) { key(field, 5), fixed(v); }
  void number(int field, std::uint64_t v) { key(field, 0), varint(v); }
  void bytes(int field, std::string_view v) { key(field, 2), varint(v.size()), text_ += v; }
  const std::string& text() const { return text_; }

private:
  void key(int field, int type) { varint(static_cast<std::uint64_t>(field << 3 | type)); }
  std::string text_;
};

/// TFRecord's checksum: rotated and shifted, so that a checksum of data with checksums stays one.
std::uint32_t masked(std::string_view text) {
  const std::uint64_t rotated = std::rotr(detail::crc32c(std::as_bytes(std::span(text))), 15);
  return static_cast<std::uint32_t>(rotated + 0xA282EAD8U);
}

double seconds_since_1970() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

}  // namespace

struct EventFile::State {
  std::string path{};
  int file = -1;
  std::int64_t size = 0;  // of the whole records

  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    if (file >= 0) ::close(file);
  }

  [[noreturn]] void fail(const char* what, int reason) const {
    throw Error(fmt::format("{}: expected to write an event file, but {}: {}", path, what,
                            std::generic_category().message(reason)));
  }
  /// The whole record or nothing of it: readers stop at a record that is cut off, whatever comes behind it.
  void write(const Message& event) {
    Message frame;
    frame.fixed(static_cast<std::uint64_t>(event.text().size()));
    const std::uint32_t of_length = masked(frame.text());
    frame.fixed(of_length);
    Message tail;
    tail.fixed(masked(event.text()));
    const std::string all = frame.text() + event.text() + tail.text();
    for (std::string_view left = all; !left.empty();) {
      const ssize_t written = ::write(file, left.data(), left.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) {
        const int reason = errno;
        if (size == 0) ::unlink(path.c_str());
        else if (::ftruncate(file, size) != 0) fail("writing stopped within a record", reason);
        fail("writing stopped", reason);
      }
      left.remove_prefix(static_cast<std::size_t>(written));
    }
    size += static_cast<std::int64_t>(all.size());
  }
};

EventFile::EventFile(const std::string& directory) : state_(new State) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error)
    throw Error(
        fmt::format("{}: expected a directory for event files, but it cannot be made: {}", directory, error.message()));
  std::array<char, 256> host{"localhost"};
  ::gethostname(host.data(), host.size() - 1);
  const double now = seconds_since_1970();
  // two runs of the same second get files of their own
  for (int number = 0; state_->file < 0 && number < 1000; ++number) {
    state_->path = fmt::format("{}/events.out.tfevents.{}.{}.{}.{}", directory, static_cast<std::uint64_t>(now),
                               host.data(), ::getpid(), number);
    state_->file = ::open(state_->path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0666);
    if (state_->file < 0 && errno != EEXIST) break;
  }
  if (state_->file < 0) state_->fail("it cannot be made", errno);
  Message first;
  first.number(1, now);
  first.bytes(3, "brain.Event:2");
  state_->write(first);
}
EventFile::~EventFile() = default;
EventFile::EventFile(EventFile&&) noexcept = default;
EventFile& EventFile::operator=(EventFile&&) noexcept = default;

const std::string& EventFile::path() const { return state_->path; }

void EventFile::scalar(std::string_view tag, double value, std::uint64_t step) {
  Message number;  // Summary.Value: tag = 1, simple_value = 2
  number.bytes(1, tag);
  number.number(2, static_cast<float>(value));
  Message summary;
  summary.bytes(1, number.text());
  Message event;  // wall_time = 1, step = 2, summary = 5
  event.number(1, seconds_since_1970());
  event.number(2, step);
  event.bytes(5, summary.text());
  state_->write(event);
}

void TensorBoard::write(const EpochRecord& r) const {
  const std::pair<const char*, double> numbers[]{{"loss", r.training.loss},
                                                 {"accuracy", r.training.accuracy},
                                                 {"val_loss", r.validation.loss},
                                                 {"val_accuracy", r.validation.accuracy},
                                                 {"lr", r.lr}};
  for (const auto& [tag, value] : numbers)
    if (!std::isnan(value)) file->scalar(tag, value, r.epoch);
  for (const EpochRecord::Metric& m : r.metrics)
    if (!std::isnan(m.value)) file->scalar(m.name, m.value, r.epoch);
}

}  // namespace tenon
