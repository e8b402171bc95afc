#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include <tenon/error.hpp>
#include <tenon/io/safetensors.hpp>

#include "../io/words.hpp"
#include "commands.hpp"
#include "network_file.hpp"
#include "table.hpp"

namespace tenon::tool {

namespace {

bool is_float(DType type) {
  return type == DType::f16 || type == DType::bf16 || type == DType::f32 || type == DType::f64;
}

/// The largest difference of two tensors of one shape; of types that are no floats, whether any byte differs.
double difference(const SafeTensors& a, const TensorInfo& x, const SafeTensors& b, const TensorInfo& y) {
  if (!is_float(x.dtype) || !is_float(y.dtype))
    return x.dtype == y.dtype && std::ranges::equal(a.bytes(x), b.bytes(y)) ? 0 : INFINITY;
  std::vector<double> left(x.size()), right(y.size());
  a.copy_to(x, left);
  b.copy_to(y, right);
  double largest = 0;
  for (std::size_t i = 0; i < left.size(); ++i) {
    if (left[i] == right[i] || (std::isnan(left[i]) && std::isnan(right[i]))) continue;
    const double off = std::abs(left[i] - right[i]);
    largest = std::max(largest, std::isnan(off) ? INFINITY : off);
  }
  return largest;
}

}  // namespace

int compare_tensors(const Diff& what) {
  const SafeTensors a = read_weights(what.first), b = read_weights(what.second);
  nlohmann::json list = nlohmann::json::array();
  bool differ = false;
  const auto say = [&](const std::string& name, const std::string& how) {
    differ = true;
    if (what.json) list.push_back({{"name", detail::escaped_text(name)}, {"difference", how}});
    else fmt::print("{}: {}\n", detail::escaped_text(name), how);
  };
  for (const TensorInfo& x : a.tensors()) {
    const TensorInfo* y = b.find(x.name);
    if (y == nullptr) say(x.name, "only in " + what.first);
    else if (x.shape != y->shape)
      say(x.name, fmt::format("shapes {} and {}", fmt::join(x.shape, " x "), fmt::join(y->shape, " x ")));
    else if (const double off = difference(a, x, b, *y); off > what.tolerance)
      say(x.name, std::isinf(off) ? "differs" : fmt::format("differs by up to {:.6g}", off));
  }
  for (const TensorInfo& y : b.tensors())
    if (a.find(y.name) == nullptr) say(y.name, "only in " + what.second);
  if (what.json) print_json(nlohmann::json{{"equal", !differ}, {"differences", list}});
  return differ ? 1 : 0;
}

}  // namespace tenon::tool
