#include <tenon/data/pictures.hpp>

#include <algorithm>

#include "harness.hpp"

using namespace tenon;
using fuzz::demand;

TENON_FUZZ(picture_list) {
  try {
    const PictureFiles files = picture_list(input.path());
    demand(!files.paths.empty(), "a picture");
    demand(files.labels.empty() || files.labels.size() == files.paths.size(), "a class for each picture, or for none");
    for (const std::int32_t label : files.labels)
      demand(label >= 0 && static_cast<std::size_t>(label) < files.classes.size(), "classes that there are");
    demand(std::ranges::is_sorted(files.classes), "classes in order");
  } catch (const Error& error) {
    for (const char c : std::string_view(error.what()))
      demand(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f, "a message that no terminal obeys");
    throw;
  }
}
