#pragma once

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

namespace tenon::test {

/// An empty folder for the files of one test, deleted with them.
struct Folder {
  std::filesystem::path path = new_path();

  Folder() { std::filesystem::create_directories(path); }
  ~Folder() { std::filesystem::remove_all(path); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  /// A file in it.
  std::string operator/(std::string_view name) const { return (path / name).string(); }
  /// Writes such a file, and gives its path.
  std::string write(std::string_view name, std::string_view content) const {
    std::ofstream(path / name, std::ios::binary) << content;
    return *this / name;
  }

private:
  static std::filesystem::path new_path() {
    static int count = 0;
    const std::string name = "tenon-test-" + std::to_string(::getpid()) + "-" + std::to_string(++count);
    return std::filesystem::temp_directory_path() / name;
  }
};

/// All bytes of a file; none where it cannot be opened.
inline std::string contents(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace tenon::test
