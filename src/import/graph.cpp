#include "graph.hpp"

#include <fmt/format.h>

#include <array>
#include <limits>
#include <utility>

#include <tenon/error.hpp>

#include "../io/words.hpp"

namespace tenon::importing {

std::string_view type_name(Type type) {
  constexpr std::array<std::string_view, 14> names{"float", "double", "float16", "bfloat16", "int8",
                                                   "uint8", "int16",  "uint16",  "int32",    "uint32",
                                                   "int64", "uint64", "bool",    "string"};
  return names[static_cast<std::size_t>(type)];
}

std::int64_t count_of(const Dims& dims) {
  std::int64_t count = 1;
  for (const std::int64_t size : dims) {
    if (size < 0) throw Error("the size of an axis is not known");
    if (size != 0 && count > std::numeric_limits<std::int64_t>::max() / size)
      throw Error(fmt::format("a tensor of {} numbers is too large", fmt::join(dims, " x ")));
    count *= size;
  }
  return count;
}

std::string describe(const Node& node) {
  const std::string op = (node.domain.empty() ? "" : detail::escaped_text(node.domain) + ".") +
                         detail::escaped_text(node.op);
  return node.name.empty() ? op : op + " " + detail::quoted_text(node.name);
}

namespace {

template <class T>
const T* find(const Node& node, const std::string& key, const char* kind) {
  const auto found = node.attributes.find(key);
  if (found == node.attributes.end()) return nullptr;
  const T* value = std::get_if<T>(&found->second);
  if (value == nullptr) throw Error(fmt::format("{}: the attribute {} has to be {}", describe(node), key, kind));
  return value;
}

}  // namespace

std::int64_t Node::integer(const std::string& key, std::int64_t otherwise) const {
  const auto* value = find<std::int64_t>(*this, key, "an integer");
  return value != nullptr ? *value : otherwise;
}

double Node::number(const std::string& key, double otherwise) const {
  const auto* value = find<double>(*this, key, "a number");
  return value != nullptr ? *value : otherwise;
}

std::string Node::text(const std::string& key, const std::string& otherwise) const {
  const auto* value = find<std::string>(*this, key, "a text");
  return value != nullptr ? *value : otherwise;
}

std::vector<std::int64_t> Node::integers(const std::string& key, const std::vector<std::int64_t>& otherwise) const {
  const auto* value = find<std::vector<std::int64_t>>(*this, key, "a list of integers");
  return value != nullptr ? *value : otherwise;
}

void Graph::lose(const std::vector<std::string>& gives, const std::vector<std::string>& reads) {
  lost.insert(gives.begin(), gives.end());
  kept.insert(reads.begin(), reads.end());
  lost.erase("");
}

void Graph::refuse(std::string reason, const std::vector<std::string>& gives, const std::vector<std::string>& reads) {
  refused.push_back(std::move(reason));
  lose(gives, reads);
}

void throw_refused(const Graph& graph) {
  if (graph.refused.empty()) return;
  if (graph.refused.size() == 1) throw Error(graph.refused[0]);
  std::string all = std::to_string(graph.refused.size()) + " reasons why this network cannot be imported:";
  for (const std::string& one : graph.refused) all += "\n  " + one;
  throw Error(all);
}

}  // namespace tenon::importing
