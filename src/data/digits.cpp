#include "tenon/data/digits.hpp"

#include <cstddef>
#include <span>

#include "tenon/data/idx.hpp"

namespace tenon {
namespace embedded {  // written by cmake/embed.cmake

extern const unsigned char digits_images[];
extern const std::size_t digits_images_size;
extern const unsigned char digits_labels[];
extern const std::size_t digits_labels_size;

}  // namespace embedded

TypedDataset<Shape<1, 8, 8>, Classes<10>> digits() {
  const auto parse = [](const unsigned char* file, std::size_t size, const char* name) {
    return parse_idx(std::as_bytes(std::span{file, size}), name);
  };
  using namespace embedded;
  return typed<Shape<1, 8, 8>, Classes<10>>(idx_dataset(
      parse(digits_images, digits_images_size, "embedded digits"),
      parse(digits_labels, digits_labels_size, "embedded digit labels"), {.scale = 1.0 / 16, .classes = 10}));
}

}  // namespace tenon
