#include <tenon/data/typed.hpp>

#include <algorithm>

#include <fmt/format.h>

#include <tenon/error.hpp>

#include "text.hpp"

namespace tenon::detail {

template <class T>
void give_type(Dataset<T>& data, std::span<const std::size_t> shape, std::size_t classes, std::size_t numbers) {
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
  require(data.classes() == classes && data.target_size() == numbers,
          classes > 0 ? fmt::format("{} classes", classes) : fmt::format("targets of {} numbers", numbers),
          data.classes() > 0   ? fmt::format("{} classes", data.classes())
          : data.has_targets() ? fmt::format("targets of {} numbers", data.target_size())
                               : std::string("samples without labels or targets"));
  data.reshape({shape.begin(), shape.end()});
}

template void give_type(Dataset<float>&, std::span<const std::size_t>, std::size_t, std::size_t);
template void give_type(Dataset<double>&, std::span<const std::size_t>, std::size_t, std::size_t);

}  // namespace tenon::detail
