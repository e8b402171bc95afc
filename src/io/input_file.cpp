#include "input_file.hpp"

#include <tenon/error.hpp>

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace tenon::detail {

InputFile::InputFile(const std::string& path, const char* what) : path_(path), what_(what) {
  // Non-blocking, so that the name of a pipe is refused below instead of waiting for its writer.
  do descriptor_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  while (descriptor_ < 0 && errno == EINTR);
  if (descriptor_ < 0) fail(std::generic_category().message(errno));
  struct stat status {};
  if (::fstat(descriptor_, &status) != 0) {
    const int error = errno;
    ::close(descriptor_);
    fail(std::generic_category().message(error));
  }
  if (!S_ISREG(status.st_mode)) {
    ::close(descriptor_);
    fail(S_ISDIR(status.st_mode) ? "it is a directory" : "it is a device, pipe or socket");
  }
  size_ = static_cast<std::size_t>(status.st_size);
}

InputFile::~InputFile() { ::close(descriptor_); }

void InputFile::read(std::span<std::byte> out) {
  constexpr std::size_t largest = std::size_t{1} << 30;  // Linux reads at most 2 GiB a call
  while (!out.empty()) {
    const ssize_t got = ::read(descriptor_, out.data(), std::min(out.size(), largest));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail(std::generic_category().message(errno));
    if (got == 0) fail(fmt::format("it ended {} bytes early while being read", out.size()));
    out = out.subspan(static_cast<std::size_t>(got));
  }
}

void InputFile::seek(std::size_t offset) {
  if (::lseek(descriptor_, static_cast<off_t>(offset), SEEK_SET) < 0) fail(std::generic_category().message(errno));
}

void InputFile::fail(const std::string& why) const {
  throw Error(fmt::format("{}: expected {} that can be read, but {}", path_, what_, why));
}

std::string read_file(const std::string& path, const char* what) {
  return within_memory(path, [&] {
    InputFile file(path, what);
    std::string content(file.size(), '\0');
    file.read(std::as_writable_bytes(std::span(content)));
    return content;
  });
}

void fail_for_memory(const std::string& path, const char* more) {
  throw Error(path + more + ": expected a file that fits in memory, got one that does not");
}

}  // namespace tenon::detail
