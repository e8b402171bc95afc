// Formulas as text, and the activations' names as functions of formulas. No name that they are written with is one of
// the C library's, whose headers stand first.
#include <grp.h>
#include <math.h>
#include <string.h>
#include <strings.h>
#include <sys/select.h>
#include <unistd.h>

#include <tenon/net/networks.hpp>

#include <type_traits>

#include <tenon/all/layers.hpp>
#include <tenon/expr/formula.hpp>

using namespace tenon;

static_assert(type_name<Map<x * sigmoid(x)>>() == "Map<x * sigmoid(x)>");
static_assert(type_name<Sequential<Dense<3>, ReLU>>() == "Sequential<Dense<3>, ReLU>");
static_assert(type_name<Map<(x - mean(x)) / sqrt(variance(x) + 1e-5) * param<"weight", PerFeature, Ones>>>() ==
              "Map<(x - mean(x)) / sqrt(variance(x) + 0.00001) * param<\"weight\">>");
static_assert(type_name<Map<x - (1 - -x) - (2 - x)>>() == "Map<x - (1 - -x) - (2 - x)>");
static_assert(type_name<Map<select(x > 0, x, 0.25 * (x + 1))>>() == "Map<select(x > 0, x, 0.25 * (x + 1))>");
static_assert(type_name<Map<max(x, -1.5) / 12500.25 + pow(x, 3) * 1e-20>>() ==
              "Map<max(x, -1.5) / 12500.3 + pow(x, 3) * 1e-20>");
static_assert(type_name<Map<chunk<0, 2>(x) * chunk<1, 2>(x)>>() == "Map<chunk<0, 2>(x) * chunk<1, 2>(x)>");
static_assert(type_name<Map<x - running<"mean">(batch_mean(x))>>() == "Map<x - running<\"mean\">(batch_mean(x))>");
static_assert(type_name<Map<x * dropout_mask<0.5>>>() == "Map<x * dropout_mask<0.5>>");
static_assert(type_name<Map<1000000 * x + 1e15>>() == "Map<1000000 * x + 1e15>");
static_assert(type_name<Map<x * feature_index / features>>() == "Map<x * feature_index / features>");
static_assert(type_name<Map<select(feature_index == label, prediction, target)>>() ==
              "Map<select(feature_index == label, x, target)>");
static_assert(type_name<Map<in<"mean"> + exp(in<"spread"> / 2) * normal_noise>>() ==
              "Map<in<\"mean\"> + exp(in<\"spread\"> / 2) * normal_noise>");
static_assert(type_name<Map<in<"a">*(1 + 0.1 * uniform_noise)>>() == "Map<in<\"a\"> * (1 + 0.1 * uniform_noise)>");

// Other words that the C library, or a program, is likely to have.
using Padded = Sequential<Input<1, 8, 8>, Conv2D<4, 3, padding<same>, bias<false>>, Flatten, Dense<3>>;
using Read = Sequential<Input<4, 2>, LSTM<3, mask<0>>, Last, Map<-x>>;
static_assert(std::is_same_v<output_shape<Padded>, Shape<3>> && std::is_same_v<output_shape<Read>, Shape<3>>);
[[maybe_unused]] char* of_the_library(char* s) { return index(s, 'a'); }

// Numbers are real: x / 2 is half of x.
static_assert(expr::same_form<x / 2, 0.5 * x>());
static_assert((x / 2)(3.0) == 1.5);

template <class L, auto F>
inline constexpr bool is = std::is_same_v<typename L::formula, expr::lift<F>>;
static_assert(is<ReLU, relu(x)> && is<ReLU6, relu6(x)> && is<LeakyReLU<0.2>, leaky_relu(x, 0.2)>);
static_assert(is<ELU<>, elu(x)> && is<CELU<2>, celu(x, 2)> && is<SELU, selu(x)> && is<GELU, gelu(x)> &&
              is<SiLU, silu(x)>);
static_assert(is<Mish, mish(x)> && is<HardTanh<>, hardtanh(x)> && is<HardSigmoid, hardsigmoid(x)> &&
              is<HardSwish, hardswish(x)>);
static_assert(is<LogSigmoid, logsigmoid(x)> && is<Softsign, softsign(x)> && is<Tanhshrink, tanhshrink(x)>);
static_assert(is<Softmax, softmax(x)> && is<LogSoftmax, log_softmax(x)>);
