// Operators that work number by number, or along the last axis.
#include <array>

#include "tflite_lowering.hpp"

namespace tenon::importing::tflite {
namespace {

constexpr std::int64_t to_float = 1;  // ONNX's number of the type

/// Constants of fewer axes get ones in front, which says where their axes are when the others are transposed.
void same(Call& call) {
  Names inputs = call.reals();
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const Dims& own = call.in(i).dims;
    const std::size_t rank = call.out().rank();
    if (!call.in(i).data || !call.in(i).is_quantized() || own.size() >= rank) continue;
    Dims wide(rank - own.size(), 1);
    wide.insert(wide.end(), own.begin(), own.end());
    inputs[i] = call.emit("Reshape", {inputs[i], call.list("axes", wide)});
  }
  call.give(call.op(), std::move(inputs));
}

void clip(Call& call, double least, double most) {
  call.give("Clip", {call.real(0), call.number("min", least), call.number("max", most)});
}
void relu6(Call& call) { clip(call, 0, 6); }
void relu_n1_to_1(Call& call) { clip(call, -1, 1); }
void relu_0_to_1(Call& call) { clip(call, 0, 1); }

void square(Call& call) { call.give("Mul", {call.real(0), call.real(0)}); }
void squared_difference(Call& call) {
  const std::string difference = call.emit("Sub", call.reals());
  call.give("Mul", {difference, difference});
}
void rsqrt(Call& call) { call.give("Reciprocal", {call.emit("Sqrt", call.reals())}); }
void not_equal(Call& call) { call.give("Not", {call.emit("Equal", call.reals())}); }
void leaky_relu(Call& call) { call.give("LeakyRelu", call.reals(), {{"alpha", double{call.option<float>(0)}}}); }

/// exp(beta x) / sum exp(beta x) along the last axis.
void softmax(Call& call) {
  const float beta = call.option<float>(0);
  const std::string x = beta == 1 ? call.real(0) : call.emit("Mul", {call.real(0), call.number("beta", beta)});
  call.give("Softmax", {x}, {{"axis", -1}});
}
void log_softmax(Call& call) { call.give("LogSoftmax", call.reals(), {{"axis", -1}}); }

/// x/2 (1 + erf(x / sqrt(2))), or with tanh(sqrt(2/pi) (x + 0.044715 x^3)) in place of erf: Gelu itself is of opset 20.
void gelu(Call& call) {
  const std::string x = call.real(0);
  std::string s;
  if (call.flag(0)) {
    const std::string cube = call.emit(
        "Mul", {call.emit("Pow", {x, call.number("three", 3)}), call.number("cubic", 0.044715F)});
    s = call.emit(
        "Tanh", {call.emit("Mul", {call.emit("Add", {x, cube}), call.number("sqrt_2_over_pi", 0.7978845608028654F)})});
  } else {
    s = call.emit("Erf", {call.emit("Div", {x, call.number("sqrt_2", 1.4142135623730951F)})});
  }
  const std::string product = call.emit("Mul", {x, call.emit("Add", {s, call.number("one", 1)})});
  call.give("Mul", {product, call.number("half", 0.5)});
}

/// float16 weights, and such of integers, are constants still; what reads them sees what they are kept in.
void dequantize(Call& call) {
  demand(!call.out().is_quantized() && is_float(call.out().type), "it has to give floating-point numbers");
  demand(call.in(0).is_quantized() || is_float(call.in(0).type), "its input has no scale");
  if (call.in(0).data) return call.give_constant(0);
  if (call.in(0).is_quantized()) return call.give_real(0);
  call.give("Cast", {call.raw(0)}, {{"to", to_float}});
}

/// Of real numbers, or of integers in another scale.
void quantize(Call& call) {
  demand(call.out().is_quantized(), "its output has no scale");
  call.give_quantized(0);
}

/// The integers themselves, whatever they stand for.
void cast(Call& call) {
  // ONNX's numbers of types, in the order of TensorType
  constexpr std::array<std::int64_t, 19> numbers{to_float, 10, 6, 2, 7, 8, 9, 5, 14, 3, 11, 15, 13, 0, 0, 12, 4, 0, 16};
  const auto type = static_cast<std::size_t>(call.out().type);
  demand(!call.out().is_quantized() && type < numbers.size() && numbers[type] != 0,
         "what it gives has no counterpart in ONNX");
  call.give("Cast", {call.raw(0)}, {{"to", numbers[type]}});
}

constexpr Lowering table[]{
    // name, inputs, options, field of the activation, function
    {"ADD", 2, 2, 11, 0, same, "Add"},
    {"SUB", 2, 2, 28, 0, same, "Sub"},
    {"MUL", 2, 2, 21, 0, same, "Mul"},
    {"DIV", 2, 2, 29, 0, same, "Div"},
    {"ADD_N", 1, any_number, 82, none, same, "Sum"},
    {"MAXIMUM", 2, 2, 39, none, same, "Max"},
    {"MINIMUM", 2, 2, 39, none, same, "Min"},
    {"SQUARED_DIFFERENCE", 2, 2, 76, none, squared_difference},
    {"SQUARE", 1, 1, 66, none, square},
    {"POW", 2, 2, 56, none, same, "Pow"},
    {"ABS", 1, 1, 78, none, same, "Abs"},
    {"NEG", 1, 1, 42, none, same, "Neg"},
    {"SIGN", 1, 1, 0, none, same, "Sign"},
    {"EXP", 1, 1, 33, none, same, "Exp"},
    {"LOG", 1, 1, 0, none, same, "Log"},
    {"SQRT", 1, 1, 0, none, same, "Sqrt"},
    {"RSQRT", 1, 1, 0, none, rsqrt},
    {"SIN", 1, 1, 0, none, same, "Sin"},
    {"COS", 1, 1, 84, none, same, "Cos"},
    {"FLOOR", 1, 1, 0, none, same, "Floor"},
    {"CEIL", 1, 1, 0, none, same, "Ceil"},
    {"ROUND", 1, 1, 0, none, same, "Round"},
    {"LOGISTIC", 1, 1, 0, none, same, "Sigmoid"},
    {"TANH", 1, 1, 0, none, same, "Tanh"},
    {"RELU", 1, 1, 0, none, same, "Relu"},
    {"RELU6", 1, 1, 0, none, relu6},
    {"RELU_N1_TO_1", 1, 1, 0, none, relu_n1_to_1},
    {"RELU_0_TO_1", 1, 1, 0, none, relu_0_to_1},
    {"LEAKY_RELU", 1, 1, 75, none, leaky_relu},
    {"PRELU", 2, 2, 0, none, same, "PRelu"},
    {"ELU", 1, 1, 0, none, same, "Elu"},
    {"HARD_SWISH", 1, 1, 91, none, same, "HardSwish"},
    {"GELU", 1, 1, 116, none, gelu},
    {"SOFTMAX", 1, 1, 9, none, softmax},
    {"LOG_SOFTMAX", 1, 1, 36, none, log_softmax},
    {"EQUAL", 2, 2, 53, none, same, "Equal"},
    {"NOT_EQUAL", 2, 2, 54, none, not_equal},
    {"LESS", 2, 2, 41, none, same, "Less"},
    {"LESS_EQUAL", 2, 2, 46, none, same, "LessOrEqual"},
    {"GREATER", 2, 2, 44, none, same, "Greater"},
    {"GREATER_EQUAL", 2, 2, 45, none, same, "GreaterOrEqual"},
    {"LOGICAL_AND", 2, 2, 62, none, same, "And"},
    {"LOGICAL_OR", 2, 2, 60, none, same, "Or"},
    {"LOGICAL_NOT", 1, 1, 63, none, same, "Not"},
    {"SELECT_V2", 3, 3, 98, none, same, "Where"},
    {"QUANTIZE", 1, 1, 89, none, quantize},
    {"DEQUANTIZE", 1, 1, 38, none, dequantize},
    {"CAST", 1, 1, 37, none, cast},
};

}  // namespace

std::span<const Lowering> function_lowerings() { return table; }

}  // namespace tenon::importing::tflite
