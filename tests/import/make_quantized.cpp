// Writes networks of integers as types, each with its checking program:
//     make_quantized FOLDER [$TENON_DATA/models]
// Some are made here. Of those and of the others' files in TFLite's format it also compares what LiteRT gives for 100
// inputs.
#include <fmt/format.h>

#include <cmath>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include <tenon/edge/checksum.hpp>
#include <tenon/io/atomic_file.hpp>

#include "import/interpret_int8.hpp"
#include "import/onnx.hpp"
#include "import/simplify.hpp"
#include "import/tflite.hpp"
#include "import/write_quantized.hpp"
#include "support/tflite_builder.hpp"
#include "unit/import/graph_builder.hpp"

namespace {

using namespace test;
using tenon::test::Object;
using tenon::test::TfliteFile;
using Ints = std::vector<std::int64_t>;

void write(const std::string& path, const std::string& text) {
  tenon::write_file_atomically(path, std::as_bytes(std::span(text)));
}

void write_network(const std::string& folder, const Graph& original, std::size_t samples,
                   Rounding rounding = Rounding::once) {
  Graph graph = original;
  simplify(graph);
  const WrittenQuantized written = write_quantized(original, graph, "Written", samples, rounding);
  std::filesystem::create_directories(folder);
  write(folder + "/net_int8.hpp", written.header);
  write(folder + "/check.cpp", written.check);
}
/// Convolutions with TensorFlow's padding that differs on both sides, weights with a scale for each channel, branches
/// that are added, a mean, a dense layer and probabilities, as TFLite has them.
std::string tflite_network() {
  TfliteFile file;
  using Type = tenon::importing::tflite::TensorType;
  int seed = 0;
  const auto more = [](float scale, std::int64_t zero) {
    return TfliteFile::More{.type = Type::int8, .scales = {scale}, .zero_points = {zero}};
  };
  const auto weights = [&](const std::string& name, const TfliteFile::Dims& dims, int axis) {
    std::vector<std::int8_t> values;
    std::size_t count = 1;
    for (const auto d : dims) count *= static_cast<std::size_t>(d);
    for (std::size_t i = 0; i < count; ++i) values.push_back(static_cast<std::int8_t>((++seed * 7919) % 255 - 127));
    TfliteFile::More each{.type = Type::int8, .axis = axis};
    for (int o = 0; o < dims[static_cast<std::size_t>(axis)]; ++o) {
      each.scales.push_back(0.003F + 0.0007F * static_cast<float>(o));
      each.zero_points.push_back(0);
    }
    return file.constant(name, dims, values, each);
  };
  const auto bias = [&](const std::string& name, int count, float in) {
    std::vector<std::int32_t> values;
    TfliteFile::More each;
    for (int i = 0; i < count; ++i) {
      values.push_back((++seed * 7919) % 4001 - 2000);
      each.scales.push_back(in * (0.003F + 0.0007F * static_cast<float>(i)));
      each.zero_points.push_back(0);
    }
    return file.ints(name, {count}, values, each);
  };
  const auto x = file.input("image", {1, 6, 6, 3}, more(0.02F, -5));
  const auto a = file.tensor("a", {1, 3, 3, 4}, more(0.03F, -128)), b = file.tensor("b", {1, 3, 3, 4}, more(0.05F, 7)),
             c = file.tensor("c", {1, 3, 3, 4}, more(0.06F, -128)),
             d = file.tensor("d", {1, 1, 1, 4}, more(0.06F, -128)), e = file.tensor("e", {1, 4}, more(0.06F, -128)),
             f = file.tensor("f", {1, 5}, more(0.04F, 3)), y = file.tensor("y", {1, 5}, more(1.0F / 256, -128));
  const std::int8_t relu = 1;
  const auto window = [](int stride, std::size_t activation, std::int8_t value) {
    return Object().scalar(0, std::int8_t{0}).scalar(1, stride).scalar(2, stride).scalar(activation, value);
  };
  file.op("CONV_2D", {x, weights("wa", {4, 3, 3, 3}, 0), bias("ba", 4, 0.02F)}, {a}, 1, window(2, 3, relu));
  file.op("DEPTHWISE_CONV_2D", {a, weights("wb", {1, 3, 3, 4}, 3), bias("bb", 4, 0.03F)}, {b}, 2,
          window(1, 4, 0).scalar(3, 1));
  file.op("ADD", {b, a}, {c}, 11, Object().scalar(0, relu));
  file.op("AVERAGE_POOL_2D", {c}, {d}, 5,
          Object().scalar(0, std::int8_t{1}).scalar(1, 3).scalar(2, 3).scalar(3, 3).scalar(4, 3));
  file.op("RESHAPE", {d, file.ints("shape", {2}, {1, 4})}, {e});
  file.op("FULLY_CONNECTED", {e, weights("wf", {5, 4}, 0), bias("bf", 5, 0.06F)}, {f});
  file.op("SOFTMAX", {f}, {y}, 9, Object().scalar(0, 1.0F));
  file.output(y);
  return file.file();
}

/// As MobileNetV3 is made of: HARD_SWISH, a mean at another scale, channels that are multiplied, and other functions
/// and pairs that TFLite has in integers.
std::string tflite_functions() {
  TfliteFile file;
  using Type = tenon::importing::tflite::TensorType;
  const auto more = [](float scale, std::int64_t zero) {
    return TfliteFile::More{.type = Type::int8, .scales = {scale}, .zero_points = {zero}};
  };
  const auto conv = [&](std::int32_t from, float of, std::int32_t to, const std::string& name, int in, int out) {
    std::vector<std::int8_t> values;
    for (int i = 0; i < in * out; ++i) values.push_back(static_cast<std::int8_t>((i * 7919 + out) % 255 - 127));
    const auto w = file.constant(name, {out, 1, 1, in}, values, more(0.01F, 0));
    const auto bias = file.ints(name + "_bias", {out}, std::vector<std::int32_t>(static_cast<std::size_t>(out)),
                                {.scales = {0.01F * of}, .zero_points = {0}});  // LiteRT reads no CONV_2D without
    file.op("CONV_2D", {from, w, bias}, {to}, 1,
            Object().scalar(0, std::int8_t{1}).scalar(1, 1).scalar(2, 1).scalar(3, std::int8_t{0}));
  };
  const TfliteFile::Dims image{1, 3, 6, 4}, channels{1, 1, 1, 4};
  const auto x = file.input("image", image, more(0.05F, -5)), a = file.tensor("a", image, more(0.09F, 11)),
             b = file.tensor("b", image, more(0.07F, -100)), c = file.tensor("c", channels, more(0.031F, -90)),
             d = file.tensor("d", channels, more(0.02F, 10)), e = file.tensor("e", channels, more(1.0F / 256, -128)),
             f = file.tensor("f", image, more(0.03F, -30)), g = file.tensor("g", image, more(0.04F, 20)),
             h = file.tensor("h", image, more(0.05F, 9)), i = file.tensor("i", image, more(1.0F / 128, 0)),
             k = file.tensor("k", image, more(0.013F, 40)), l = file.tensor("l", image, more(0.013F, 40)),
             j = file.tensor("j", image, more(0.013F, 40)), y = file.tensor("y", {1, 4}, more(0.0068F, 30));
  conv(x, 0.05F, a, "wa", 4, 4);
  file.op("HARD_SWISH", {a}, {b}, 91, Object());
  const auto axes = file.ints("axes", {2}, {1, 2});
  file.op("MEAN", {b, axes}, {c}, 27, Object().scalar(0, std::uint8_t{1}));
  conv(c, 0.031F, d, "wd", 4, 4);
  file.op("LOGISTIC", {d}, {e}, 0, Object());
  file.op("MUL", {b, e}, {f}, 21, Object().scalar(0, std::int8_t{0}));
  file.op("LEAKY_RELU", {f}, {g}, 75, Object().scalar(0, 0.17F));
  file.op("SUB", {g, b}, {h}, 28, Object().scalar(0, std::int8_t{0}));
  file.op("TANH", {h}, {i}, 0, Object());
  file.op("ELU", {h}, {k}, 0, Object());
  conv(i, 1.0F / 128, l, "wl", 4, 4);
  file.op("MAXIMUM", {k, l}, {j}, 39, Object());
  file.op("MEAN", {j, axes}, {y}, 27, Object().scalar(0, std::uint8_t{0}));
  file.output(y);
  return file.file();
}

/// Constants that every number meets, slopes and factors of channels, images of another size and parts of them.
std::string tflite_operands() {
  TfliteFile file;
  using Type = tenon::importing::tflite::TensorType;
  const auto more = [](float scale, std::int64_t zero) {
    return TfliteFile::More{.type = Type::int8, .scales = {scale}, .zero_points = {zero}};
  };
  const TfliteFile::Dims image{1, 4, 6, 3};
  const auto value = [&](const char* name, const TfliteFile::Dims& dims, float scale, int zero) {
    return file.tensor(name, dims, more(scale, zero));
  };
  const auto constant = [&](const char* name, const TfliteFile::Dims& dims, std::vector<std::int8_t> values,
                            float scale, int zero) { return file.constant(name, dims, values, more(scale, zero)); };
  const auto in = file.input("image", image, more(0.02F, -5));
  const auto x = value("x", image, 0.05F, -9), a = value("a", image, 0.03F, 11), b = value("b", image, 0.02F, -20),
             c = value("c", image, 0.04F, 7), d = value("d", image, 0.05F, -100), e = value("e", image, 0.05F, 90),
             f = value("f", {1, 8, 12, 3}, 0.05F, 90), g = value("g", {1, 8, 9, 3}, 0.05F, 90),
             h = value("h", {1, 16, 18, 2}, 0.3F, 4), y = value("y", {1, 32, 36, 2}, 0.3F, 4),
             p = value("p", {1, 32, 36, 1}, 0.2F, -128), z = value("z", {1, 32, 36, 1}, 0.15F, -60);
  std::vector<std::int8_t> kernel;
  for (int i = 0; i < 2 * 3 * 3 * 3; ++i) kernel.push_back(static_cast<std::int8_t>((i * 7919) % 255 - 127));
  const auto no_bias = [&](const char* name, int count, float scale) {
    return file.ints(name, {count}, std::vector<std::int32_t>(static_cast<std::size_t>(count)),
                     {.scales = {scale}, .zero_points = {0}});
  };
  file.op("CONV_2D",
          {in, constant("mixes", {3, 1, 1, 3}, {120, -60, 30, -90, 10, 70, 50, -127, 80}, 0.01F, 0),
           no_bias("mixes_bias", 3, 0.02F * 0.01F)},
          {x}, 1, Object().scalar(0, std::int8_t{1}).scalar(1, 1).scalar(2, 1).scalar(3, std::int8_t{0}));
  file.op("PRELU", {x, constant("slopes", {1, 1, 3}, {-40, 90, 15}, 0.004F, -9)}, {a});
  file.op("MUL", {a, constant("factors", {3}, {100, -77, 3}, 0.009F, 5)}, {b}, 21, Object().scalar(0, std::int8_t{0}));
  file.op("MUL", {b, constant("factor", {}, {-111}, 0.02F, 3)}, {c}, 21, Object().scalar(0, std::int8_t{0}));
  file.op("ADD", {c, constant("summand", {1}, {77}, 0.013F, -8)}, {d}, 11, Object().scalar(0, std::int8_t{1}));
  file.op("SUB", {constant("minuend", {}, {33}, 0.07F, -1), d}, {e}, 28, Object().scalar(0, std::int8_t{0}));
  file.op("RESIZE_BILINEAR", {e, file.ints("larger", {2}, {8, 12})}, {f}, 15, Object().scalar(3, std::uint8_t{1}));
  file.op("STRIDED_SLICE",
          {f, file.ints("begin", {4}, {0, 0, 2, 0}), file.ints("end", {4}, {1, 8, 11, 3}),
           file.ints("strides", {4}, {1, 1, 1, 1})},
          {g}, 32, Object().scalar(0, 0));
  file.op("TRANSPOSE_CONV",
          {file.ints("twice", {4}, {1, 16, 18, 2}), file.constant("kernel", {2, 3, 3, 3}, kernel, more(0.01F, 0)), g},
          {h}, 49, Object().scalar(0, std::int8_t{0}).scalar(1, 2).scalar(2, 2));
  file.op("RESIZE_NEAREST_NEIGHBOR", {h, file.ints("largest", {2}, {32, 36})}, {y}, 74,
          Object().scalar(1, std::uint8_t{1}));
  file.op("CONV_2D", {y, constant("last", {1, 1, 1, 2}, {90, -50}, 0.01F, 0), no_bias("last_bias", 1, 0.3F * 0.01F)},
          {p}, 1, Object().scalar(0, std::int8_t{1}).scalar(1, 1).scalar(2, 1).scalar(3, std::int8_t{1}));
  file.op("MUL", {constant("share", {}, {101}, 0.007F, -2), p}, {z}, 21, Object().scalar(0, std::int8_t{0}));
  file.output(z);
  return file.file();
}

/// An LSTM of integers whose memory is clipped.
std::string tflite_lstm(bool peepholes) {
  TfliteFile file;
  using Type = tenon::importing::tflite::TensorType;
  const auto more = [](float scale, std::int64_t zero) {
    return TfliteFile::More{.type = Type::int8, .scales = {scale}, .zero_points = {zero}};
  };
  int seed = 0;
  std::vector<std::int32_t> reads{file.input("x", {1, 9, 5}, more(0.02F, -7))};
  const auto matrices = [&](std::int32_t columns) {
    for (int gate = 0; gate < 4; ++gate) {
      std::vector<std::int8_t> values;
      for (int i = 0; i < 6 * columns; ++i) values.push_back(static_cast<std::int8_t>((++seed * 7919) % 255 - 127));
      reads.push_back(file.constant(fmt::format("w{}", seed), {6, columns}, values,
                                    more(0.011F + 0.002F * static_cast<float>(gate), 0)));
    }
  };
  matrices(5);
  matrices(6);
  for (int gate = 0; gate < 3; ++gate) {
    if (!peepholes) {
      reads.push_back(-1);
      continue;
    }
    std::vector<std::int16_t> values;
    for (int i = 0; i < 6; ++i) values.push_back(static_cast<std::int16_t>((++seed * 7919) % 65535 - 32767));
    reads.push_back(file.constant(
        fmt::format("p{}", gate), {6}, values,
        {.type = Type::int16, .scales = {0.00002F + 0.00001F * static_cast<float>(gate)}, .zero_points = {0}}));
  }
  for (int gate = 0; gate < 4; ++gate) {
    std::vector<std::int32_t> values;
    for (int i = 0; i < 6; ++i) values.push_back((++seed * 7919) % 4001 - 1000);
    reads.push_back(file.ints(fmt::format("b{}", gate), {6}, values,
                              {.scales = {0.02F * (0.011F + 0.002F * static_cast<float>(gate))}, .zero_points = {0}}));
  }
  reads.insert(reads.end(), {-1, -1});
  reads.push_back(
      file.tensor("state", {1, 6}, {.type = Type::int8, .scales = {0.0075F}, .zero_points = {0}, .variable = true}));
  reads.push_back(
      file.tensor("cell", {1, 6}, {.type = Type::int16, .scales = {0x1p-13F}, .zero_points = {0}, .variable = true}));
  for (int i = 0; i < 4; ++i) reads.push_back(-1);
  const auto y = file.tensor("y", {1, 9, 6}, more(0.0075F, 0));
  // LiteRT asks for the scales of what it computes on the way, and takes the last: of the state
  std::vector<std::int32_t> on_the_way;
  for (int gate = 0; gate < 4; ++gate) on_the_way.push_back(file.tensor(fmt::format("g{}", gate), {0}));
  on_the_way.push_back(file.tensor("h", {0}, more(0.0075F, 0)));
  file.op("UNIDIRECTIONAL_SEQUENCE_LSTM", reads, {y}, 71, Object().scalar(0, std::int8_t{4}).scalar(1, 1.5F),
          on_the_way);
  file.output(y);
  return file.file();
}

std::string tflite_sequence() { return tflite_lstm(false); }
std::string tflite_sequence_peepholes() { return tflite_lstm(true); }

/// What 16x8 adds to a file: activations of 16 bits, weights of 8, biases of 64 or 32.
struct WideFile : TfliteFile {
  using Type = tenon::importing::tflite::TensorType;
  int seed = 0;

  static More integers(float scale, Type type = Type::int16) {
    return {.type = type, .scales = {scale}, .zero_points = {0}};
  }
  std::int32_t value(const char* name, const Dims& dims, float scale) { return tensor(name, dims, integers(scale)); }
  static float scale_of(int output) { return 0.003F + 0.0007F * static_cast<float>(output); }
  int next(int range) { return (++seed * 7919) % (2 * range + 1) - range; }

  /// A scale for each place of `axis`, or one for all where it is -1.
  std::int32_t weights(const std::string& name, const Dims& dims, int axis) {
    std::vector<std::int8_t> values(1);
    for (const auto d : dims) values.resize(values.size() * static_cast<std::size_t>(d));
    for (std::int8_t& v : values) v = static_cast<std::int8_t>(next(127));
    More each{.type = Type::int8, .axis = std::max(axis, 0)};
    for (int o = 0; o < (axis < 0 ? 1 : dims[static_cast<std::size_t>(axis)]); ++o) {
      each.scales.push_back(scale_of(o));
      each.zero_points.push_back(0);
    }
    return constant(name, dims, values, each);
  }
  template <class Number>
  std::int32_t bias(const std::string& name, int count, float in, bool each) {
    More more{.type = sizeof(Number) == 8 ? Type::int64 : Type::int32};
    std::vector<Number> values;
    for (int o = 0; o < count; ++o) values.push_back(Number{next(50000)} * 97);
    for (int o = 0; o < (each ? count : 1); ++o) {
      more.scales.push_back(in * scale_of(o));
      more.zero_points.push_back(0);
    }
    return constant(name, {count}, values, more);
  }
};

/// Activations of 16 bits: what `Quantized` has for them, with biases of 64 bits.
std::string tflite_wide() {
  WideFile f;
  const TfliteFile::Dims image{1, 6, 8, 4}, half{1, 3, 4, 4};
  const float s = 0.0007F;
  const auto x = f.input("image", {1, 6, 8, 3}, WideFile::integers(s));
  const auto a = f.value("a", image, 0.0009F), b = f.value("b", image, 0.0011F), c = f.value("c", half, 0.0011F),
             p = f.value("p", half, 0.0009F), d = f.value("d", half, 0.0012F), e = f.value("e", half, 0.0021F),
             m = f.value("m", half, 0.0105F), n = f.value("n", half, 0.0094F), g = f.value("g", {1, 3, 4, 8}, 0.0105F),
             h = f.value("h", {1, 3, 4, 8}, 0.0105F), k = f.value("k", {1, 5, 6, 8}, 0.0105F),
             l = f.value("l", {1, 2, 2, 8}, 0.0105F), r = f.value("r", {1, 32}, 0.0105F),
             t = f.value("t", {1, 12}, 0.0102F), u = f.value("u", {1, 40}, 0.0003F),
             y = f.value("y", {1, 40}, 0x1p-15F);
  const std::int8_t relu = 1, relu6 = 3;
  const auto window = [](int stride, std::size_t activation, std::int8_t value) {
    return Object().scalar(0, std::int8_t{0}).scalar(1, stride).scalar(2, stride).scalar(activation, value);
  };
  const auto pool = [](std::int8_t padding, int stride, int size) {
    return Object().scalar(0, padding).scalar(1, stride).scalar(2, stride).scalar(3, size).scalar(4, size);
  };
  const auto sum = [](std::int8_t activation) { return Object().scalar(0, activation).scalar(1, std::uint8_t{0}); };
  f.op("CONV_2D", {x, f.weights("wa", {4, 3, 3, 3}, 0), f.bias<std::int64_t>("ba", 4, s, true)}, {a}, 1,
       window(1, 3, relu));
  f.op("DEPTHWISE_CONV_2D", {a, f.weights("wb", {1, 3, 3, 4}, 3), f.bias<std::int64_t>("bb", 4, 0.0009F, true)}, {b}, 2,
       window(1, 4, relu6).scalar(3, 1));
  f.op("MAX_POOL_2D", {b}, {c}, 5, pool(0, 2, 3));
  f.op("AVERAGE_POOL_2D", {a}, {p}, 5, pool(1, 2, 2));
  f.op("CONV_2D", {p, f.weights("wd", {4, 1, 1, 4}, 0), f.bias<std::int64_t>("bd", 4, 0.0009F, true)}, {d}, 1,
       window(1, 3, 0));
  f.op("ADD", {c, d}, {e}, 11, sum(relu));
  const auto gate = f.value("gate", half, 0x1p-15F), squashed = f.value("squashed", half, 0x1p-15F),
             product = f.value("product", half, 0x1p-15F);
  f.op("LOGISTIC", {d}, {gate});
  f.op("TANH", {c}, {squashed});
  f.op("MUL", {gate, squashed}, {product}, 21, Object().scalar(0, std::int8_t{0}));
  const auto gated = f.value("gated", half, 0.0009F);
  f.op("ADD", {product, e}, {gated}, 11, sum(0));
  f.op("MUL", {gated, e}, {m}, 21, Object().scalar(0, std::int8_t{0}));
  f.op("SUB", {m, c}, {n}, 28, sum(0));
  f.op("CONV_2D", {n, f.weights("wg", {8, 2, 2, 4}, 0), f.bias<std::int64_t>("bg", 8, 0.0094F, true)}, {g}, 1,
       window(1, 3, 0));
  const auto q = f.value("q", half, 0.0105F);
  f.op("MAXIMUM", {m, m}, {q}, 39, Object());
  f.op("CONCATENATION", {q, m}, {h}, 10, Object().scalar(0, 3));
  const auto both = f.value("both", {1, 3, 4, 8}, 0.0105F);
  f.op("MINIMUM", {g, h}, {both}, 39, Object());
  f.op("PAD", {both, f.ints("border", {4, 2}, {0, 0, 1, 1, 1, 1, 0, 0})}, {k}, 22, Object());
  f.op("AVERAGE_POOL_2D", {k}, {l}, 5, pool(1, 2, 3));
  f.op("RESHAPE", {l, f.ints("shape", {2}, {1, 32})}, {r});
  f.op("FULLY_CONNECTED", {r, f.weights("wt", {12, 32}, -1), f.bias<std::int64_t>("bt", 12, 0.0105F, false)}, {t}, 8,
       Object().scalar(0, relu));
  f.op("FULLY_CONNECTED", {t, f.weights("wu", {40, 12}, 0), f.bias<std::int64_t>("bu", 40, 0.0102F, true)}, {u}, 8,
       Object().scalar(0, std::int8_t{0}));
  f.op("SOFTMAX", {u}, {y}, 9, Object().scalar(0, 1.0F));
  f.output(y);
  return f.file();
}

/// The same with biases of 32 bits, with which LiteRT's multipliers have 31.
std::string tflite_wide_short() {
  WideFile f;
  const auto x = f.input("image", {1, 5, 4, 3}, WideFile::integers(0.0007F));
  const auto a = f.value("a", {1, 5, 4, 6}, 0.0013F), b = f.value("b", {1, 120}, 0.0013F),
             c = f.value("c", {1, 20}, 0.0053F), y = f.value("y", {1, 30}, 0.0087F);
  f.op("CONV_2D", {x, f.weights("wa", {6, 3, 3, 3}, 0), f.bias<std::int32_t>("ba", 6, 0.0007F, true)}, {a}, 1,
       Object().scalar(0, std::int8_t{0}).scalar(1, 1).scalar(2, 1).scalar(3, std::int8_t{0}));
  f.op("RESHAPE", {a, f.ints("shape", {2}, {1, 120})}, {b});
  f.op("FULLY_CONNECTED", {b, f.weights("wc", {20, 120}, -1), f.bias<std::int32_t>("bc", 20, 0.0013F, false)}, {c}, 8,
       Object().scalar(0, std::int8_t{0}));
  f.op("FULLY_CONNECTED", {c, f.weights("wy", {30, 20}, 0), f.bias<std::int32_t>("by", 30, 0.0053F, true)}, {y}, 8,
       Object().scalar(0, std::int8_t{0}));
  f.output(y);
  return f.file();
}

/// Networks in the form QDQ: float operators between QuantizeLinear and DequantizeLinear.
struct Qdq : GraphBuilder {
  Type type;  // of activations
  explicit Qdq(Type of_activations) : type(of_activations) {}

  std::string scale(double value) { return constant(fmt::format("s{}", g.constants.size()), {}, {value}); }
  std::string zero(double value, Type of) { return constant(fmt::format("z{}", g.constants.size()), {}, {value}, of); }
  std::string rounded(const std::string& x, double by, double at) {
    const auto s = scale(static_cast<double>(static_cast<float>(by))), z = zero(at, type);
    return node("DequantizeLinear", {node("QuantizeLinear", {x, s, z}), s, z});
  }
  std::string weights(const std::string& name, Dims dims) {
    std::vector<double> values;
    for (std::int64_t i = 0; i < count_of(dims); ++i) values.push_back(static_cast<double>((i * 7919 + 5) % 255 - 127));
    const auto q = constant(name, std::move(dims), values, Type::int8);
    return node("DequantizeLinear", {q, scale(0.0078125), zero(0, Type::int8)});
  }
  /// x W + b along the last of six features, where x has the scale `by`.
  std::string product(const std::string& name, const std::string& x, float by) {
    std::vector<double> values;
    for (int i = 0; i < 6; ++i) values.push_back((i * 7919) % 301 - 150);
    const auto bias = node("DequantizeLinear",
                           {constant(name + ".bias", {6}, values, Type::int32), scale(static_cast<double>(by / 128))});
    return node("Add", {node("MatMul", {x, weights(name, {6, 6})}), bias});
  }
};

/// With floats outside, uint8 within, values that are joined, and a mean at another scale.
Graph onnx_network() {
  Qdq g(Type::uint8);
  const auto x = g.rounded(g.input("x", {1, 2, 5, 5}), 0.03, 120);
  const auto same = std::map<std::string, Attribute>{{"pads", Ints{1, 1, 1, 1}}};
  const auto a = g.rounded(g.node("Relu", {g.node("Conv", {x, g.weights("wa", {3, 2, 3, 3})}, same)}), 0.05, 0);
  const auto b = g.rounded(g.node("Conv", {x, g.weights("wb", {2, 2, 1, 1})}), 0.05, 0);
  const auto all = g.rounded(g.node("Concat", {a, b}, {{"axis", std::int64_t{1}}}), 0.05, 0);
  const auto mean = g.rounded(g.node("GlobalAveragePool", {all}), 0.011, 90);
  const auto flat = g.node("Flatten", {mean});
  g.gives({g.rounded(g.node("Gemm", {flat, g.weights("wf", {3, 5})}, {{"transB", std::int64_t{1}}}), 0.02, 100)});
  return g.g;
}

/// Attention and normalisations, of two inputs and with two outputs.
Graph onnx_rows() {
  Qdq g(Type::int8);
  const auto x = g.rounded(g.input("steps", {1, 4, 6}), 0.031, -5);
  const auto normal = g.rounded(
      g.node("LayerNormalization", {x, g.constant("factors", {6}), g.constant("summands", {6})}), 0.017, 9);
  const auto projected = [&](const std::string& name) { return g.rounded(g.product(name, normal, 0.017F), 0.023, 4); };
  const auto by_heads = [&](const std::string& of, Ints order) {
    return g.node("Transpose", {g.node("Reshape", {of, g.integers(of + ".cut", {0, 4, 2, 3})})}, {{"perm", order}});
  };
  const auto q = by_heads(projected("wq"), {0, 2, 1, 3}), k = by_heads(projected("wk"), {0, 2, 3, 1}),
             v = by_heads(projected("wv"), {0, 2, 1, 3});
  const auto scores = g.node("Div", {g.node("MatMul", {q, k}), g.constant("root", {}, {std::sqrt(3.0)})});
  const auto seen = g.node("MatMul", {g.node("Softmax", {scores}, {{"axis", std::int64_t{-1}}}), v});
  const auto joined = g.node("Transpose", {seen}, {{"perm", Ints{0, 2, 1, 3}}});
  const auto heads = g.rounded(g.node("Reshape", {joined, g.integers("joined", {0, 4, 6})}), 0.019, -3);
  const auto sum = g.rounded(g.node("Add", {x, g.rounded(g.product("wo", heads, 0.019F), 0.027, 1)}), 0.043, 2);
  const auto squares = g.node("ReduceMean", {g.node("Mul", {sum, sum})}, {{"axes", Ints{-1}}});
  const auto root = g.node("Sqrt", {g.node("Add", {squares, g.constant("epsilon", {}, {1e-5})})});
  const auto rows = g.rounded(g.node("Mul", {g.node("Div", {sum, root}), g.constant("scales", {6})}), 0.013, 7);

  const auto image = g.rounded(g.input("image", {1, 4, 3, 3}), 0.037, 11);
  const auto groups = g.node("InstanceNormalization",
                             {g.node("Reshape", {image, g.integers("groups", {0, 2, 18})}),
                              g.constant("ones", {2}, {1, 1}), g.constant("zeros", {2}, {0, 0})});
  const auto channels = g.node("Mul", {g.node("Reshape", {groups, g.integers("image_axes", {0, 4, 3, 3})}),
                                       g.constant("of_channels", {4, 1, 1})});
  const auto seen_image = g.rounded(g.node("Relu", {g.node("Add", {channels, g.constant("shifts", {4, 1, 1})})}), 0.011,
                                    -128);
  const auto flat = g.node("Flatten", {seen_image});
  const auto y = g.rounded(g.node("Gemm", {flat, g.weights("wy", {3, 36})}, {{"transB", std::int64_t{1}}}), 0.041, 6);
  g.gives({rows, y});
  return g.g;
}

struct Known {
  const char* file;
  std::uint32_t outputs;  // CRC-32 of what LiteRT gives for 100 inputs (tests/golden/make_tflite.js); 0: not LiteRT's
};
struct Made {
  const char* name;
  std::string (*file)();
  std::uint32_t outputs;
};
constexpr Made made[]{{"made_tflite", tflite_network, 0x3f5f15c9},
                      {"made_functions", tflite_functions, 0xafe685d5},
                      {"made_sequence", tflite_sequence, 0xa51f3509},
                      {"made_sequence_peepholes", tflite_sequence_peepholes, 0xad35aa49},
                      {"made_operands", tflite_operands, 0x927c10b5},
                      {"made_wide", tflite_wide, 0x08a36a27},
                      {"made_wide_short", tflite_wide_short, 0xf770bafa}};
constexpr Known models[]{{"ad01_int8.tflite", 0x4f55e30d},
                         {"kws_dscnn_int8.tflite", 0x17907c95},
                         {"resnet8_int8.tflite", 0xcd47bfd2},
                         {"vww_96_int8.tflite", 0x39c3cd8a},
                         {"tflm_hello_world_int8.tflite", 0x9b3965cd},
                         {"tflm_micro_speech_quantized.tflite", 0x265cc6ce},
                         {"tflm_trained_lstm_int8.tflite", 0x7ba7c76f},
                         {"ad01_q.onnx", 0},
                         {"kws_dscnn_q.onnx", 0},
                         {"resnet8_q.onnx", 0},
                         {"vww_96_q.onnx", 0}};

/// The outputs for the checking program's inputs, by the kernels that LiteRT has in a browser.
template <class Number>
std::uint32_t litert_outputs(const Graph& graph) {
  constexpr int bits = 8 * sizeof(Number), half = 1 << (bits - 1);
  std::uint32_t state = 1;
  std::vector<Number> all;
  for (int s = 0; s < 100; ++s) {
    Array x{graph.inputs[0].type, *graph.inputs[0].dims, {}};
    for (std::int64_t& d : x.dims) d = std::max<std::int64_t>(d, 1);
    for (std::int64_t i = count_of(x.dims); i > 0; --i) {
      state = state * 1664525U + 1013904223U;
      x.values.push_back(static_cast<double>(state >> (32 - bits)) - half);
    }
    const std::vector<Array> outputs = interpret_int8(graph, {{graph.inputs[0].name, x}}, Rounding::in_float);
    for (const double y : outputs.at(0).values) all.push_back(static_cast<Number>(y));
  }
  return tenon::crc32(std::as_bytes(std::span(all)));
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc < 2) return 2;
  const std::string folder = argv[1];
  int wrong = 0;
  const auto compare = [&](const char* name, const Graph& graph, std::uint32_t outputs) {
    const bool wide = has_wide_activations(graph);
    if (outputs == 0 || (wide ? litert_outputs<std::int16_t> : litert_outputs<std::int8_t>)(graph) == outputs) return;
    std::printf("%s: the interpreter does not give LiteRT's bytes\n", name);
    wrong = 1;
  };
  write_network(folder + "/made_onnx", onnx_network(), 100);
  write_network(folder + "/made_onnx_rows", onnx_rows(), 100);
  for (const Made& own : made) {
    const std::string bytes = own.file();
    const Graph graph = parse_tflite(std::as_bytes(std::span(bytes)), "made.tflite");
    write_network(folder + "/" + own.name, graph, 20);
    write(folder + "/" + own.name + "/model.tflite", bytes);  // for LiteRT
    compare(own.name, graph, own.outputs);
    // an LSTM's bytes are the same then; the two others have what is refused
    if (own.file == tflite_network || own.file == tflite_sequence)
      write_network(folder + "/" + own.name + "_twice", graph, 100, Rounding::twice);
  }
  for (const Known& known : models) {
    if (argc < 3) break;
    const std::string file = std::string(argv[2]) + "/" + known.file,
                      name = std::filesystem::path(file).stem().string();
    const Graph graph = file.ends_with(".onnx") ? read_onnx(file) : read_tflite(file);
    write_network(folder + "/" + name, graph, 100);
    compare(known.file, graph, known.outputs);
  }
  return wrong;
} catch (const std::exception& error) {
  std::fprintf(stderr, "make_quantized: %s\n", error.what());
  return 1;
}
