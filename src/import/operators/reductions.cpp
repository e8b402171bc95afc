#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "call.hpp"

/// Operators that make one number of many, and those that compare the numbers along an axis.
namespace tenon::importing {

namespace {

using Numbers = std::vector<double>;

/// f of all numbers along the axes. They were an attribute before opset 18 (ReduceSum: 13); none means all axes.
template <class F>
Definition reduction(F f) {
  return [=](const Call& call) {
    const Array& x = call.input(0);
    const std::size_t rank = x.dims.size();
    Dims named = call.integers("axes", 1).value_or(Dims{});
    if (named.empty() && call.node.integer("noop_with_empty_axes", 0) == 0)
      for (std::size_t a = 0; a < rank; ++a) named.push_back(static_cast<Index>(a));
    const auto axes = call.axes(named, rank);
    const bool keeps = call.node.integer("keepdims", 1) != 0;
    const Dims from = strides_of(x.dims);
    Dims result, kept, kept_strides, gone, gone_strides;
    for (std::size_t a = 0; a < rank; ++a) {
      const bool goes = std::binary_search(axes.begin(), axes.end(), a);
      (goes ? gone : kept).push_back(x.dims[a]);
      (goes ? gone_strides : kept_strides).push_back(from[a]);
      if (!goes || keeps) result.push_back(goes ? 1 : x.dims[a]);
    }
    Array y = call.make(x.type, result);
    if (y.values.empty()) return std::vector{y};
    Numbers group;
    auto next = y.values.begin();
    walk<1>(kept, {kept_strides}, {0}, [&](const auto& start) {
      group.clear();
      walk<1>(gone, {gone_strides}, start, [&](const auto& at) { group.push_back(element(x, at[0])); });
      *next++ = f(group);
    });
    return std::vector{y};
  };
}

double sum(const Numbers& x) { return std::accumulate(x.begin(), x.end(), 0.0); }
double mean(const Numbers& x) { return sum(x) / static_cast<double>(x.size()); }
double prod(const Numbers& x) {
  return std::accumulate(x.begin(), x.end(), 1.0, [](double a, double b) { return a * b; });
}
double max(const Numbers& x) {
  return std::accumulate(x.begin(), x.end(), -std::numeric_limits<double>::infinity(),
                         [](double a, double b) { return a > b ? a : b; });
}
double min(const Numbers& x) {
  return std::accumulate(x.begin(), x.end(), std::numeric_limits<double>::infinity(),
                         [](double a, double b) { return a < b ? a : b; });
}
double sum_abs(const Numbers& x) {
  return std::accumulate(x.begin(), x.end(), 0.0, [](double a, double b) { return a + std::abs(b); });
}
double sum_square(const Numbers& x) {
  return std::accumulate(x.begin(), x.end(), 0.0, [](double a, double b) { return a + b * b; });
}
/// The largest exponent is taken out first, so that none overflows.
double log_sum_exp(const Numbers& x) {
  const double most = max(x);
  if (!std::isfinite(most)) return most;
  return most +
         std::log(std::accumulate(x.begin(), x.end(), 0.0, [=](double a, double b) { return a + std::exp(b - most); }));
}

/// f(numbers) changes every line along the axis in place. Before opset 13 all axes from that one on are one line.
template <class F>
Definition along_axis(F f) {
  return [=](const Call& call) {
    const Array& x = call.input(0);
    const bool flattens = call.opset < 13;
    const Index wanted = call.node.integer("axis", flattens ? 1 : -1);
    const std::size_t rank = x.dims.size(),
                      axis = flattens && wanted == static_cast<Index>(rank) ? rank : call.axis(wanted, rank);
    const Index length = flattens ? product(x.dims, axis, rank) : x.dims[axis];
    const Index apart = flattens ? 1 : product(x.dims, axis + 1, rank);
    Array y = call.make(x.type, x.dims);
    Numbers line(y.values.empty() ? 0 : static_cast<std::size_t>(length));
    for (Index i = 0; i < static_cast<Index>(y.values.size()) / std::max(length, Index{1}); ++i) {
      const Index start = i / apart * apart * length + i % apart;
      for (Index k = 0; k < length; ++k) line[static_cast<std::size_t>(k)] = element(x, start + k * apart);
      f(line);
      for (Index k = 0; k < length; ++k) element(y, start + k * apart) = line[static_cast<std::size_t>(k)];
    }
    return std::vector{y};
  };
}

/// Differences to the largest: its exponent cannot overflow, and a large one does not swallow the logarithm of their
/// sum.
double take_off_largest(Numbers& x) {
  const double most = max(x);
  double sum = 0;
  for (double& value : x) sum += std::exp(value -= most);
  return sum;
}

void softmax(Numbers& x) {
  const double sum = take_off_largest(x);
  for (double& value : x) value = std::exp(value) / sum;
}

void log_softmax(Numbers& x) {
  const double sum = take_off_largest(x);
  for (double& value : x) value -= std::log(sum);
}

/// 1 at the first of the largest, 0 elsewhere
void hardmax(Numbers& x) {
  const auto most = std::max_element(x.begin(), x.end()) - x.begin();
  std::fill(x.begin(), x.end(), 0);
  x[static_cast<std::size_t>(most)] = 1;
}

}  // namespace

Table reduction_operators() {
  return {{"ReduceSum", reduction(sum)},
          {"ReduceMean", reduction(mean)},
          {"ReduceProd", reduction(prod)},
          {"ReduceMax", reduction(max)},
          {"ReduceMin", reduction(min)},
          {"ReduceL1", reduction(sum_abs)},
          {"ReduceL2", reduction([](const Numbers& x) { return std::sqrt(sum_square(x)); })},
          {"ReduceSumSquare", reduction(sum_square)},
          {"ReduceLogSum", reduction([](const Numbers& x) { return std::log(sum(x)); })},
          {"ReduceLogSumExp", reduction(log_sum_exp)},
          {"Softmax", along_axis(softmax)},
          {"LogSoftmax", along_axis(log_softmax)},
          {"Hardmax", along_axis(hardmax)}};
}

}  // namespace tenon::importing
