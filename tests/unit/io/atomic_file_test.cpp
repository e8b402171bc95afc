#include <tenon/error.hpp>
#include <tenon/io/atomic_file.hpp>

#include <tenon/data/idx.hpp>
#include <tenon/io/safetensors.hpp>
#include <tenon/io/weights_header.hpp>
#include <tenon/report/heatmap.hpp>
#include <tenon/report/picture.hpp>
#include <tenon/report/plot.hpp>
#include <tenon/report/report.hpp>
#include <tenon/text/tokenizer.hpp>
#include <tenon/train/archive.hpp>
#include <tenon/train/callbacks/csv_logger.hpp>

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <sys/file.h>

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <vector>

#include "support/faults.hpp"
#include "support/folder.hpp"

namespace fs = std::filesystem;
using namespace tenon;
using Catch::Matchers::Contains;
using tenon::test::contents;

namespace {

struct Directory : test::Folder {
  std::size_t entries() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(path), fs::directory_iterator()));
  }
};

std::span<const std::byte> bytes_of(const std::string& text) { return std::as_bytes(std::span(text)); }

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
  CHECK_THROWS_WITH(write_file_atomically("", bytes_of("x")),
                    Contains("the path of a file to write, got an empty one"));
  CHECK_THROWS_WITH(write_file_atomically((directory / "a") + std::string("\0b", 2), bytes_of("x")),
                    Contains("got a NUL in it"));
  CHECK(directory.entries() == 0);

  // A pipe of our own stands for all that is no regular file: a test must not write to a real device.
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

TEST_CASE("a symbolic link that points to nothing yet is kept too") {
  const Directory directory;
  fs::create_directory(directory.path / "runs");
  fs::create_symlink("runs/epoch1", directory / "latest");
  fs::create_symlink("latest", directory / "newest");
  write_file_atomically(directory / "newest", bytes_of("new"));
  CHECK(fs::is_symlink(directory / "newest"));
  CHECK(fs::is_symlink(directory / "latest"));
  CHECK(contents(directory / "runs/epoch1") == "new");
  fs::create_symlink("b", directory / "a");
  fs::create_symlink("a", directory / "b");
  CHECK_THROWS_WITH(write_file_atomically(directory / "a", bytes_of("x")),
                    Contains("its symbolic links lead in a circle"));
  fs::create_symlink("nowhere/file", directory / "lost");
  CHECK_THROWS_WITH(write_file_atomically(directory / "lost", bytes_of("x")), Contains("No such file or directory"));
}

TEST_CASE("what killed processes left behind is removed, what living ones write is not") {
  const Directory directory;
  for (const char* name : {".tenon-1-0.tmp", ".tenon-77-3.tmp", ".tenon-mine", "other.tmp"})
    std::ofstream(directory / name) << "part";
  fs::create_directory(directory.path / ".tenon-9-9.tmp");
  const std::string living = directory / ".tenon-2-0.tmp";
  const int held = ::open(living.c_str(), O_WRONLY | O_CREAT, 0600);
  REQUIRE(::flock(held, LOCK_EX) == 0);
  write_file_atomically(directory / "file", bytes_of("x"));
  CHECK_FALSE(fs::exists(directory / ".tenon-1-0.tmp"));
  CHECK_FALSE(fs::exists(directory / ".tenon-77-3.tmp"));
  CHECK(fs::exists(living));
  CHECK(directory.entries() == 5);  // with a directory, and what is not ours
  ::close(held);
  write_file_atomically(directory / "file", bytes_of("x"));
  CHECK_FALSE(fs::exists(living));
}

TEST_CASE("whichever write, sync, rename or allocation fails, every writer leaves the old file or the new one") {
  const Directory directory;
  const auto path = directory / "target";
  const std::vector<float> numbers(100, 0.5F);
  const std::vector<std::pair<std::string, std::function<void()>>> writers{
      {"bytes", [&] { write_file_atomically(path, bytes_of("new")); }},
      {"safetensors",
       [&] {
         const std::vector<TensorView> all{{"a", {100}, numbers}};
         write_safetensors(path, all, {{"key", "a value that takes memory"}});
       }},
      {"archive",
       [&] {
         Archive a;
         double v = 1;
         std::vector<double> list{1, 2};
         a.value("a number with a long name", v);
         a.values("list", list);
         a.save(path);
       }},
      {"idx",
       [&] {
         write_idx_file(path, {IdxType::uint8, {2, 3}, std::vector<std::byte>(6)});
       }},
      {"csv", [&] { write_csv(History{{EpochRecord{.epoch = 1}}}, path); }},
      {"plot",
       [&] {
         Plot{}.line("a", {1, 2}).save(path);
       }},
      {"heatmap", [&] { Heatmap{.rows = 1, .columns = 1, .values = {1}}.save(path); }},
      {"png",
       [&] {
         save_png(path, {1, 1, {1, 2, 3}});
       }},
      {"report", [&] { write_report({}, path); }},
      {"tokenizer", [&] { CharTokenizer("to be").save(path); }},
      {"header",
       [&] {
         WeightsHeader h;
         h.name = "digits";
         h.network = "Sequential<Dense<2, 3>>";
         write_weights_header(path, h);
       }},
  };
  for (const auto& [name, write] : writers) {
    CAPTURE(name);
    fs::remove(path);
    write();
    const std::string whole = contents(path);
    for (const auto fault : {test::Fault::write, test::Fault::fsync, test::Fault::rename, test::Fault::allocation}) {
      bool kept = true, errors = true, tidy = true;
      const auto prepare = [&] { std::ofstream(path) << "old"; };
      const long calls = test::fail_each(fault, prepare, write, [&](const std::exception_ptr& thrown) {
        const std::string now = contents(path);
        kept = kept && (now == whole || (thrown && now == "old"));
        // memory may be missing before the writing begins
        errors = errors && (thrown ? fault == test::Fault::allocation || test::is_error(thrown) : now == whole);
        tidy = tidy && directory.entries() == 1;
      });
      CAPTURE(static_cast<int>(fault), calls);
      CHECK(kept);
      CHECK(errors);
      CHECK(tidy);
      CHECK(calls > 0);
    }
  }
}
