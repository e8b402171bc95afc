#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <tenon/edge/quantized.hpp>
#include <tenon/model/session.hpp>
#include <tenon/tenon.hpp>

/// Layers that a way of running refuses, as the cells of the zoo name them.
namespace tenon::zoo {

/// What a cell says of a refusal: "no: Tanh at 0.1".
template <class Refusal>
struct RefusalText {
  static std::string text() { return "no"; }
};
inline void add_step(std::string& text, const std::string& step) {
  if (step != ".") text += (text.empty() ? "" : ".") + step;
}
template <std::size_t N>
std::string step_text(const fixed_string<N>& step) {
  return std::string(step.view());
}
inline std::string step_text(int step) { return std::to_string(step); }
template <auto... Step>
std::string path_text(path<Step...>) {
  std::string text;
  (add_step(text, step_text(Step)), ...);
  return text;
}
template <class L>
std::string layer_text() {
  const std::string_view whole = type_name<L>();
  return std::string(whole.substr(0, whole.find('<')));
}
template <class Path, class L, class Execution, class... Takes>
struct RefusalText<cannot_run<layer<Path, L>, Execution, Takes...>> {
  static std::string text() {
    const std::string at = path_text(Path{});
    return "no: " + layer_text<L>() + (at.empty() ? "" : " at " + at);
  }
};
template <class Net, class Takes>
struct RefusalText<not_a_language_model<Net, Takes>> {
  static std::string text() { return "no: gives no scores of tokens"; }
};
template <class Path, class Net, class Takes>
struct RefusalText<shape_mismatch<layer<Path, Net>, Takes, in_int8, from_input>> {
  static std::string text() { return "no: steps do not go together"; }
};

}  // namespace tenon::zoo
