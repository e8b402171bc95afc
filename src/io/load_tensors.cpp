#include <tenon/io/load_tensors.hpp>

#include <algorithm>
#include <cstddef>
#include <map>
#include <string_view>

#include <fmt/format.h>

#include <tenon/error.hpp>

#include "input_file.hpp"
#include "load_names.hpp"
#include "prefix_hint.hpp"

namespace tenon {

namespace {

/// `missing: a, b and 3 more`
std::string listing(std::string_view what, std::span<const std::string> items) {
  const auto shown = items.first(std::min<std::size_t>(items.size(), 8));
  auto text = fmt::format("{}: {}", what, fmt::join(shown, ", "));
  if (shown.size() < items.size()) text += fmt::format(" and {} more", items.size() - shown.size());
  return text;
}

/// The name without the beginning, if it begins with whole parts of that; "a.b" begins with "a" and with "a.".
bool take_beginning(std::string_view& name, std::string_view beginning) {
  if (!name.starts_with(beginning)) return false;
  const std::string_view rest = name.substr(beginning.size());
  if (!beginning.empty() && !beginning.ends_with('.') && !rest.empty() && !rest.starts_with('.')) return false;
  name = rest;
  return true;
}

std::string shape_of(std::span<const std::size_t> shape) { return fmt::format("({})", fmt::join(shape, ", ")); }

bool is_floating(DType dtype) {
  return dtype == DType::f16 || dtype == DType::bf16 || dtype == DType::f32 || dtype == DType::f64;
}

struct Match {
  const Expected* to;
  const TensorInfo* from;
};

template <class T>
std::vector<std::vector<T>> read_all(const SafeTensors& file, std::span<const Match> matches, T* Expected::*place) {
  std::vector<std::vector<T>> values;
  for (const Match& match : matches) {
    values.emplace_back();
    if (match.to->*place == nullptr) continue;
    values.back().resize(match.from->size());
    file.copy_to(*match.from, std::span<T>(values.back()));
  }
  return values;
}

}  // namespace

std::string detail::name_in_network(std::string_view name, const LoadOptions& options) {
  if (!name.starts_with(options.prefix)) return {};
  name.remove_prefix(options.prefix.size());
  for (const auto& [from, to] : options.rename) {
    if (!take_beginning(name, from)) continue;
    if (to.empty() && name.starts_with('.')) name.remove_prefix(1);
    return to + std::string(name);
  }
  return std::string(name);
}

namespace {

Loaded load_named(const SafeTensors& file, std::span<const Expected> expected, const LoadOptions& options) {
  std::map<std::string, const TensorInfo*, std::less<>> there;
  Loaded result;
  std::vector<std::string> wrong;
  for (const TensorInfo& tensor : file.tensors()) {
    std::string name = detail::name_in_network(tensor.name, options);
    if (name.empty() || name.ends_with("num_batches_tracked")) continue;
    const auto [at, is_new] = there.emplace(name, &tensor);
    if (!is_new) wrong.push_back(fmt::format("{} and {} both become {}", at->second->name, tensor.name, name));
  }
  std::vector<Match> matches;
  for (const Expected& want : expected) {
    const auto found = there.find(want.name);
    if (found == there.end()) {
      result.missing.emplace_back(want.name);
      continue;
    }
    const TensorInfo& tensor = *found->second;
    there.erase(found);
    if (!std::ranges::equal(tensor.shape, want.shape))
      wrong.push_back(fmt::format("{} is {} instead of {}", want.name, shape_of(tensor.shape), shape_of(want.shape)));
    else if (!is_floating(tensor.dtype))
      wrong.push_back(fmt::format("{} is {} instead of F16, BF16, F32 or F64", want.name, dtype_name(tensor.dtype)));
    matches.push_back({&want, &tensor});
    result.loaded.emplace_back(want.name);
  }
  for (const auto& [name, tensor] : there) result.left_over.push_back(tensor->name);

  std::vector<std::string> faults;
  const bool exact = !options.partial || (matches.empty() && !expected.empty());
  if (exact && !result.missing.empty()) faults.push_back(listing("missing", result.missing));
  if (exact && !result.left_over.empty()) faults.push_back(listing("not expected", result.left_over));
  if (!wrong.empty()) faults.push_back(listing("wrong", wrong));
  if (!faults.empty())
    throw Error(fmt::format("{}: expected {} tensors of this network, got {} ({}){}", file.origin(),
                            options.partial ? "some" : "exactly the", matches.size(), fmt::join(faults, "; "),
                            result.missing.empty() ? "" : detail::prefix_hint(file, expected)));

  const auto f32 = read_all(file, matches, &Expected::f32);
  const auto f64 = read_all(file, matches,
                            &Expected::f64);  // whatever is wrong with a number, nothing has been written
  for (std::size_t i = 0; i < matches.size(); ++i) {
    if (matches[i].to->f32 != nullptr) std::ranges::copy(f32[i], matches[i].to->f32);
    if (matches[i].to->f64 != nullptr) std::ranges::copy(f64[i], matches[i].to->f64);
  }
  return result;
}

}  // namespace

Loaded load_tensors(const SafeTensors& file, std::span<const Expected> expected, const LoadOptions& options) {
  return detail::within_memory(file.origin(), [&] { return load_named(file, expected, options); });
}

}  // namespace tenon
