#include <algorithm>
#include <map>

#include "body.hpp"

/// Einsum of two values as a product of matrices: each value's axes are brought into the order batch, own axes, summed
/// ones; what one matrix has of own and of summed axes becomes one axis; and the result's axes are sorted as asked for.
namespace tenon::importing {

namespace {

/// The axes of the inputs and of the result, each a letter.
struct Terms {
  std::string a, b, out;
};

bool has(const std::string& term, char axis) { return term.find(axis) != std::string::npos; }
bool each_once(const std::string& term) {
  return std::ranges::all_of(term, [&](char c) { return std::ranges::count(term, c) == 1; });
}

/// "..." stands for as many axes as are left over, which are called A to Z from the last one on; "" where that is not
/// possible. Letters of the equation are small ones then.
std::string spelled(const std::string& term, std::size_t axes) {
  const std::size_t dots = term.find("...");
  if (dots == std::string::npos) return term.size() == axes ? term : "";
  if (term.size() - 3 > axes || axes + 3 - term.size() > 8 ||
      std::ranges::any_of(term, [](char c) { return c < 'a' && c != '.'; }))
    return "";
  std::string all;
  for (std::size_t i = axes + 3 - term.size(); i > 0; --i) all += static_cast<char>('A' + i - 1);
  return term.substr(0, dots) + all + term.substr(dots + 3);
}

Terms terms_of(const Body& b) {
  std::string text = b.node().text("equation", "");
  std::erase(text, ' ');
  const std::size_t arrow = text.find("->"), comma = text.find(',');
  if (comma == std::string::npos || comma > arrow) return {};
  if (arrow == std::string::npos && std::ranges::any_of(text, [](char c) { return c >= 'A' && c <= 'Z'; })) return {};
  Terms t{spelled(text.substr(0, comma), b.dims(0).size()),
          spelled(text.substr(comma + 1, arrow == std::string::npos ? arrow : arrow - comma - 1), b.dims(1).size()),
          {}};
  if (arrow != std::string::npos) {
    std::string dotted;
    for (const std::string* term : {&t.a, &t.b}) {
      const auto count = static_cast<std::size_t>(std::ranges::count_if(*term, [](char c) { return c < 'a'; }));
      if (count > dotted.size()) dotted = std::string(count, '.');
    }
    const std::string out = text.substr(arrow + 2);
    const bool dots = has(out, '.');
    t.out = dots ? spelled(out, out.size() - 3 + dotted.size()) : out;
    return t;
  }
  // what is named once, the left-over axes first, then by the alphabet, in which large letters stand in front
  for (const char c : t.a + t.b)
    if (!has(t.out, c) && (c < 'a' || has(t.a, c) != has(t.b, c))) t.out += c;
  std::ranges::sort(t.out, [](char x, char y) { return (x < 'a') == (y < 'a') ? (x < 'a' ? x > y : x < y) : x < 'a'; });
  return t;
}

/// One of the two values in another order of axes, as a matrix for each of the first `batch` ones.
class Side {
public:
  Side(Body& b, std::size_t input, const std::string& term) : b_(b), value_(b.input(input)), term_(term) {
    for (std::size_t k = 0; k < term.size(); ++k) sizes_[term[k]] = b.dims(input)[k];
  }
  std::int64_t size(char axis) const { return sizes_.at(axis); }
  bool holds(char axis) const { return sizes_.contains(axis); }
  std::int64_t size(const std::string& axes) const {
    std::int64_t all = 1;
    for (const char c : axes) all *= size(c);
    return all;
  }

  /// `kept` axes stay axes, `rows` and `columns` become one each where they are several or none.
  std::string matrix(const std::string& kept, const std::string& rows, const std::string& columns) {
    std::string value = ordered(kept + rows + columns);
    if (rows.size() == 1 && columns.size() == 1) return value;
    Dims shape(kept.size(), 0);
    shape.push_back(size(rows));
    shape.push_back(size(columns));
    return b_.add("Reshape", {value, b_.add(shape)});
  }
  /// All own axes stay, the summed ones become one.
  std::string rows(const std::string& own, const std::string& summed) {
    std::string value = ordered(own + summed);
    if (summed.size() == 1) return value;
    Dims shape(own.size(), 0);
    shape.push_back(size(summed));
    return b_.add("Reshape", {value, b_.add(shape)});
  }

private:
  std::string ordered(const std::string& wanted) {
    if (wanted == term_) return value_;
    Dims perm;
    for (const char c : wanted) perm.push_back(static_cast<std::int64_t>(term_.find(c)));
    return b_.add("Transpose", {value_}, {{"perm", perm}});
  }

  Body& b_;
  std::string value_, term_;
  std::map<char, std::int64_t> sizes_;
};

}  // namespace

std::vector<Node> expand_einsum(Graph& graph, const Node& node) {
  Body b(graph, node);
  if (node.inputs.size() != 2 || (b.constant(0) != nullptr && b.constant(1) != nullptr)) return {};
  Terms t = terms_of(b);
  if (t.a.empty() || t.b.empty() || !each_once(t.a) || !each_once(t.b) || !each_once(t.out)) return {};
  std::size_t first = 0;
  if (b.constant(0) != nullptr) std::swap(t.a, t.b), first = 1;
  Side left(b, first, t.a), right(b, 1 - first, t.b);
  std::string batch, rows, columns, summed;
  for (const char c : t.a) (has(t.b, c) ? has(t.out, c) ? batch : summed : rows) += c;
  for (const char c : t.b)
    if (!has(t.a, c)) columns += c;
  const auto fits = [&](char c) {
    return !right.holds(c) || !left.holds(c) || (left.size(c) == right.size(c) && left.size(c) > 0);
  };
  const bool all_given = std::ranges::all_of(rows + columns, [&](char c) { return has(t.out, c); });
  if (!all_given || t.out.size() != batch.size() + rows.size() + columns.size() || !std::ranges::all_of(t.a, fits))
    return {};
  // the network's batch is the first axis, and stays one
  const bool constant = b.constant(1 - first) != nullptr;
  if (batch.empty() ? rows.empty() || rows[0] != t.a[0] || !constant : batch[0] != t.a[0]) return {};

  const std::string before = batch.empty() ? rows : batch;
  const std::string x = batch.empty() ? left.rows(rows, summed) : left.matrix(batch, rows, summed);
  std::string y = b.add("MatMul", {x, right.matrix(batch, summed, columns)});
  if (columns.size() != 1 || (!batch.empty() && rows.size() != 1)) {
    Dims shape(before.size(), 0);
    if (!batch.empty())
      for (const char c : rows) shape.push_back(left.size(c));
    for (const char c : columns) shape.push_back(right.size(c));
    y = b.add("Reshape", {y, b.add(shape)});
  }
  const std::string given = batch + rows + columns;
  if (given != t.out) {
    Dims perm;
    for (const char c : t.out) perm.push_back(static_cast<std::int64_t>(given.find(c)));
    y = b.add("Transpose", {y}, {{"perm", perm}});
  }
  b.give(0, y);
  return b.take();
}

}  // namespace tenon::importing
