#include <algorithm>
#include <cmath>

#include "call.hpp"

namespace tenon::importing {

namespace {

/// Steps of sequences: (batch, time, width), (time, batch, width) or (time, width).
struct Steps {
  Index batch = 1, time = 0, width = 0;
  bool time_first = true;

  Steps(const Call& call, const Array& x, const char* which) : width(x.dims.back()) {
    const auto* axis = call.attribute<std::int64_t>(which);
    time_first = axis == nullptr ? x.dims.size() == 2 : *axis == 0;
    call.require(x.dims.size() == 3 || (x.dims.size() == 2 && time_first), "reads sequences of {} axes", x.dims.size());
    time = x.dims[time_first ? 0 : 1];
    if (x.dims.size() == 3) batch = x.dims[time_first ? 1 : 0];
  }
  Index at(Index sample, Index step) const {
    return (time_first ? step * batch + sample : sample * time + step) * width;
  }
};

/// Rows [first, first + width) of a matrix and of a bias, for each step: x W^T + b.
std::vector<double> dense(const Array& x, Index width, const Array& weight, const Array& bias, Index first) {
  const Index rows = count_of(x.dims) / width;
  std::vector<double> y(x.values.size());
  for (Index r = 0; r < rows; ++r)
    for (Index o = 0; o < width; ++o) {
      double sum = element(bias, first + o);
      for (Index i = 0; i < width; ++i) sum += element(x, r * width + i) * element(weight, (first + o) * width + i);
      y[static_cast<std::size_t>(r * width + o)] = sum;
    }
  return y;
}

/// To the nearest integer of int8 and back, where the attribute has a scale and a zero point for the value.
void round_to_int8(std::vector<double>& values, const std::vector<double>* rounding, std::size_t value) {
  if (rounding == nullptr) return;
  const double scale = rounding->at(2 * value), zero = rounding->at(2 * value + 1);
  for (double& v : values) v = (std::clamp(std::nearbyint(v / scale) + zero, -128.0, 127.0) - zero) * scale;
}

/// Multi-head attention with its matrices, as PyTorch's nn.MultiheadAttention keeps them: x, in_proj_weight,
/// in_proj_bias, out_proj.weight, out_proj.bias, and a memory where it is not x that is looked at. ONNX has no such
/// operator; passes/multihead.cpp makes it. `rounding`: scales and zero points of queries, keys, values and what is
/// seen of them, which are rounded to int8.
std::vector<Array> multihead_attention(const Call& call) {
  const Array &x = call.input(0, 2), &in_weight = call.input(1), &in_bias = call.input(2), &out_weight = call.input(3),
              &out_bias = call.input(4), &memory = call.has(5) ? call.input(5, 2) : x;
  const Steps looks(call, x, "time"), seen(call, memory, call.has(5) ? "memory_time" : "time");
  const Index width = looks.width;
  const auto* given = call.attribute<std::int64_t>("num_heads");
  const auto* causal = call.attribute<std::int64_t>("causal");
  const Index heads = given == nullptr ? 1 : *given;
  call.require(width > 0 && heads > 0 && width % heads == 0, "{} heads do not divide a width of {}", heads, width);
  call.require(seen.width == width && seen.batch == looks.batch, "its memory has other axes");
  call.require(in_weight.dims == Dims{3 * width, width} && in_bias.dims == Dims{3 * width} &&
                   out_weight.dims == Dims{width, width} && out_bias.dims == Dims{width},
               "its matrices do not fit a width of {}", width);
  Array y = call.make(x.type, x.dims);
  if (y.values.empty()) return {std::move(y)};

  const Index depth = width / heads;
  auto q = dense(x, width, in_weight, in_bias, 0), k = dense(memory, width, in_weight, in_bias, width),
       v = dense(memory, width, in_weight, in_bias, 2 * width);
  const auto* rounding = call.attribute<std::vector<double>>("rounding");
  round_to_int8(q, rounding, 0), round_to_int8(k, rounding, 1), round_to_int8(v, rounding, 2);
  const auto of = [](const std::vector<double>& values, Index place) {
    return values[static_cast<std::size_t>(place)];
  };
  Array sums{x.type, x.dims, std::vector<double>(x.values.size())};
  for (Index b = 0; b < looks.batch; ++b)
    for (Index h = 0; h < heads; ++h)
      for (Index t = 0; t < looks.time; ++t) {
        const Index keys = causal != nullptr && *causal != 0 ? std::min(t + 1, seen.time) : seen.time;
        std::vector<double> shares(static_cast<std::size_t>(keys));
        for (Index s = 0; s < keys; ++s) {
          double product = 0;
          for (Index j = 0; j < depth; ++j)
            product += of(q, looks.at(b, t) + h * depth + j) * of(k, seen.at(b, s) + h * depth + j);
          shares[static_cast<std::size_t>(s)] = product / std::sqrt(static_cast<double>(depth));
        }
        const double most = keys > 0 ? *std::ranges::max_element(shares) : 0;
        double all = 0;
        for (double& share : shares) all += share = std::exp(share - most);
        for (Index s = 0; s < keys; ++s)
          for (Index j = 0; j < depth; ++j)
            element(sums, looks.at(b, t) + h * depth + j) += of(shares, s) / all * of(v, seen.at(b, s) + h * depth + j);
      }
  round_to_int8(sums.values, rounding, 3);
  y.values = dense(sums, width, out_weight, out_bias, 0);
  return {std::move(y)};
}

}  // namespace

Table multihead_operators() { return {{"MultiheadAttention", multihead_attention}}; }

}  // namespace tenon::importing
