#include <tenon/expr/print.hpp>

#include <charconv>
#include <string>

namespace tenon::expr::detail {
namespace {

std::string print_number(double value) {
  char digits[352];  // the largest double has 309 before its point
  std::string text(digits, std::to_chars(digits, digits + sizeof digits, value, std::chars_format::fixed, 6).ptr);
  while (text.find('.') != std::string::npos && (text.back() == '0' || text.back() == '.')) {
    const bool point = text.back() == '.';
    text.pop_back();
    if (point) break;
  }
  return text;
}

int precedence(Op op) {
  if (is_comparison(op)) return 1;
  if (op == Op::add || op == Op::subtract) return 2;
  if (op == Op::multiply || op == Op::divide || op == Op::reciprocal) return 3;
  return op == Op::negate ? 4 : 5;
}

}  // namespace

std::string print(const FormulaGraph& g, int id, int outer) {
  const Vertex& v = g[id];
  const auto slot = [&](const std::string& name) { return v.slot == 0 ? name : name + std::to_string(v.slot); };
  const auto wrap = [&](const std::string& text) { return precedence(v.op) < outer ? "(" + text + ")" : text; };
  switch (v.op) {
  case Op::number:
    return v.value < 0 && outer > 2 ? "(" + print_number(v.value) + ")" : print_number(v.value);
  case Op::literal:
    return "literal" + std::to_string(v.slot);
  case Op::input:
    return slot("x");
  case Op::parameter:
    return "p" + std::to_string(v.slot);
  case Op::label:
    return "label";
  case Op::output:
    return "y";
  case Op::seed:
    return "dy";
  case Op::features:
    return "features";
  case Op::rows:
    return "rows";
  case Op::index:
    return "index";
  case Op::noise:
    return "mask";
  case Op::saved:
    return "saved" + std::to_string(v.slot);
  case Op::negate:
    return wrap("-" + print(g, v.a, 4));
  case Op::reciprocal:
    return wrap("1 / " + print(g, v.a, 4));
  case Op::add:
  case Op::multiply:
    return wrap(print(g, v.a, precedence(v.op)) + std::string(symbol(v.op)) + print(g, v.b, precedence(v.op)));
  case Op::subtract:
  case Op::divide:
    return wrap(print(g, v.a, precedence(v.op)) + std::string(symbol(v.op)) + print(g, v.b, precedence(v.op) + 1));
  default:
    break;
  }
  if (is_comparison(v.op)) return wrap(print(g, v.a, 2) + std::string(symbol(v.op)) + print(g, v.b, 2));
  std::string text = std::string(symbol(v.op)) + "(" + print(g, v.a);
  if (v.b >= 0) text += ", " + print(g, v.b);
  if (v.c >= 0) text += ", " + print(g, v.c);
  return text + ")";
}

}  // namespace tenon::expr::detail
