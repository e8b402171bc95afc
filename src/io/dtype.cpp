#include <tenon/io/dtype.hpp>

#include <array>

namespace tenon {
namespace {

struct Entry {
  std::string_view name;
  std::size_t bits;
};

constexpr std::array<Entry, 22> entries{{
    // in the order of the enumerators
    {"F4", 4},      {"F6_E2M3", 6}, {"F6_E3M2", 6}, {"BOOL", 8},        {"U8", 8},          {"I8", 8},
    {"F8_E4M3", 8}, {"F8_E5M2", 8}, {"F8_E8M0", 8}, {"F8_E4M3FNUZ", 8}, {"F8_E5M2FNUZ", 8}, {"U16", 16},
    {"I16", 16},    {"F16", 16},    {"BF16", 16},   {"U32", 32},        {"I32", 32},        {"F32", 32},
    {"U64", 64},    {"I64", 64},    {"F64", 64},    {"C64", 64},
}};
static_assert(entries[static_cast<std::size_t>(DType::f64)].name == "F64" &&
              entries[static_cast<std::size_t>(DType::c64)].name == "C64");

constexpr const Entry& entry(DType type) noexcept { return entries[static_cast<std::size_t>(type)]; }

}  // namespace

std::string_view dtype_name(DType type) noexcept { return entry(type).name; }

std::size_t dtype_bits(DType type) noexcept { return entry(type).bits; }

std::optional<DType> dtype_from_name(std::string_view name) noexcept {
  for (std::size_t i = 0; i < entries.size(); ++i)
    if (entries[i].name == name) return static_cast<DType>(i);
  return std::nullopt;
}

}  // namespace tenon
