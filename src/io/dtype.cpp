#include <tenon/io/dtype.hpp>

#include <array>

namespace tenon {
namespace {

struct Entry {
  std::string_view name;
  std::size_t size;
};

constexpr std::array<Entry, 15> entries{{  // in the order of the enumerators
    {"BOOL", 1}, {"U8", 1}, {"I8", 1}, {"F8_E4M3", 1}, {"F8_E5M2", 1}, {"U16", 2}, {"I16", 2}, {"F16", 2},
    {"BF16", 2}, {"U32", 4}, {"I32", 4}, {"F32", 4}, {"U64", 8}, {"I64", 8}, {"F64", 8},
}};
static_assert(entries[static_cast<std::size_t>(DType::f64)].name == "F64");

constexpr const Entry& entry(DType type) noexcept { return entries[static_cast<std::size_t>(type)]; }

}  // namespace

std::string_view dtype_name(DType type) noexcept { return entry(type).name; }

std::size_t dtype_size(DType type) noexcept { return entry(type).size; }

std::optional<DType> dtype_from_name(std::string_view name) noexcept {
  for (std::size_t i = 0; i < entries.size(); ++i)
    if (entries[i].name == name) return static_cast<DType>(i);
  return std::nullopt;
}

}  // namespace tenon
