#include <tenon/data/typed.hpp>

#include <algorithm>

#include <fmt/format.h>

#include <tenon/error.hpp>

#include "text.hpp"

namespace tenon::detail {

template <class T>
void give_type(Dataset<T>& data, std::span<const std::size_t> shape, std::size_t classes, std::size_t labels, std::size_t numbers) {
  const auto require = [](bool good, const auto& expected, const auto& got) {
    if (!good) throw Error(fmt::format("typed: expected {}, got {}", expected, got));
  };
  std::size_t size = 1;
  for (const std::size_t extent : shape) size *= extent;
  const std::vector<std::size_t>& given = data.sample_shape();
  const bool flat = shape.size() == 1 || given.size() == 1;
  require(std::ranges::equal(given, shape) || (flat && data.sample_size() == size),
          fmt::format("samples of {}", shape_text({shape.begin(), shape.end()})),
          given.empty() ? std::string("none") : "samples of " + shape_text(given));
  const auto answers = [](std::size_t of, std::size_t each) {
    return each == 1 ? fmt::format("{} classes", of) : fmt::format("{} labels per sample of {} classes", each, of);
  };
  require(data.classes() == classes && data.label_size() == labels && data.target_size() == numbers,
          classes > 0 ? answers(classes, labels) : fmt::format("targets of {} numbers", numbers),
          data.classes() > 0   ? answers(data.classes(), data.label_size())
          : data.has_targets() ? fmt::format("targets of {} numbers", data.target_size())
                               : std::string("samples without labels or targets"));
  data.reshape({shape.begin(), shape.end()});
}

template void give_type(Dataset<float>&, std::span<const std::size_t>, std::size_t, std::size_t, std::size_t);
template void give_type(Dataset<double>&, std::span<const std::size_t>, std::size_t, std::size_t, std::size_t);

}  // namespace tenon::detail
