#include "read_file.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>

#include <fmt/format.h>

#include "tenon/error.hpp"

namespace tenon::detail {

std::string read_file(const std::string& path) {
  std::error_code failure;
  const auto status = std::filesystem::status(path, failure);
  if (!std::filesystem::exists(status)) throw Error(fmt::format("{}: no such file", path));
  if (!std::filesystem::is_regular_file(status))
    throw Error(fmt::format("{}: expected a file, got a folder or a device", path));

  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file{std::fopen(path.c_str(), "rb"),
                                                             std::fclose};
  if (!file) throw Error(fmt::format("{}: cannot be opened: {}", path, std::strerror(errno)));

  std::string content(std::filesystem::file_size(path), '\0');
  const std::size_t got = std::fread(content.data(), 1, content.size(), file.get());
  if (got != content.size())
    throw Error(
        fmt::format("{}: expected to read {} bytes, got {}", path, content.size(), got));
  return content;
}

}  // namespace tenon::detail
