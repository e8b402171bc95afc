#include <cmath>

#include "call.hpp"

/// Losses against labels that are given as whole numbers, and the grids of AffineGrid.
namespace tenon::importing {

namespace {

/// -w[label] x[n, label, d] for each place (n, d); 0 where the label does not count. Sums are divided by the weights
/// that count for "mean".
Array negative_log_likelihood(const Call& call, const Array& x) {
  const Array& labels = call.input(1);
  const Array* weights = call.optional(2);
  call.require(x.dims.size() >= 2, "needs the axes samples, classes, ..., not {}", axes_text(x.dims));
  Dims places = x.dims;
  places.erase(places.begin() + 1);
  const Index classes = x.dims[1], inner = product(x.dims, 2, x.dims.size());
  call.require(labels.dims == places && (weights == nullptr || weights->dims == Dims{classes}),
               "labels of {} and weights for {} classes do not fit {}", axes_text(labels.dims), classes,
               axes_text(x.dims));
  const std::string reduction = call.node.text("reduction", "mean");
  call.require(reduction == "none" || reduction == "sum" || reduction == "mean", "the reduction {} is not supported",
               reduction);
  Array y = call.make(x.type, reduction == "none" ? places : Dims{});
  if (y.values.empty()) return y;
  double sum = 0, total = 0;
  for (Index i = 0; i < count_of(places); ++i) {
    const Index label = whole(element(labels, i));
    const bool counts = !call.node.has("ignore_index") || label != call.node.integer("ignore_index", 0);
    call.require(!counts || (label >= 0 && label < classes), "the label {} is none of {} classes", label, classes);
    const double weight = !counts ? 0 : weights == nullptr ? 1 : element(*weights, label);
    const double loss = counts ? -weight * element(x, (i / inner * classes + label) * inner + i % inner) : 0;
    if (reduction == "none") element(y, i) = loss;
    sum += loss;
    total += weight;
  }
  if (reduction != "none") y.values[0] = reduction == "mean" ? sum / total : sum;
  return y;
}

std::vector<Array> nll_loss(const Call& call) { return {negative_log_likelihood(call, call.input(0))}; }

/// The same of log(softmax(x)) over the classes, which is the second result.
std::vector<Array> cross_entropy(const Call& call) {
  const Array& x = call.input(0, 2);
  Array logs = call.make(x.type, x.dims);
  const Index classes = x.dims[1], inner = product(x.dims, 2, x.dims.size());
  for (Index line = 0; !logs.values.empty() && line < x.dims[0] * inner; ++line) {
    const Index first = line / inner * classes * inner + line % inner;
    double most = element(x, first), sum = 0;
    for (Index c = 1; c < classes; ++c) most = std::max(most, element(x, first + c * inner));
    for (Index c = 0; c < classes; ++c) sum += std::exp(element(x, first + c * inner) - most);
    for (Index c = 0; c < classes; ++c)
      element(logs, first + c * inner) = element(x, first + c * inner) - most - std::log(sum);
  }
  Array loss = negative_log_likelihood(call, logs);
  return {std::move(loss), std::move(logs)};
}

/// Where the places of an image lie in another: theta[n] (x, y, 1), or (x, y, z, 1), with x, y and z from -1 to 1.
std::vector<Array> affine_grid(const Call& call) {
  const Array& theta = call.input(0);
  const Dims size = call.integers(1);
  const std::size_t axes = size.size() - 2;
  const auto n = static_cast<Index>(axes);
  call.require((size.size() == 4 || size.size() == 5) && theta.dims == Dims{size[0], n, n + 1},
               "matrices of {} do not fit images of {}", axes_text(theta.dims), axes_text(size));
  const bool corners = call.node.integer("align_corners", 0) != 0;
  Dims dims{size[0]};
  for (std::size_t a = 0; a < axes; ++a) {
    call.require(size[a + 2] > (corners ? 1 : 0), "an axis of size {} has no places apart", size[a + 2]);
    dims.push_back(size[a + 2]);
  }
  dims.push_back(n);
  Array y = call.make(theta.type, dims);
  if (y.values.empty()) return {y};
  const Dims image(size.begin() + 2, size.end());
  const Index places = count_of(image);
  for (Index i = 0; i < size[0] * places; ++i) {
    std::vector<double> at(axes + 1, 1);  // x, the place along the last axis, first
    Index rest = i % places;
    for (std::size_t a = 0; a < axes; ++a) {
      const Index length = image[axes - 1 - a], k = rest % length;
      rest /= length;
      at[a] = corners ? 2.0 * static_cast<double>(k) / static_cast<double>(length - 1) - 1
                      : (2.0 * static_cast<double>(k) + 1) / static_cast<double>(length) - 1;
    }
    for (Index row = 0; row < n; ++row)
      for (Index k = 0; k <= n; ++k)
        element(y, i * n + row) += element(theta, (i / places * n + row) * (n + 1) + k) *
                                   at[static_cast<std::size_t>(k)];
  }
  return {y};
}

}  // namespace

Table loss_operators() {
  return {
      {"NegativeLogLikelihoodLoss", nll_loss}, {"SoftmaxCrossEntropyLoss", cross_entropy}, {"AffineGrid", affine_grid}};
}

}  // namespace tenon::importing
