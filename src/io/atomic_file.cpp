#include <tenon/error.hpp>
#include <tenon/io/atomic_file.hpp>

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string_view>
#include <system_error>
#include <utility>

namespace tenon {
namespace {

[[noreturn]] void fail(const std::string& path, std::string_view what, int error) {
  throw Error(fmt::format("{}: expected to write the file, but {}: {}", path, what,
                          std::generic_category().message(error)));
}

/// Where the bytes really go: through symbolic links, so that the link survives.
std::string resolved(const std::string& path) {
  const std::unique_ptr<char, decltype(&std::free)> real(::realpath(path.c_str(), nullptr), &std::free);
  return real ? std::string(real.get()) : path;
}

std::string directory_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash + 1);
}

/// A file under a name of its own until `commit`; gone with this object otherwise.
class TemporaryFile {
public:
  TemporaryFile(const std::string& target, std::string_view directory) : target_(target) {
    // Our own names rather than mkstemp's: open() then gives the file the permissions the umask says.
    static std::atomic<unsigned> counter{0};
    do {
      name_ = fmt::format("{}/.tenon-{}-{}.tmp", directory, ::getpid(), counter++);
      descriptor_ = ::open(name_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    } while (descriptor_ < 0 && (errno == EEXIST || errno == EINTR));
    if (descriptor_ < 0) fail(target_, "no file can be made in its directory", errno);
  }

  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  ~TemporaryFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
    if (!name_.empty()) ::unlink(name_.c_str());
  }

  void permissions(mode_t mode) {
    if (::fchmod(descriptor_, mode) != 0) fail(target_, "its permissions cannot be kept", errno);
  }

  void write(std::span<const std::byte> bytes) {
    constexpr std::size_t largest = std::size_t{1} << 30;  // Linux writes at most 2 GiB a call, others refuse more
    while (!bytes.empty()) {
      const ssize_t written = ::write(descriptor_, bytes.data(), std::min(bytes.size(), largest));
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) fail(target_, "writing stopped", errno);
      bytes = bytes.subspan(static_cast<std::size_t>(written));
    }
  }

  void commit(const std::string& final_name) {
    if (::fsync(descriptor_) != 0) fail(target_, "the disk did not take the data", errno);
    if (::close(std::exchange(descriptor_, -1)) != 0) fail(target_, "closing failed", errno);
    if (std::rename(name_.c_str(), final_name.c_str()) != 0) fail(target_, "the new file cannot take its name", errno);
    name_.clear();
  }

private:
  const std::string& target_;
  std::string name_;
  int descriptor_ = -1;
};

/// Makes the new name itself last through a power cut. The file is complete by now, and some file systems cannot
/// sync a directory, so a failure here is no failure of the write.
void sync_directory(const std::string& directory) {
  const int descriptor = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;
  ::fsync(descriptor);
  ::close(descriptor);
}

}  // namespace

void write_file_atomically(const std::string& path, std::span<const std::span<const std::byte>> pieces) {
  const std::string target = resolved(path);
  struct stat existing {};
  const bool exists = ::stat(target.c_str(), &existing) == 0;
  if (exists && !S_ISREG(existing.st_mode))
    throw Error(fmt::format("{}: expected a regular file or nothing under this name, got {}", path,
                            S_ISDIR(existing.st_mode) ? "a directory" : "a device, pipe or socket"));

  const std::string directory = directory_of(target);
  TemporaryFile file(path, directory);
  if (exists) file.permissions(existing.st_mode & 07777);
  for (const auto piece : pieces) file.write(piece);
  file.commit(target);
  sync_directory(directory);
}

void write_file_atomically(const std::string& path, std::span<const std::byte> bytes) {
  const std::array pieces{bytes};
  write_file_atomically(path, std::span<const std::span<const std::byte>>(pieces));
}

}  // namespace tenon
