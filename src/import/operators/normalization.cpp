#include <algorithm>
#include <cmath>

#include "call.hpp"

namespace tenon::importing {

namespace {

struct Moments {
  double mean = 0, variance = 0, square = 0;  // square is the mean of x x
};

Moments moments_of(const double* first, Index count) {
  Moments m;
  const auto n = static_cast<double>(count);
  for (const double* x = first; x != first + count; ++x) m.mean += *x / n;
  for (const double* x = first; x != first + count; ++x) m.variance += (*x - m.mean) * (*x - m.mean) / n;
  m.square = m.variance + m.mean * m.mean;
  return m;
}

/// y = (x - mean) / sqrt(variance + epsilon) of every run of `length` numbers, without scale.
void normalize(const Array& x, Array& y, Index length, double epsilon) {
  for (Index start = 0; start < static_cast<Index>(y.values.size()); start += length) {
    const Moments m = moments_of(x.values.data() + start, length);
    for (Index i = start; i < start + length; ++i)
      element(y, i) = (element(x, i) - m.mean) / std::sqrt(m.variance + epsilon);
  }
}

/// One number for each channel, the second axis.
void require_channels(const Call& call, const Array& x, std::size_t first, std::size_t last) {
  for (std::size_t i = first; i <= last; ++i)
    call.require(call.input(i).dims == Dims{x.dims[1]}, "needs one number for each of {} channels, input {} has {}",
                 x.dims[1], i, axes_text(call.input(i).dims));
}

/// y = scale y + bias, with numbers of channels
void scale_channels(Array& y, const Array& scale, const Array& bias) {
  const Index plane = product(y.dims, 2, y.dims.size());
  for (Index i = 0; i < static_cast<Index>(y.values.size()); ++i) {
    const Index c = i / plane % y.dims[1];
    element(y, i) = element(scale, c) * element(y, i) + element(bias, c);
  }
}

/// scale (x - mean) / sqrt(variance + epsilon) + bias
std::vector<Array> batch_normalization(const Call& call) {
  const Array& x = call.input(0, 2);
  require_channels(call, x, 1, 4);
  call.require(call.node.integer("training_mode", 0) == 0,
               "is in training mode: it would depend on the other rows of a batch");
  call.require(call.node.integer("spatial", 1) != 0,
               "has numbers of its own for every place (spatial = 0), which is not supported");
  for (std::size_t i = 1; i < call.node.outputs.size(); ++i)
    call.require(call.node.outputs[i].empty(), "gives statistics of a batch, which is training");
  Array y = call.make(x.type, x.dims);
  if (y.values.empty()) return {y};
  const double epsilon = call.node.number("epsilon", 1e-5);
  const Index plane = product(x.dims, 2, x.dims.size());
  for (Index i = 0; i < static_cast<Index>(y.values.size()); ++i) {
    const Index c = i / plane % x.dims[1];
    element(y, i) = (element(x, i) - element(call.input(3), c)) / std::sqrt(element(call.input(4), c) + epsilon);
  }
  scale_channels(y, call.input(1), call.input(2));
  return {y};
}

std::vector<Array> instance_normalization(const Call& call) {
  const Array& x = call.input(0, 3);
  require_channels(call, x, 1, 2);
  Array y = call.make(x.type, x.dims);
  if (y.values.empty()) return {y};
  normalize(x, y, product(x.dims, 2, x.dims.size()), call.node.number("epsilon", 1e-5));
  scale_channels(y, call.input(1), call.input(2));
  return {y};
}

/// Scale and bias are those of groups before opset 21, then those of channels, as in what passes make.
std::vector<Array> group_normalization(const Call& call) {
  const Array& x = call.input(0, 2);
  const Index groups = call.node.integer("num_groups", 0), channels = x.dims[1];
  call.require(groups > 0 && channels % groups == 0, "cannot make {} groups of {} channels", groups, channels);
  Array scale = call.input(1), bias = call.input(2);
  for (Array* each : {&scale, &bias}) {
    const bool of_channels = each->dims == Dims{channels};
    call.require(of_channels || (call.opset < 21 && each->dims == Dims{groups}),
                 "scale and bias of {} do not fit {} channels in {} groups", axes_text(each->dims), channels, groups);
    if (of_channels || each->values.empty()) continue;
    std::vector<double> spread;
    for (Index c = 0; c < channels; ++c) spread.push_back(element(*each, c / (channels / groups)));
    each->values = spread;
  }
  Array y = call.make(x.type, x.dims);
  if (y.values.empty()) return {y};
  normalize(x, y, product(x.dims, 1, x.dims.size()) / groups, call.node.number("epsilon", 1e-5));
  scale_channels(y, scale, bias);
  return {y};
}

/// y = scale y + bias, both broadcast to y; bias may be null
void scale_broadcast(const Call& call, Array& y, const Array& scale, const Array* bias) {
  for (const Array* each : {&scale, bias})
    if (each != nullptr)
      call.require(broadcast(call, y.dims, each->dims) == y.dims, "{} do not broadcast to {}", axes_text(each->dims),
                   axes_text(y.dims));
  if (y.values.empty()) return;
  auto next = y.values.begin();
  const Dims none(y.dims.size(), 0);
  walk<2>(y.dims,
          {broadcast_strides(scale.dims, y.dims), bias != nullptr ? broadcast_strides(bias->dims, y.dims) : none},
          {0, 0}, [&](const auto& at) {
            *next = element(scale, at[0]) * *next + (bias != nullptr ? element(*bias, at[1]) : 0);
            ++next;
          });
}

/// Over all axes from `axis` on; the means and 1 / deviations are results too.
std::vector<Array> layer_normalization(const Call& call) {
  const Array& x = call.input(0, 1);
  const std::size_t axis = call.axis(call.node.integer("axis", -1), x.dims.size());
  const double epsilon = call.node.number("epsilon", 1e-5);
  const Index length = product(x.dims, axis, x.dims.size());
  Dims rows = x.dims;
  std::fill(rows.begin() + static_cast<Index>(axis), rows.end(), 1);
  Array y = call.make(x.type, x.dims), means = call.make(Type::float32, rows), inverses = means;
  if (!y.values.empty()) {
    normalize(x, y, length, epsilon);
    for (std::size_t r = 0; r < means.values.size(); ++r) {
      const Moments m = moments_of(x.values.data() + static_cast<Index>(r) * length, length);
      means.values[r] = m.mean;
      inverses.values[r] = 1 / std::sqrt(m.variance + epsilon);
    }
  }
  scale_broadcast(call, y, call.input(1), call.optional(2));
  return {y, means, inverses};
}

/// scale x / sqrt(mean of x x + epsilon)
std::vector<Array> rms_normalization(const Call& call) {
  const Array& x = call.input(0, 1);
  const std::size_t axis = call.axis(call.node.integer("axis", -1), x.dims.size());
  const Index length = product(x.dims, axis, x.dims.size());
  Array y = call.make(x.type, x.dims);
  for (Index i = 0; i < static_cast<Index>(y.values.size()); i += length) {
    const double root = std::sqrt(moments_of(x.values.data() + i, length).square + call.node.number("epsilon", 1e-5));
    for (Index k = i; k < i + length; ++k) element(y, k) = element(x, k) / root;
  }
  scale_broadcast(call, y, call.input(1), nullptr);
  return {y};
}

/// x / (bias + alpha / size * sum of squares of the nearest channels)^beta
std::vector<Array> lrn(const Call& call) {
  const Array& x = call.input(0, 2);
  const Index size = call.node.integer("size", 0), channels = x.dims[1], plane = product(x.dims, 2, x.dims.size());
  call.require(size > 0 && size < Index{1} << 24, "cannot look at {} channels", size);
  const double alpha = call.node.number("alpha", 1e-4), beta = call.node.number("beta", 0.75),
               bias = call.node.number("bias", 1);
  Array y = call.make(x.type, x.dims);
  for (Index i = 0; i < static_cast<Index>(y.values.size()); ++i) {
    const Index c = i / plane % channels;
    double squares = 0;
    for (Index n = std::max(c - (size - 1) / 2, Index{0}); n <= std::min(c + size / 2, channels - 1); ++n) {
      const double value = element(x, i + (n - c) * plane);
      squares += value * value;
    }
    element(y, i) = element(x, i) / std::pow(bias + alpha / static_cast<double>(size) * squares, beta);
  }
  return {y};
}

/// x / norm along an axis; a line of zeros stays one
std::vector<Array> lp_normalization(const Call& call) {
  const Array& x = call.input(0, 1);
  const std::size_t axis = call.axis(call.node.integer("axis", -1), x.dims.size());
  const Index p = call.node.integer("p", 2), size = x.dims[axis], apart = product(x.dims, axis + 1, x.dims.size());
  call.require(p == 1 || p == 2, "the norm p = {} is not supported", p);
  Array y = call.make(x.type, x.dims);
  for (Index i = 0; i < static_cast<Index>(y.values.size()); ++i) {
    const Index start = i / (size * apart) * size * apart + i % apart;
    double norm = 0;
    for (Index k = 0; k < size; ++k) {
      const double value = element(x, start + k * apart);
      norm += p == 1 ? std::abs(value) : value * value;
    }
    if (p == 2) norm = std::sqrt(norm);
    element(y, i) = norm == 0 ? 0 : element(x, i) / norm;
  }
  return {y};
}

/// (x - mean) / (deviation + 1e-9) over the axes
std::vector<Array> mean_variance_normalization(const Call& call) {
  const Array& x = call.input(0);
  const auto axes = call.axes(call.node.integers("axes", {0, 2, 3}), x.dims.size());
  Array y = call.make(x.type, x.dims);
  if (y.values.empty()) return {y};
  Dims rows = x.dims;
  double count = 1;
  for (const std::size_t a : axes) {
    rows[a] = 1;
    count *= static_cast<double>(x.dims[a]);
  }
  Array means = call.make(x.type, rows), variances = means;
  const Dims strides = broadcast_strides(rows, x.dims);
  const auto for_each = [&](auto visit) {
    Index i = 0;
    walk<1>(x.dims, {strides}, {0}, [&](const auto& at) { visit(element(x, i), element(y, i), at[0]), ++i; });
  };
  for_each([&](double value, double&, Index row) { element(means, row) += value / count; });
  for_each([&](double value, double& apart, Index row) {
    apart = value - element(means, row);
    element(variances, row) += apart * apart / count;
  });
  for_each([&](double, double& apart, Index row) { apart /= std::sqrt(element(variances, row)) + 1e-9; });
  return {y};
}

/// f(x, a, b) with two constants that are broadcast to x.
template <class F>
std::vector<Array> with_two(const Call& call, F f) {
  const Array &x = call.input(0), &a = call.input(1), &b = call.input(2);
  call.require(broadcast(call, x.dims, a.dims) == x.dims && broadcast(call, x.dims, b.dims) == x.dims,
               "its constants have more axes than what they meet");
  Array y = call.make(x.type, x.dims);
  if (y.values.empty()) return {y};
  Index i = 0;
  walk<2>(x.dims, {broadcast_strides(a.dims, x.dims), broadcast_strides(b.dims, x.dims)}, {0, 0}, [&](const auto& at) {
    element(y, i) = f(element(x, i), element(a, at[0]), element(b, at[1]));
    ++i;
  });
  return {y};
}
/// No operators of ONNX's: passes/channels.cpp makes them of Sub and Div, and of Mul and Add.
std::vector<Array> standardize(const Call& call) {
  return with_two(call, [](double x, double center, double scale) { return (x - center) / scale; });
}
std::vector<Array> unstandardize(const Call& call) {
  return with_two(call, [](double x, double unit, double offset) { return x * unit + offset; });
}

}  // namespace

Table normalization_operators() {
  return {{"BatchNormalization", batch_normalization},
          {"InstanceNormalization", instance_normalization},
          {"GroupNormalization", group_normalization},
          {"LayerNormalization", layer_normalization},
          {"RMSNormalization", rms_normalization},
          {"LRN", lrn},
          {"LpNormalization", lp_normalization},
          {"MeanVarianceNormalization", mean_variance_normalization},
          {"Standardize", standardize},
          {"Unstandardize", unstandardize}};
}

}  // namespace tenon::importing
