#include "layer_words.hpp"

#include <exception>
#include <utility>

namespace tenon::importing {

LayerWords::LayerWords(const std::string& text) {
  const std::size_t open = text.find('<');
  name = text.substr(0, open);
  if (open == std::string::npos) return;
  int depth = 0;
  std::string word;
  for (std::size_t i = open + 1; i < text.size(); ++i) {
    const char c = text[i];
    if (depth == 0 && (c == ',' || c == '>')) {
      if (!word.empty()) arguments.push_back(std::exchange(word, {}));
      continue;
    }
    depth += c == '<' ? 1 : c == '>' ? -1 : 0;
    if (c != ' ' || !word.empty()) word += c;
  }
}

std::vector<std::size_t> LayerWords::option(const std::string& option) const {
  for (const std::string& argument : arguments)
    if (argument.starts_with(option + "<")) {
      std::vector<std::size_t> all;
      for (const double v : LayerWords(argument).numbers()) all.push_back(static_cast<std::size_t>(v));
      return all;
    }
  return {};
}

std::vector<double> LayerWords::numbers() const {
  std::vector<double> all;
  for (const std::string& argument : arguments) {
    std::size_t end = 0;
    try {
      const double value = std::stod(argument, &end);
      if (end == argument.size() || argument.substr(end) == "F") all.push_back(value);
    } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch): it is a word, no number
    }
  }
  return all;
}

}  // namespace tenon::importing
