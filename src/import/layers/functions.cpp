#include <algorithm>
#include <numeric>

#include "writer.hpp"

namespace tenon::importing {

namespace {

bool near(double a, double b) { return std::abs(a - b) <= 1e-6 * std::abs(b); }

/// A limit of Clip: an input, an attribute of old opsets, or none.
double limit(const Writer& w, std::size_t input, const char* key, double otherwise) {
  if (w.has(input)) return w.weight(input, key).values.at(0);
  return w.node.number(key, otherwise);
}

void clip(Writer& w) {
  const double low = limit(w, 1, "min", -INFINITY), high = limit(w, 2, "max", INFINITY);
  const bool below = low > -3e38, above = high < 3e38;
  if (below && above && low == 0 && high == 6) w.layer("ReLU6", w.shape());
  else if (below && !above && low == 0) w.layer("ReLU", w.shape());
  else if (below && above && low >= high)
    w.formula(fmt::format("min(max(x, {}), {})", number_text(low), number_text(high)));
  else if (below && above) w.layer(fmt::format("HardTanh<{}, {}>", number_text(low), number_text(high)), w.shape());
  else if (below) w.formula(fmt::format("max(x, {})", number_text(low)));
  else if (above) w.formula(fmt::format("min(x, {})", number_text(high)));
}

void hard_sigmoid(Writer& w) {
  const double alpha = w.node.number("alpha", 0.2), beta = w.node.number("beta", 0.5);
  if (near(alpha, 1. / 6) && beta == 0.5) w.layer("HardSigmoid", w.shape());
  else w.formula(fmt::format("min(max({} * x + {}, 0), 1)", number_text(alpha), number_text(beta)));
}

/// `Name<Value>`, or `Name<>` where the value is the usual one.
void with_number(Writer& w, const char* name, const char* key, double of_onnx, double of_tenon) {
  const double value = w.node.number(key, of_onnx);
  w.layer(near(value, of_tenon) ? fmt::format("{}<>", name) : fmt::format("{}<{}>", name, number_text(value)),
          w.shape());
}
void leaky_relu(Writer& w) { with_number(w, "LeakyReLU", "alpha", 0.01, 0.01); }
void elu(Writer& w) { with_number(w, "ELU", "alpha", 1, 1); }
void celu(Writer& w) { with_number(w, "CELU", "alpha", 1, 1); }

void selu(Writer& w) {
  const double alpha = w.node.number("alpha", 1.67326319217681884765625),
               gamma = w.node.number("gamma", 1.05070102214813232421875);
  if (near(alpha, 1.6732632423543772) && near(gamma, 1.0507009873554805)) w.layer("SELU", w.shape());
  else w.formula(fmt::format("{} * select(x > 0, x, {} * expm1(x))", number_text(gamma), number_text(alpha)));
}

void swish(Writer& w) {
  const double alpha = w.node.number("alpha", 1);
  if (alpha == 1) w.layer("SiLU", w.shape());
  else w.formula(fmt::format("x * sigmoid({} * x)", number_text(alpha)));
}

void gelu(Writer& w) { w.layer(w.node.text("approximate", "none") == "tanh" ? "GELUTanh" : "GELU", w.shape()); }

void thresholded_relu(Writer& w) {
  const std::string alpha = number_text(w.node.number("alpha", 1));
  w.formula(fmt::format("select(x > {}, x, 0)", alpha));
}

/// (Tibshirani's soft threshold with bias = lambd.)
void shrink(Writer& w) {
  const std::string bias = number_text(w.node.number("bias", 0)), limit = number_text(w.node.number("lambd", 0.5));
  w.formula(fmt::format("select(x < -({1}), x + {0}, select(x > {1}, x - ({0}), 0))", bias, limit));
}

/// Softmax and LogSoftmax work along the last axis.
void along_last_axis(Writer& w, const char* name) {
  const bool of_old = w.opset() < 13 && w.node.op.ends_with("oftmax");
  const std::size_t axis = w.axis(w.node.integer("axis", of_old ? 1 : -1));
  Dims shape = w.shape(), order;
  const std::size_t rank = shape.size();
  w.require(!of_old || axis + 1 == rank, "axis {} of opset {} means all axes from there on", axis + 1, w.opset());
  for (std::size_t k = 0; k < rank; ++k)
    order.push_back(static_cast<std::int64_t>(k + 1 == rank ? axis : k == axis ? rank - 1 : k));
  w.permute(order);
  const Dims permuted = w.shape();
  if (rank == 3) w.layer(fmt::format("TimeDistributed<{}>", name), permuted);
  if (rank > 3) w.reshape({count_of(permuted) / permuted.back(), permuted.back()});
  if (rank != 3) w.layer(name, w.shape());
  w.reshape(permuted);
  w.permute(order);
}
void softmax(Writer& w) { along_last_axis(w, "Softmax"); }
void log_softmax(Writer& w) { along_last_axis(w, "LogSoftmax"); }

/// 1 at the first of the largest numbers of an axis. Of e, 1 at each of the largest, each number is taken once and
/// those before it n times: what is above 0 then has none before it.
void hardmax(Writer& w) {
  const std::size_t axis = w.axis(w.node.integer("axis", -1)), rank = w.shape().size();
  w.require(w.opset() >= 13 || axis + 1 == rank, "of opset {} means all axes from its own on", w.opset());
  Dims order(rank);
  std::iota(order.begin(), order.end(), 0);
  std::swap(order[axis], order.back());
  w.permute(order);
  const Dims permuted = w.shape();
  const std::int64_t n = permuted.back();
  w.reshape({count_of(permuted) / n, n});
  w.formula("stop_gradient(select(x == max(x), 1, 0))");
  Array matrix{Type::float32, {n, n}, {}};
  for (std::int64_t i = 0; i < n; ++i)
    for (std::int64_t j = 0; j < n; ++j) matrix.values.push_back(j < i ? static_cast<double>(-n) : j == i ? 1 : 0);
  times_matrix(w, 1, std::move(matrix));
  w.formula("stop_gradient(select(x > 0, 1, 0))");
  w.reshape(permuted);
  w.permute(order);
}

void lp_normalization(Writer& w) {
  const std::int64_t p = w.node.integer("p", 2);
  w.require(p == 1 || p == 2, "p = {}", p);
  along_last_axis(w, p == 2 ? "L2Normalize<>" : "Map<x / max(sum(abs(x)), 1e-12)>");
}

void pass_on(Writer&) {}

void cast(Writer& w) {
  const auto to = w.node.integer("to", 1);  // of ONNX's numbers: float, float16, double, bfloat16
  const std::vector<const Node*> readers = w.readers_of(0);
  // An Embedding is given its tokens as float numbers, and refuses what is none.
  const bool tokens = w.is_of_input(0) && !readers.empty() && std::ranges::all_of(readers, [&](const Node* reader) {
                        return reader->op == "Gather" && reader->inputs.at(1) == w.node.outputs[0];
                      });
  w.require(tokens || to == 1 || to == 10 || to == 11 || to == 16,
            "makes whole numbers of what the network computes; layers keep float");
}

constexpr std::pair<const char*, const char*> layers[] = {
    {"Relu", "ReLU"},         {"Sigmoid", "Sigmoid"},     {"Tanh", "Tanh"}, {"Softplus", "Softplus"},
    {"Softsign", "Softsign"}, {"HardSwish", "HardSwish"}, {"Mish", "Mish"}};
constexpr std::pair<const char*, const char*> formulas[] = {{"Abs", "abs(x)"},
                                                            {"Neg", "-x"},
                                                            {"Exp", "exp(x)"},
                                                            {"Log", "log(x)"},
                                                            {"Sqrt", "sqrt(x)"},
                                                            {"Erf", "erf(x)"},
                                                            {"Sin", "sin(x)"},
                                                            {"Cos", "cos(x)"},
                                                            {"Reciprocal", "1 / x"},
                                                            {"Tan", "sin(x) / cos(x)"},
                                                            {"Sign", "stop_gradient(sign(x))"},
                                                            {"Sinh", "(exp(x) - exp(-x)) / 2"},
                                                            {"Cosh", "(exp(x) + exp(-x)) / 2"},
                                                            {"Asinh", "sign(x) * log(abs(x) + sqrt(x * x + 1))"},
                                                            {"Acosh", "log(x + sqrt(x * x - 1))"},
                                                            {"Atanh", "log((1 + x) / (1 - x)) / 2"}};

template <std::size_t I>
void add_layer(LayerTable& table) {
  table[layers[I].first] = [](Writer& w) { w.layer(layers[I].second, w.shape()); };
}
template <std::size_t I>
void add_formula(LayerTable& table) {
  table[formulas[I].first] = [](Writer& w) { w.formula(formulas[I].second); };
}

}  // namespace

void add_functions(LayerTable& table) {
  [&]<std::size_t... I>(std::index_sequence<I...>) { (add_layer<I>(table), ...); }
  (std::make_index_sequence<std::size(layers)>{});
  [&]<std::size_t... I>(std::index_sequence<I...>) { (add_formula<I>(table), ...); }
  (std::make_index_sequence<std::size(formulas)>{});
  table.insert({{"Clip", clip},
                {"HardSigmoid", hard_sigmoid},
                {"LeakyRelu", leaky_relu},
                {"Elu", elu},
                {"Celu", celu},
                {"Selu", selu},
                {"Swish", swish},
                {"Gelu", gelu},
                {"ThresholdedRelu", thresholded_relu},
                {"Shrink", shrink},
                {"LpNormalization", lp_normalization},
                {"Softmax", softmax},
                {"LogSoftmax", log_softmax},
                {"Hardmax", hardmax},
                {"Identity", pass_on},
                {"Dropout", pass_on},
                {"Cast", cast}});
}

}  // namespace tenon::importing
