#include <tenon/error.hpp>
#include <tenon/io/atomic_file.hpp>

#include <catch2/catch.hpp>

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace fs = std::filesystem;
using namespace tenon;
using Catch::Matchers::Contains;

namespace {

struct Directory {
  fs::path path = fs::temp_directory_path() / ("tenon-atomic-" + std::to_string(::getpid()));
  Directory() { fs::create_directories(path); }
  ~Directory() { fs::remove_all(path); }
  std::string operator/(const char* name) const { return (path / name).string(); }
  std::size_t entries() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(path), fs::directory_iterator()));
  }
};

std::span<const std::byte> bytes_of(const std::string& text) { return std::as_bytes(std::span(text)); }

std::string contents(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// Makes every write beyond `bytes` of a file fail, as a full disk would.
class FileSizeLimit {
public:
  explicit FileSizeLimit(rlim_t bytes) {
    previous_handler_ = std::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &previous_);
    const rlimit limit{bytes, previous_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &previous_);
    std::signal(SIGXFSZ, previous_handler_);
  }

private:
  rlimit previous_{};
  void (*previous_handler_)(int) = nullptr;
};

}  // namespace

TEST_CASE("a file is written, and replaced, whole") {
  const Directory directory;
  const auto path = directory / "numbers.bin";
  write_file_atomically(path, bytes_of("first"));
  CHECK(contents(path) == "first");
  write_file_atomically(path, bytes_of("x"));
  CHECK(contents(path) == "x");
  write_file_atomically(path, std::span<const std::byte>());
  CHECK(contents(path).empty());
  CHECK(directory.entries() == 1);
}

TEST_CASE("pieces are written one after the other") {
  const Directory directory;
  const std::string one(100'000, 'a'), two, three = "end";
  const std::vector<std::span<const std::byte>> pieces{bytes_of(one), bytes_of(two), bytes_of(three)};
  write_file_atomically(directory / "pieces", pieces);
  CHECK(contents(directory / "pieces") == one + three);
}

TEST_CASE("a relative path without a directory is written to the current one") {
  const Directory directory;
  const auto before = fs::current_path();
  fs::current_path(directory.path);
  write_file_atomically("plain", bytes_of("here"));
  fs::current_path(before);
  CHECK(contents(directory / "plain") == "here");
}

TEST_CASE("a reader that has the old file open keeps it") {
  const Directory directory;
  const auto path = directory / "file";
  write_file_atomically(path, bytes_of("old"));
  std::ifstream reader(path);
  write_file_atomically(path, bytes_of("new"));
  std::string seen;
  reader >> seen;
  CHECK(seen == "old");
  CHECK(contents(path) == "new");
}

TEST_CASE("when the disk is full the old file stays and nothing is left behind") {
  const Directory directory;
  const auto path = directory / "weights";
  write_file_atomically(path, bytes_of("precious"));
  const std::string large(1 << 20, 'z');
  {
    const FileSizeLimit limit(64 << 10);
    CHECK_THROWS_WITH(write_file_atomically(path, bytes_of(large)),
                      Contains(path) && Contains("writing stopped") && Contains("File too large"));
    CHECK_THROWS_AS(write_file_atomically(directory / "fresh", bytes_of(large)), Error);
  }
  CHECK(contents(path) == "precious");
  CHECK(directory.entries() == 1);
}

TEST_CASE("places that cannot be written are named with the system's reason") {
  const Directory directory;
  const auto nowhere = directory / "no/such/file";
  CHECK_THROWS_WITH(write_file_atomically(nowhere, bytes_of("x")),
                    Contains(nowhere) && Contains("No such file or directory"));
  CHECK_THROWS_WITH(write_file_atomically(directory.path.string(), bytes_of("x")), Contains("got a directory"));
  CHECK_THROWS_AS(write_file_atomically("", bytes_of("x")), Error);
  CHECK(directory.entries() == 0);

  // A pipe of our own stands for all that is no regular file: a test must not lay hands on a real device.
  const auto pipe = directory / "pipe";
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  CHECK_THROWS_WITH(write_file_atomically(pipe, bytes_of("x")), Contains("got a device, pipe or socket"));
  CHECK(fs::is_fifo(pipe));
}

TEST_CASE("a symbolic link still points to the file that was replaced") {
  const Directory directory;
  const auto target = directory / "epoch5", link = directory / "latest";
  write_file_atomically(target, bytes_of("old"));
  fs::create_symlink("epoch5", link);
  write_file_atomically(link, bytes_of("new"));
  CHECK(fs::is_symlink(link));
  CHECK(contents(target) == "new");
}

TEST_CASE("permissions: the umask's for a new file, the old ones for a replaced one") {
  const Directory directory;
  const auto mode = [](const std::string& path) {
    struct stat status {};
    ::stat(path.c_str(), &status);
    return status.st_mode & 0777u;
  };
  const auto before = ::umask(027);
  write_file_atomically(directory / "new", bytes_of("x"));
  ::umask(before);
  CHECK(mode(directory / "new") == 0640);
  fs::permissions(directory / "new", fs::perms::owner_all);
  write_file_atomically(directory / "new", bytes_of("y"));
  CHECK(mode(directory / "new") == 0700);
}
