#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <optional>
#include <set>
#include <span>

#include "part.hpp"

namespace tenon::importing {

namespace {

/// Blocks of `period` parts from `begin` on that read alike, and of which each takes what it gives.
struct Run {
  std::size_t begin = 0, period = 0, copies = 0;
  std::size_t saved() const { return copies < 2 ? 0 : (copies - 1) * period; }
};

Run longest_run(const std::vector<Part>& parts, const Dims& takes) {
  std::vector<std::string> texts;
  for (const Part& p : parts) texts.push_back(text(p));
  Run best;
  for (std::size_t period = 1; 2 * period <= parts.size(); ++period)
    for (std::size_t begin = 0; begin + 2 * period <= parts.size(); ++begin) {
      const Dims& before = begin == 0 ? takes : parts[begin - 1].gives;
      if (before != parts[begin + period - 1].gives) continue;
      const auto first = texts.cbegin() + static_cast<std::ptrdiff_t>(begin);
      const auto length = static_cast<std::ptrdiff_t>(period);
      std::size_t copies = 1;
      while (begin + (copies + 1) * period <= parts.size() &&
             std::equal(first, first + length, first + length * static_cast<std::ptrdiff_t>(copies)))
        ++copies;
      const bool learns = std::any_of(parts.begin() + static_cast<std::ptrdiff_t>(begin),
                                      parts.begin() + static_cast<std::ptrdiff_t>(begin + period), has_weights);
      const Run run{begin, period, copies};
      // of two that are as long, the one that begins with numbers: Residual, ReLU rather than ReLU, Residual
      const bool better = run.saved() > best.saved() ||
                          (run.saved() == best.saved() && has_weights(parts[begin]) && !has_weights(parts[best.begin]));
      if (learns && better) best = run;
    }
  return best;
}

/// Whether it is worth a word: one layer twice is not.
bool worth(const Run& run, const std::vector<Part>& parts) {
  return run.saved() >= 4 ||
         (run.saved() > 0 && std::any_of(parts.begin() + static_cast<std::ptrdiff_t>(run.begin),
                                         parts.begin() + static_cast<std::ptrdiff_t>(run.begin + run.period),
                                         [](const Part& p) { return p.kind != Part::layer; }));
}

using OnNumber = std::function<std::string(const std::string& number, const std::string& inside, std::size_t place)>;

/// A text with its whole numbers replaced; `on` is given the name in front of the bracket and how many commas before.
std::string with_numbers(const std::string& text, const OnNumber& on) {
  std::string all, word;
  std::vector<std::pair<std::string, std::size_t>> open{{"", 0}};
  for (std::size_t i = 0; i < text.size();) {
    const char c = text[i];
    const auto digit = [&](std::size_t at) {
      return at < text.size() && std::isdigit(static_cast<unsigned char>(text[at])) != 0;
    };
    if (c == '"') {
      const std::size_t end = text.find('"', i + 1) + 1;
      all += text.substr(i, end - i);
      i = end;
    } else if (digit(i) && word.empty()) {
      std::size_t end = i;
      while (digit(end) || (end < text.size() &&
                            (text[end] == '.' || text[end] == 'e' || (text[end] == '-' && text[end - 1] == 'e'))))
        ++end;
      const std::string number = text.substr(i, end - i);
      const bool whole = std::all_of(number.begin(), number.end(),
                                     [](unsigned char d) { return std::isdigit(d) != 0; });
      all += whole ? on(number, open.back().first, open.back().second) : number;
      i = end;
    } else {
      if (std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_') word += c;
      else {
        if (c == '<' || c == '(') open.emplace_back(word, 0);
        if ((c == '>' || c == ')') && open.size() > 1 && !(c == '>' && i > 0 && text[i - 1] == ' ')) open.pop_back();
        if (c == ',') ++open.back().second;
        word.clear();
      }
      all += c;
      ++i;
    }
  }
  return all;
}

/// The same in all layers of a part, in the order in which they are written.
void replace_numbers(Part& part, const OnNumber& on) {
  if (part.kind == Part::repeat) {
    part.own.text = on(std::to_string(part.parts.size()), "Repeat", 0);
    part.parts.resize(1);
  }
  if (part.kind == Part::layer) {
    part.own.text = with_numbers(text(part, true), on);
    part.own.kind = Layer::plain;
    return;
  }
  for (Part& p : part.parts) replace_numbers(p, on);
}

struct Number {
  std::string digits, inside;
  std::size_t place;
};
struct Found {
  Part* part;
  std::vector<Number> numbers;
};

/// What a number of a layer is called where it differs.
std::string parameter_name(const Number& n) {
  static const std::map<std::string, std::string> options{
      {"stride", "Stride"}, {"padding", "Padding"}, {"groups", "Groups"}, {"dilation", "Dilation"},
      {"Dense", "Units"},   {"Repeat", "Copies"},   {"LSTM", "Hidden"},   {"GRU", "Hidden"},
      {"RNN", "Hidden"},    {"Reshape", "Size"}};
  if (n.inside.starts_with("Conv")) return n.place == 0 ? "Channels" : "Kernel";
  const auto found = options.find(n.inside);
  return found != options.end() ? found->second : "N";
}

/// All that is put together; of a repeat the first copy, which is the one that is written.
void find_composed(std::span<Part> parts, std::map<std::string, std::vector<Found>>& by_skeleton) {
  for (Part& p : parts) {
    if (p.kind == Part::layer) continue;
    if (p.kind != Part::repeat) {
      std::vector<Number> numbers;
      const std::string skeleton = with_numbers(
          text(p, true), [&](const std::string& digits, const std::string& inside, std::size_t place) {
            numbers.push_back({digits, inside, place});
            return "#";
          });
      by_skeleton[skeleton].push_back({&p, std::move(numbers)});
    }
    find_composed(std::span(p.parts).first(p.kind == Part::repeat ? 1 : p.parts.size()), by_skeleton);
  }
}

/// Another number's multiple or part, in all that are found: "4 * Channels".
std::optional<std::string> by_another(const std::vector<Found>& found, std::size_t k, std::size_t other,
                                      const std::string& name) {
  std::optional<std::string> same;
  for (const Found& f : found) {
    const long a = std::stol(f.numbers[k].digits), b = std::stol(f.numbers[other].digits);
    if (a == 0 || b == 0 || (a % b != 0 && b % a != 0) || a / b > 16 || b / a > 16) return std::nullopt;
    const std::string here = a == b  ? name
                             : a > b ? fmt::format("{} * {}", a / b, name)
                                     : fmt::format("{} / {}", name, b / a);
    if (same && *same != here) return std::nullopt;
    same = here;
  }
  return same;
}

/// "template <std::size_t Channels>", in as many lines as are needed; nothing without parameters.
std::string introduction(const std::vector<std::string>& parameters, std::size_t width) {
  if (parameters.empty()) return "";
  std::string all, line = "template <";
  const std::string indentation(line.size(), ' ');
  for (std::size_t k = 0; k < parameters.size(); ++k) {
    const std::string one = "std::size_t " + parameters[k] + (k + 1 < parameters.size() ? "," : ">");
    if (k > 0 && line.size() + 1 + one.size() > width) {
      all += line + "\n";
      line = indentation + one;
    } else {
      line += (k > 0 ? " " : "") + one;
    }
  }
  return all + line + "\n";
}

/// A definition of what all that are found have in common, or none where they differ too much.
std::optional<std::string> define(const std::vector<Found>& found, const std::string& name, std::size_t width) {
  const std::vector<Number>& first = found[0].numbers;
  std::vector<std::string> written(first.size()), parameters;
  std::vector<std::size_t> own;  // the number that each parameter is
  std::set<std::string> used;
  for (std::size_t k = 0; k < first.size(); ++k) {
    const bool differs = std::any_of(found.begin(), found.end(),
                                     [&](const Found& f) { return f.numbers[k].digits != first[k].digits; });
    if (!differs) {
      written[k] = first[k].digits;
      continue;
    }
    const std::string kind = parameter_name(first[k]);
    for (std::size_t p = 0; p < own.size() && written[k].empty(); ++p) {
      const std::string other = parameter_name(first[own[p]]);
      const bool sizes = (kind == "Channels" || kind == "Groups" || kind == "Units") &&
                         (other == "Channels" || other == "Units");
      const auto by = by_another(found, k, own[p], parameters[p]);
      if (by && (sizes || (kind == other && *by == parameters[p]))) written[k] = *by;
    }
    if (!written[k].empty()) continue;
    std::string unused = kind;
    for (int i = 2; !used.insert(unused).second; ++i) unused = kind + std::to_string(i);
    parameters.push_back(unused);
    own.push_back(k);
    written[k] = unused;
  }
  if (parameters.size() > 8) return std::nullopt;
  for (const Found& f : found) {
    std::vector<std::string> values;
    for (const std::size_t k : own) values.push_back(f.numbers[k].digits);
    f.part->alias = parameters.empty() ? name : fmt::format("{}<{}>", name, fmt::join(values, ", "));
  }
  Part body = *found[0].part;
  body.alias.clear();
  std::size_t next = 0;
  replace_numbers(body, [&](const std::string&, const std::string&, std::size_t) { return written[next++]; });
  const std::string begin = fmt::format("using {} = ", name);
  return introduction(parameters, width) + begin + lines(body, begin.size(), width) + ";\n";
}

bool inside_named(const std::vector<Part>& parts, const Part* wanted, bool named = false) {
  for (const Part& p : parts) {
    if (&p == wanted) return named;
    if (inside_named(p.parts, wanted, named || !p.alias.empty())) return true;
  }
  return false;
}

bool has_kind(const Part& p, Part::Kind kind) {
  return p.kind == kind ||
         std::any_of(p.parts.begin(), p.parts.end(), [&](const Part& q) { return has_kind(q, kind); });
}

std::string block_name(const Part& p) {
  if (has_kind(p, Part::sum)) return "Shortcut";
  if (has_kind(p, Part::residual)) return "Block";
  if (has_kind(p, Part::joined)) return "Mixed";
  if (has_kind(p, Part::gate)) return "Gated";
  return "Layers";
}

/// What a part looks like but for its numbers.
std::string skeleton(const Part& part) {
  return with_numbers(text(part, true), [](const auto&, const auto&, std::size_t) { return "#"; });
}

/// Rows that occur three times or more and differ in numbers alone, as the blocks of MobileNet: each becomes a chain.
bool group_alike(std::vector<Part>& parts) {
  std::vector<std::string> looks;
  for (const Part& p : parts) looks.push_back(p.kind == Part::layer ? skeleton(p) : "");
  std::size_t best_period = 0, best_saved = 0;
  std::vector<std::size_t> best;
  for (std::size_t period = 3; period <= 12 && 3 * period <= parts.size(); ++period)
    for (std::size_t begin = 0; begin + period <= parts.size(); ++begin) {
      const auto from = looks.cbegin() + static_cast<std::ptrdiff_t>(begin),
                 to = from + static_cast<std::ptrdiff_t>(period);
      const auto learning = std::count_if(parts.begin() + static_cast<std::ptrdiff_t>(begin),
                                          parts.begin() + static_cast<std::ptrdiff_t>(begin + period), has_weights);
      if (!has_weights(parts[begin]) || learning < 2 || std::count(from, to, "") > 0) continue;
      std::vector<std::size_t> places;
      for (auto at = std::search(from, looks.cend(), from, to); at != looks.cend();
           at = std::search(at + static_cast<std::ptrdiff_t>(period), looks.cend(), from, to))
        places.push_back(static_cast<std::size_t>(at - looks.cbegin()));
      const std::size_t saved = (places.size() - 1) * period;
      if (places.size() >= 3 && saved > best_saved) best = std::move(places), best_saved = saved, best_period = period;
    }
  for (auto at = best.rbegin(); at != best.rend(); ++at) {
    const auto begin = parts.begin() + static_cast<std::ptrdiff_t>(*at),
               end = begin + static_cast<std::ptrdiff_t>(best_period);
    Part chain = as_one({std::make_move_iterator(begin), std::make_move_iterator(end)}, {});
    *begin = std::move(chain);
    parts.erase(begin + 1, end);
  }
  return !best.empty();
}

}  // namespace

void find_repeats(std::vector<Part>& parts, const Dims& takes) {
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const Dims before = i == 0 ? takes : parts[i - 1].gives;
    if (parts[i].kind == Part::sum || parts[i].kind == Part::joined) {
      for (Part& branch : parts[i].parts)
        if (branch.kind != Part::layer) find_repeats(branch.parts, before);
    } else if (parts[i].kind != Part::layer && parts[i].kind != Part::repeat) {
      find_repeats(parts[i].parts, before);
    }
  }
  for (Run run = longest_run(parts, takes); worth(run, parts); run = longest_run(parts, takes)) {
    std::vector<Part> copies;
    const auto begin = parts.begin() + static_cast<std::ptrdiff_t>(run.begin),
               end = begin + static_cast<std::ptrdiff_t>(run.period * run.copies);
    for (auto at = begin; at != end; at += static_cast<std::ptrdiff_t>(run.period))
      copies.push_back(as_one(
          {std::make_move_iterator(at), std::make_move_iterator(at + static_cast<std::ptrdiff_t>(run.period))}, {}));
    Dims gives = copies.back().gives;
    *begin = made_of(Part::repeat, std::move(copies), std::move(gives));
    parts.erase(begin + 1, end);
  }
  while (group_alike(parts)) {
  }
}

std::vector<std::string> name_blocks(const std::vector<std::vector<Part>*>& rows, std::size_t width) {
  std::map<std::string, std::vector<Found>> by_skeleton;
  for (std::vector<Part>* row : rows) find_composed(*row, by_skeleton);
  std::vector<std::pair<std::string, std::vector<Found>>> groups(by_skeleton.begin(), by_skeleton.end());
  std::sort(groups.begin(), groups.end(), [](const auto& a, const auto& b) {
    return a.first.size() != b.first.size() ? a.first.size() > b.first.size() : a.first < b.first;
  });
  std::vector<std::string> definitions;
  std::map<std::string, int> names;
  for (auto& [skeleton, found] : groups) {
    std::erase_if(found, [&](const Found& f) {
      return std::any_of(rows.begin(), rows.end(), [&](const auto* row) { return inside_named(*row, f.part); });
    });
    if (found.size() < 2 || skeleton.size() < 40) continue;
    const std::string base = block_name(*found[0].part);
    const int number = names[base] + 1;
    const auto definition = define(found, number == 1 ? base : base + std::to_string(number), width);
    if (!definition) continue;
    names[base] = number;
    definitions.push_back(*definition);
  }
  return definitions;
}

}  // namespace tenon::importing
