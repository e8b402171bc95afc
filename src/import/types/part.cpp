#include "part.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <iterator>

namespace tenon::importing {

Part part_of(Layer layer) {
  Part p;
  p.gives = layer.gives;
  p.own = std::move(layer);
  return p;
}

Part made_of(Part::Kind kind, std::vector<Part> parts, Dims gives) {
  Part p;
  p.kind = kind;
  p.parts = std::move(parts);
  p.gives = std::move(gives);
  return p;
}

Part as_one(std::vector<Part> parts, const Dims& takes) {
  if (parts.empty()) return part_of({"Identity", takes});
  if (parts.size() == 1) return std::move(parts[0]);
  Dims gives = parts.back().gives;
  return made_of(Part::chain, std::move(parts), std::move(gives));
}

bool has_weights(const Part& part) {
  return !part.own.weights.empty() || std::any_of(part.parts.begin(), part.parts.end(), has_weights);
}

namespace {

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

/// Where the name x stands.
std::vector<std::size_t> uses_of_x(const std::string& formula) {
  std::vector<std::size_t> all;
  for (std::size_t i = 0; i < formula.size(); ++i)
    if (formula[i] == 'x' && (i == 0 || !is_word(formula[i - 1])) &&
        (i + 1 == formula.size() || !is_word(formula[i + 1])))
      all.push_back(i);
  return all;
}

/// The operator that binds last: ' ' for none, a call or a name.
char outermost(const std::string& formula) {
  int depth = 0;
  char found = formula.starts_with('-') ? '-' : ' ';
  for (std::size_t i = 1; i + 1 < formula.size(); ++i) {
    const char c = formula[i];
    depth += c == '(' || c == '<' ? 1 : c == ')' || (c == '>' && formula[i - 1] != ' ') ? -1 : 0;
    if (depth != 0 || formula[i - 1] != ' ' || formula[i + 1] != ' ') continue;
    if (c == '+' || c == '-') return c;
    if (c == '*' || c == '/') found = c;
  }
  return found;
}

/// g(f(x)), or nothing where that would be computed more than once.
std::optional<std::string> composed(const std::string& f, const std::string& g) {
  const auto uses = uses_of_x(g);
  if (uses.size() != 1) return std::nullopt;
  const std::size_t at = uses[0];
  const char inner = outermost(f), before = at > 0 ? g[at - 1] : ' ', behind = at + 1 < g.size() ? g[at + 1] : ' ';
  const bool argument = (before == '(' || (before == ' ' && at > 1 && g[at - 2] == ',')) &&
                        (behind == ')' || behind == ',');
  const bool sum = at == 0 && g.size() > 3 && (g[2] == '+' || g[2] == '-');
  const bool product = at == 0 && g.size() > 3 && (g[2] == '*' || g[2] == '/') && (inner == '*' || inner == '/');
  const bool plain = inner == ' ' || argument || sum || product;
  return g.substr(0, at) + (plain ? f : "(" + f + ")") + g.substr(at + 1);
}

bool share_a_name(const Layer& a, const Layer& b) {
  for (const auto& [name, array] : a.weights)
    for (const auto& [other, numbers] : b.weights)
      if (name == other) return true;
  return false;
}

/// x W and then + b are one Dense. What stands beside b goes with it: of integers their scale.
bool takes_bias(Layer& dense, Layer& sum) {
  constexpr std::string_view without = ", bias<false>>";
  if (!dense.text.starts_with("Dense<") || !dense.text.ends_with(without) || sum.kind != Layer::formula) return false;
  if (sum.text != R"(x + param<"bias", PerFeature>)" || sum.weights.empty() ||
      sum.weights[0].second.dims != Dims{sum.gives.back()})
    return false;
  dense.text.replace(dense.text.size() - without.size(), without.size(), ">");
  std::ranges::move(sum.weights, std::back_inserter(dense.weights));
  return true;
}

}  // namespace

void tidy(std::vector<Part>& parts, const Dims& takes) {
  std::vector<Part> done;
  const auto shape = [&] { return done.empty() ? takes : done.back().gives; };
  for (Part& p : parts) {
    const bool leaf = p.kind == Part::layer, reshape = leaf && p.own.kind == Layer::reshape;
    Part* last = done.empty() || done.back().kind != Part::layer ? nullptr : &done.back();
    if (reshape && last != nullptr && last->own.kind == Layer::reshape) {
      done.pop_back();
      last = done.empty() || done.back().kind != Part::layer ? nullptr : &done.back();
    }
    if (reshape && p.gives == shape()) continue;
    if (leaf && last != nullptr && takes_bias(last->own, p.own)) continue;
    if (leaf && p.own.kind == Layer::formula && last != nullptr && last->own.kind == Layer::formula &&
        !share_a_name(last->own, p.own)) {
      if (const auto both = composed(last->own.text, p.own.text)) {
        last->own.text = *both;
        std::move(p.own.weights.begin(), p.own.weights.end(), std::back_inserter(last->own.weights));
        continue;
      }
    }
    done.push_back(std::move(p));
  }
  parts = std::move(done);
}

std::string head(const Part& part) {
  switch (part.kind) {
  case Part::chain:
    return "Sequential";
  case Part::residual:
    return "Residual";
  case Part::gate:
    return "Gate";
  case Part::sum:
    return "Add";
  case Part::joined:
    return "Concat";
  case Part::repeat:
    return "Repeat";
  default:
    return "";
  }
}

std::string text(const Part& part, bool raw) {
  if (!part.alias.empty()) return part.alias;
  const Layer& own = part.own;
  if (part.kind == Part::repeat)
    return fmt::format("Repeat<{}, {}>", own.text.empty() ? std::to_string(part.parts.size()) : own.text,
                       text(part.parts[0], raw));
  if (part.kind != Part::layer) {
    std::string all;
    for (const Part& p : part.parts) all += (all.empty() ? "" : ", ") + text(p, raw);
    return head(part) + "<" + all + ">";
  }
  if (own.kind == Layer::formula) return "Map<" + own.text + ">";
  if (own.kind == Layer::reshape)
    return part.gives.size() == 1 ? "Flatten" : fmt::format("Reshape<{}>", list_text(part.gives));
  constexpr std::string_view usual = ", stride<1>";  // of a convolution; the stride of a pool is its kernel
  const std::size_t at = raw || !own.text.starts_with("Conv") ? std::string::npos : own.text.find(usual);
  return at == std::string::npos ? own.text : own.text.substr(0, at) + own.text.substr(at + usual.size());
}

std::string lines(const std::string& head, const std::vector<Part>& parts, std::size_t column, std::size_t width) {
  std::string all = head + "<";
  const std::size_t indent = column + all.size();
  std::size_t at = indent;
  bool broken = false;  // the part before takes several lines
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const std::string one = text(parts[i]);
    const std::size_t needed = one.size() + 2;
    if (i > 0) all += ",", ++at;
    if (i > 0 && (broken || at + needed > width)) all += "\n" + std::string(indent, ' '), at = indent;
    else if (i > 0) all += " ", ++at;
    broken = at + needed > width;
    const std::string written = broken ? lines(parts[i], at, width) : one;
    all += written;
    at += one.size();
  }
  return all + ">";
}

std::string lines(const Part& part, std::size_t column, std::size_t width) {
  std::string one = text(part);
  if (column + one.size() + 2 <= width || part.kind == Part::layer || !part.alias.empty()) return one;
  if (part.kind != Part::repeat) return lines(head(part), part.parts, column, width);
  const std::string begin = one.substr(0, one.find(", ") + 2);
  return begin + lines(part.parts[0], column + begin.size(), width) + ">";
}

void collect_weights(const Part& part, const std::string& prefix, std::map<std::string, Array>& to) {
  for (const auto& [name, array] : part.own.weights) to[prefix + name] = array;
  if (part.kind != Part::layer) collect_weights(part.parts, prefix, to);
}

void collect_weights(const std::vector<Part>& parts, const std::string& prefix, std::map<std::string, Array>& to) {
  for (std::size_t i = 0; i < parts.size(); ++i) collect_weights(parts[i], prefix + std::to_string(i) + ".", to);
}

}  // namespace tenon::importing
