#pragma once

#include <cstddef>
#include <string_view>

#include <tenon/expr/edges.hpp>
#include <tenon/expr/functions.hpp>
#include <tenon/fixed_string.hpp>

/// A formula as its user writes it, known to the compiler: for tables of layers, and for compile errors.
namespace tenon::expr {

namespace detail {

/// Text of up to `capacity` characters; longer ones end with three dots.
struct Text {
  static constexpr size_t capacity = 300;
  char text[capacity + 4]{};
  size_t length = 0;

  constexpr void put(std::string_view more) {
    for (const char c : more) {
      if (length < capacity) text[length++] = c;
      else if (length < capacity + 3) text[length++] = '.';
    }
  }
  constexpr void put_whole(unsigned long long number) {
    if (number >= 10) put_whole(number / 10);
    const char digit = static_cast<char>('0' + number % 10);
    put({&digit, 1});
  }
  /// Six digits, which is enough to recognise a number by.
  constexpr void put_number(double value) {
    if (value != value) return put("nan");
    if (value < 0) put("-"), value = -value;
    if (value > 1e300 * 1e5) return put("inf");
    int power = 0;  // value = digits * 10^power
    while (value >= 1e6) value /= 10, ++power;
    while (value > 0 && value < 1e5 && power > -300) value *= 10, --power;
    auto digits = static_cast<unsigned long long>(value + 0.5);
    while (digits > 0 && digits % 10 == 0) digits /= 10, ++power;
    if (digits == 0) return put("0");
    if (power >= 0 && power < 8) {
      for (; power > 0; --power) digits *= 10;
      return put_whole(digits);
    }
    if (power >= 0 || power < -12) {
      put_whole(digits), put("e");
      if (power < 0) put("-");
      return put_whole(static_cast<unsigned long long>(power < 0 ? -power : power));
    }
    unsigned long long unit = 1;
    for (int i = 0; i > power; --i) unit *= 10;
    put_whole(digits / unit), put(".");
    for (digits %= unit; unit > 1; digits %= unit) put_whole(digits / (unit /= 10));
  }
  constexpr std::string_view view() const { return {text, length}; }
};

constexpr int strength(Op op) {
  if (is_comparison(op)) return 1;
  if (op == Op::add || op == Op::subtract) return 2;
  if (op == Op::multiply || op == Op::divide) return 3;
  return op == Op::negate ? 4 : 5;
}

constexpr std::string_view function_name(Op op) {
  switch (op) {
  case Op::row_variance:
    return "variance";
  case Op::batch_variance:
    return "batch_variance";
  case Op::gradient:
    return "gradient";
  case Op::matmul:
    return "matmul";
  case Op::transpose:
    return "transpose";
  default:
    return symbol(op);
  }
}

/// Writes an expression's type; `outer` is how strongly what stands around it binds.
struct Spelling {
  Text text{};

  template <int K>
  constexpr void write(Input<K>, int) {
    text.put(K == 0 ? "x" : "target");
  }
  template <fixed_string N, class... O>
  constexpr void write(Parameter<N, O...>, int) {
    text.put("param<\""), text.put(N.view()), text.put("\">");
  }
  template <fixed_string N>
  constexpr void write(Edge<N>, int) {
    text.put("in<\""), text.put(N.view()), text.put("\">");
  }
  template <Draw D>
  constexpr void write(RandomNumbers<D>, int) {
    text.put(D == Draw::normal ? "normal_noise" : "uniform_noise");
  }
  constexpr void write(Label, int) { text.put("label"); }
  constexpr void write(Index, int) { text.put("feature_index"); }
  constexpr void write(Features, int) { text.put("features"); }
  constexpr void write(BatchCount, int) { text.put("count"); }
  template <auto Rate>
  constexpr void write(Noise<Rate>, int) {
    text.put("dropout_mask<"), text.put_number(static_cast<double>(Rate)), text.put(">");
  }
  template <auto V>
  constexpr void write(Number<V>, int outer) {
    if (V < 0 && outer > 2) text.put("("), text.put_number(static_cast<double>(V)), text.put(")");
    else text.put_number(static_cast<double>(V));
  }
  template <class A>
  constexpr void write(Operation<Op::divide, Operation<Op::row_sum, A>, Features>, int) {
    text.put("mean("), write(A{}, 0), text.put(")");
  }
  template <class A>
  constexpr void write(Operation<Op::divide, Operation<Op::batch_sum, A>, BatchCount>, int) {
    text.put("batch_mean("), write(A{}, 0), text.put(")");
  }
  template <class A, auto K, auto N>
  constexpr void write(Operation<Op::chunk, A, Number<K>, Number<N>>, int) {
    text.put("chunk<"), text.put_number(K), text.put(", "), text.put_number(N), text.put(">("), write(A{}, 0),
        text.put(")");
  }
  template <class Statistic, class Update, fixed_string N, class... O>
  constexpr void write(Operation<Op::tracked, Statistic, Update, Parameter<N, O...>>, int) {
    text.put("running<\""), text.put(N.view()), text.put("\">("), write(Statistic{}, 0), text.put(")");
  }
  template <Op O, class A>
  constexpr void write(Operation<O, A>, int outer) {
    if constexpr (O == Op::negate) {
      if (outer > 4) text.put("(");
      text.put("-"), write(A{}, 4);
      if (outer > 4) text.put(")");
    } else {
      text.put(function_name(O)), text.put("("), write(A{}, 0), text.put(")");
    }
  }
  template <Op O, class A, class B>
  constexpr void write(Operation<O, A, B>, int outer) {
    constexpr int own = strength(O);
    if constexpr (own < 5) {
      if (own < outer) text.put("(");
      write(A{}, own), text.put(symbol(O)), write(B{}, O == Op::subtract || O == Op::divide ? own + 1 : own);
      if (own < outer) text.put(")");
    } else {
      text.put(function_name(O)), text.put("("), write(A{}, 0), text.put(", "), write(B{}, 0), text.put(")");
    }
  }
  template <Op O, class A, class B, class C>
  constexpr void write(Operation<O, A, B, C>, int) {
    text.put(function_name(O)), text.put("("), write(A{}, 0), text.put(", "), write(B{}, 0), text.put(", "),
        write(C{}, 0), text.put(")");
  }
  template <class Other>
  constexpr void write(Other, int) {
    text.put("...");
  }
};

template <class E>
constexpr Text spell(std::string_view before, std::string_view behind) {
  Spelling s;
  s.text.put(before), s.write(E{}, 0), s.text.put(behind);
  return s.text;
}

}  // namespace detail

/// The formula of the type `lift` gives: "x * sigmoid(x)".
template <class E>
inline constexpr auto spelling_of = detail::spell<E>("", "");
/// The layer that it is: "Map<x * sigmoid(x)>".
template <class E>
inline constexpr auto spelling_of_layer = detail::spell<E>("Map<", ">");

/// The text as a template argument.
template <class E>
constexpr auto spelling_as_string() {
  fixed_string<spelling_of<E>.length + 1> text;
  for (size_t i = 0; i <= spelling_of<E>.length; ++i) text.text[i] = spelling_of<E>.text[i];
  return text;
}

}  // namespace tenon::expr
