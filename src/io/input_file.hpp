#pragma once

#include <cstddef>
#include <new>
#include <span>
#include <stdexcept>
#include <string>

/// The one way in which this library opens a file to read it.
namespace tenon::detail {

/// A regular file. Folders, pipes and devices are refused rather than waited for, and every failure is an Error that
/// names the file; `what` is what it should be ("a safetensors file").
class InputFile {
public:
  InputFile(const std::string& path, const char* what);
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;
  ~InputFile();

  std::size_t size() const noexcept { return size_; }
  /// Fills the span, or throws.
  void read(std::span<std::byte> out);
  /// Goes to that byte, from where `read` goes on.
  void seek(std::size_t offset);
  /// From the beginning again.
  void rewind() { seek(0); }

private:
  [[noreturn]] void fail(const std::string& why) const;

  const std::string& path_;
  const char* what_;
  std::size_t size_ = 0;
  int descriptor_ = -1;
};

/// The whole content of a regular file. Too little memory for it is an Error too.
std::string read_file(const std::string& path, const char* what = "a file");

[[noreturn]] void fail_for_memory(const std::string& path, const char* more = "");

/// What `read` gives; std::bad_alloc on the way becomes an Error that names the file, and `more` that goes with it.
template <class F>
auto within_memory(const std::string& path, F read, const char* more = "") {
  try {
    return read();
  } catch (const std::bad_alloc&) {
    fail_for_memory(path, more);
  } catch (const std::length_error&) {  // more than any string or vector may hold
    fail_for_memory(path, more);
  }
}

}  // namespace tenon::detail
