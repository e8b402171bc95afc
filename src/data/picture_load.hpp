#pragma once

#include <span>
#include <string>
#include <string_view>

#include "tenon/data/pictures.hpp"

namespace tenon::detail {

void check_picture_options(const PictureOptions& options);
/// With options that are checked.
Pixels decode_picture(std::span<const std::byte> file, std::string_view name, const PictureOptions& options);
Pixels load_picture(const std::string& path, const PictureOptions& options);

}  // namespace tenon::detail
