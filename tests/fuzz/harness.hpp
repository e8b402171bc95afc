#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <tenon/error.hpp>

/// A harness feeds bytes to a reader. It may throw tenon::Error and nothing else; what the reader takes for good has to
/// hold together, which `demand` checks. A file of its own for each:
///
///     TENON_FUZZ(idx) { auto tensor = parse_idx(input.bytes, "fuzz"); demand(...); }
///
/// All of them are one program that runs over corpus/NAME (corpus.cpp), and each is one of libFuzzer's (scripts/fuzz
/// NAME).
namespace tenon::fuzz {

/// Some bytes, and a regular file that holds them.
class Input {
public:
  explicit Input(std::span<const std::byte> content) : bytes(content) {}
  Input(const Input&) = delete;
  Input& operator=(const Input&) = delete;
  ~Input() {
    if (file_ >= 0) ::close(file_);
  }

  std::span<const std::byte> bytes;

  std::string_view text() const { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

  /// Of the file, which is made when it is first asked for.
  const std::string& path() const {
    if (!path_.empty()) return path_;
    file_ = ::memfd_create("fuzz", MFD_CLOEXEC);
    for (std::span<const std::byte> left = bytes; !left.empty();) {
      const ssize_t written = ::write(file_, left.data(), left.size());
      if (written <= 0) throw std::runtime_error("the input cannot be written");
      left = left.subspan(static_cast<std::size_t>(written));
    }
    return path_ = "/proc/self/fd/" + std::to_string(file_);
  }

private:
  mutable int file_ = -1;
  mutable std::string path_{};
};

inline void demand(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", what);
  std::abort();
}

struct Harness {
  const char* name;
  void (*run)(const Input&);
};
inline std::vector<Harness>& harnesses() {
  static std::vector<Harness> all;
  return all;
}
struct Registration {
  Registration(const char* name, void (*run)(const Input&)) { harnesses().push_back({name, run}); }
};

}  // namespace tenon::fuzz

#ifdef TENON_LIBFUZZER
#define TENON_FUZZ(name)                                                                                               \
  static void fuzz_##name(const tenon::fuzz::Input& input);                                                            \
  extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);                                   \
  extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {                                  \
    const tenon::fuzz::Input input(std::as_bytes(std::span(data, size)));                                              \
    try {                                                                                                              \
      fuzz_##name(input);                                                                                              \
    } catch (const tenon::Error&) {                                                                                    \
    }                                                                                                                  \
    return 0;                                                                                                          \
  }                                                                                                                    \
  static void fuzz_##name([[maybe_unused]] const tenon::fuzz::Input& input)
#else
#define TENON_FUZZ(name)                                                                                               \
  static void fuzz_##name(const tenon::fuzz::Input& input);                                                            \
  static const tenon::fuzz::Registration registration{#name, fuzz_##name};                                             \
  static void fuzz_##name([[maybe_unused]] const tenon::fuzz::Input& input)
#endif
