#include <tenon/error.hpp>
#include <tenon/io/atomic_file.hpp>

#include <fmt/format.h>

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <new>
#include <string_view>
#include <system_error>

namespace tenon {
namespace {

[[noreturn]] void fail(const std::string& path, std::string_view what, int error) {
  throw Error(
      fmt::format("{}: expected to write the file, but {}: {}", path, what, std::generic_category().message(error)));
}

std::string directory_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? "./" : path.substr(0, slash + 1);
}

/// Where the bytes really go: through symbolic links, so that the link survives, also one that points to nothing yet.
std::string resolved(const std::string& path) {
  if (path.empty() || path.find('\0') != path.npos)
    throw Error(
        fmt::format("expected the path of a file to write, got {}", path.empty() ? "an empty one" : "a NUL in it"));
  constexpr int most_links = 40;  // as many as Linux follows
  std::string place = path;
  for (int followed = 0; followed <= most_links; ++followed) {
    std::array<char, 4096> link;
    const ssize_t length = ::readlink(place.c_str(), link.data(), link.size());
    if (length < 0) return place;  // no link
    const std::string_view target(link.data(), static_cast<std::size_t>(length));
    place = target.starts_with('/') ? std::string(target) : directory_of(place) + std::string(target);
  }
  fail(path, "its symbolic links lead in a circle", ELOOP);
}

constexpr std::string_view temporary_begin = ".tenon-", temporary_end = ".tmp";

/// Whoever writes a temporary file has it locked, so one that can be locked is a dead process's. Whatever does not
/// work here is left for the next time.
void remove_left_behind(const std::string& directory) noexcept {
  const std::unique_ptr<DIR, int (*)(DIR*)> all(::opendir(directory.c_str()), ::closedir);
  if (!all) return;
  while (const dirent* const entry = ::readdir(all.get())) {
    const std::string_view name = entry->d_name;
    if (!name.starts_with(temporary_begin) || !name.ends_with(temporary_end)) continue;
    const int file = ::openat(::dirfd(all.get()), entry->d_name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (file < 0) continue;
    struct stat status {};
    if (::fstat(file, &status) == 0 && S_ISREG(status.st_mode) && ::flock(file, LOCK_EX | LOCK_NB) == 0)
      ::unlinkat(::dirfd(all.get()), entry->d_name, 0);
    ::close(file);
  }
}

/// A file under a name of its own until `commit`; gone with this object otherwise.
class TemporaryFile {
public:
  TemporaryFile(const std::string& target, std::string_view directory) : target_(target) {
    // Our own names rather than mkstemp's: open() then gives the file the permissions the umask says.
    static std::atomic<unsigned> counter{0};
    do {
      if (descriptor_ >= 0) ::close(descriptor_);
      name_ = fmt::format("{}{}{}-{}{}", directory, temporary_begin, ::getpid(), counter++, temporary_end);
      descriptor_ = ::open(name_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    } while (descriptor_ < 0 ? errno == EEXIST || errno == EINTR : !locked());
    if (descriptor_ < 0) {
      const int error = errno;
      name_.clear();
      fail(target_, "no file can be made in its directory", error);
    }
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
    // Closed, and unlocked, only under its final name: nobody may take it for a dead process's before.
    if (std::rename(name_.c_str(), final_name.c_str()) != 0) fail(target_, "the new file cannot take its name", errno);
    name_.clear();
  }

private:
  /// Another process that tidies up may have been faster. A file system without locks has nobody who tidies up.
  bool locked() const {
    if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) return errno != EWOULDBLOCK;
    struct stat status {};
    return ::fstat(descriptor_, &status) != 0 || status.st_nlink > 0;
  }

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

void write_file_atomically(const std::string& path, std::span<const std::span<const std::byte>> pieces) try {
  const std::string target = resolved(path);
  struct stat existing {};
  const bool exists = ::stat(target.c_str(), &existing) == 0;
  if (exists && !S_ISREG(existing.st_mode))
    throw Error(fmt::format("{}: expected a regular file or nothing under this name, got {}", path,
                            S_ISDIR(existing.st_mode) ? "a directory" : "a device, pipe or socket"));

  const std::string directory = directory_of(target);
  remove_left_behind(directory);
  TemporaryFile file(path, directory);
  if (exists) file.permissions(existing.st_mode & 07777);
  for (const auto piece : pieces) file.write(piece);
  file.commit(target);
  sync_directory(directory);
} catch (const std::bad_alloc&) {
  throw Error(path + ": expected to write the file, but there is no memory left");
}

void write_file_atomically(const std::string& path, std::span<const std::byte> bytes) {
  const std::array pieces{bytes};
  write_file_atomically(path, std::span<const std::span<const std::byte>>(pieces));
}

}  // namespace tenon
