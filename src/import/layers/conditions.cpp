#include "writer.hpp"

/// Comparisons and what chooses by them. Inside a network true is 1 and false is 0.
namespace tenon::importing {

namespace {

struct Comparison {
  const char *sign, *mirrored;  // as x stands on the left of it, or on the right
};
const std::map<std::string, Comparison>& comparisons() {
  static const std::map<std::string, Comparison> table{{"Less", {"<", ">"}},
                                                       {"LessOrEqual", {"<=", ">="}},
                                                       {"Greater", {">", "<"}},
                                                       {"GreaterOrEqual", {">=", "<="}},
                                                       {"Equal", {"==", "=="}}};
  return table;
}

/// Of two values, by the sign of their difference: that of equal infinities is NaN, which is above nothing.
void compare_values(Writer& w, const Dims& result) {
  const std::string& op = w.node.op;
  w.require(op == "Less" || op == "Greater", "of two values: layers know Less and Greater");
  w.require(w.place(0).dims == result && w.place(1).dims == result && w.place(0).batch == w.place(1).batch,
            "of values of {} and {}: they have to be alike", list_text(w.place(0).dims), list_text(w.place(1).dims));
  const bool less = op == "Less";
  w.start(0, {w.node.inputs[less ? 1 : 0], w.node.inputs[less ? 0 : 1]}, w.sample(0));
  w.layer("Subtract", w.shape());
  w.formula("stop_gradient(select(x > 0, 1, 0))");
}

void compare(Writer& w) {
  const auto values = w.values();
  const Dims result = w.result();
  if (values.size() == 2) return compare_values(w, result);
  const std::size_t other = 1 - values[0];
  const Array& c = w.weight(other, "operand");
  w.require(w.place(values[0]).dims == result, "repeats its input of {} to {}", list_text(w.place(values[0]).dims),
            list_text(result));
  const Comparison& how = comparisons().at(w.node.op);
  const char* sign = other == 1 ? how.sign : how.mirrored;
  if (c.values.empty() || !all_equal(c, c.values[0])) {
    w.require(std::all_of(c.values.begin(), c.values.end(), [](double v) { return std::isfinite(v); }),
              "compares with numbers that are not finite");
    return w.formula_of(fmt::format(R"(stop_gradient(select(x {} param<"limit", PerFeature>, 1, 0)))", sign),
                        {{"limit", c}});
  }
  const double v = c.values[0];
  if (std::isinf(v)) {  // equal to an infinity is what lies beyond the largest float
    w.require(std::string_view(sign) == "==", "compares with {}", v);
    return w.formula(v < 0 ? "stop_gradient(select(x < -3.4028235e38f, 1, 0))"
                           : "stop_gradient(select(x > 3.4028235e38f, 1, 0))");
  }
  w.require(!std::isnan(v), "compares with NaN");
  w.formula(fmt::format("stop_gradient(select(x {} {}, 1, 0))", sign, number_text(v)));
}

void join(Writer& w, const char* layer) {
  const auto values = w.values();
  w.require(values.size() == 2, "of a value and a constant");
  const Dims result = w.result();
  std::vector<std::string> reads;
  for (const std::size_t i : values) {
    w.require(w.place(i).dims == result && w.place(i).batch == w.place(0).batch, "of values of other shapes");
    reads.push_back(w.node.inputs[i]);
  }
  w.require(reads[0] != reads[1], "of a value and itself");
  w.start(0, reads, w.sample(0));
  w.layer(layer, w.shape());
}
void both(Writer& w) { join(w, "Multiply"); }
void either(Writer& w) { join(w, "Maximum"); }
void turn_over(Writer& w) { w.formula("1 - x"); }

/// A constant as a value on the way, of the shape of what is read there: whatever that holds, infinite or not.
std::string constant_aside(Writer& w, const std::string& from, const Dims& shape, const Array& c) {
  return w.aside(from, shape, [&] {
    if (!c.values.empty() && all_equal(c, c.values[0])) {
      const std::string number = number_text(c.values[0]);
      w.formula(fmt::format("stop_gradient(select(x > 0, {}, {}))", number, number));
    } else {
      w.formula_of(R"(select(x > 0, param<"value", PerFeature>, param<"value", PerFeature>))", {{"value", c}});
    }
  });
}

void where(Writer& w) {
  const auto values = w.values();
  const Dims result = w.result();
  const std::size_t batch = common_batch(w, values, result);
  const Dims all = Place{result, batch}.sample();
  w.batch_at(batch);
  const auto is_whole = [&](std::size_t i) { return w.place(i).dims == result; };
  const Array* const condition = w.constant(0);
  const auto is_one = [&](std::size_t i) {
    return w.constant(i) != nullptr && !w.constant(i)->values.empty() &&
           all_equal(*w.constant(i), w.constant(i)->values[0]);
  };
  if (condition == nullptr && is_whole(0) && is_one(1) && is_one(2))
    return w.formula(fmt::format("stop_gradient(select(x > 0, {}, {}))", number_text(w.constant(1)->values[0]),
                                 number_text(w.constant(2)->values[0])));
  if (condition != nullptr && values.size() == 1 && is_whole(values[0]) && is_one(values[0] == 1 ? 2 : 1)) {
    const std::string c = number_text(w.constant(values[0] == 1 ? 2 : 1)->values[0]);
    const bool first_kept = values[0] == 1;
    return w.formula_of(fmt::format(R"(select(param<"keep", PerFeature, Ones> > 0, {}, {}))", first_kept ? "x" : c,
                                    first_kept ? c : "x"),
                        {{"keep", *condition}});
  }
  std::vector<std::string> reads;
  const auto whole = std::ranges::find_if(values, is_whole);
  for (std::size_t i = 0; i < 3; ++i) {
    w.require(w.constant(i) == nullptr || whole != values.end(), "of constants, and values of other axes than {}",
              list_text(result));
    reads.push_back(w.constant(i) != nullptr ? constant_aside(w, w.node.inputs[*whole], all, *w.constant(i))
                                             : spread_value(w, i, all));
  }
  w.require(reads[0] != reads[1] && reads[1] != reads[2] && reads[0] != reads[2], "reads a value twice");
  w.start(0, reads, all);
  w.layer("Where", all);
}

/// What is cast is a number of the network already.
void cast_like(Writer& w) {
  w.require(w.result_type() == Type::float32, "makes {} of what the network computes; layers keep float",
            type_name(w.result_type()));
}

}  // namespace

void add_conditions(LayerTable& table) {
  for (const auto& [op, how] : comparisons()) table[op] = compare;
  table.insert({{"And", both}, {"Or", either}, {"Not", turn_over}, {"Where", where}, {"CastLike", cast_like}});
}

}  // namespace tenon::importing
