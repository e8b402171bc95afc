#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../io/input_file.hpp"
#include "tenon/data/pictures.hpp"

namespace tenon::detail {

void check_picture_options(const PictureOptions& options);
/// With options that are checked.
Pixels decode_picture(std::span<const std::byte> file, std::string_view name, const PictureOptions& options);
Pixels load_picture(const std::string& path, const PictureOptions& options);

/// The shape of all samples. Error by `who`: options, no pictures, other labels than pictures.
std::vector<std::size_t> shape_of_pictures(const char* who, const PictureFiles& files, const PictureOptions& options);
/// An Error where a picture has another shape than the first.
void check_picture_shape(const std::string& path, const std::vector<std::size_t>& shape, const std::string& first,
                         const std::vector<std::size_t>& expected);

/// What `read` gives; std::bad_alloc on the way becomes an Error that names the first picture.
template <class F>
auto within_memory_of_pictures(const PictureFiles& files, F read) {
  const std::string none;
  return within_memory(files.paths.empty() ? none : files.paths[0], std::move(read), " and other pictures");
}

}  // namespace tenon::detail
