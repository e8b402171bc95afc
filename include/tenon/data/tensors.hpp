#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "tenon/data/dataset.hpp"
#include "tenon/error.hpp"
#include "tenon/model/xtensor.hpp"

namespace tenon {
namespace detail {

/// The rank of an xtensor expression where its type knows it, else 0. (xt::get_rank doesn't know
/// that of views and of lazy expressions.)
template <class Shape>
inline constexpr size_t length_of = 0;
template <class Shape>
  requires requires { std::tuple_size<Shape>::value; }
inline constexpr size_t length_of<Shape> = std::tuple_size_v<Shape>;
template <class E>
inline constexpr size_t rank_of = length_of<typename E::shape_type>;

/// Samples of bytes or other integers become floats.
template <class E>
using scalar_for = std::conditional_t<std::is_same_v<typename E::value_type, double>, double, float>;

template <class T, class E>
std::vector<T> row_major_values(const E& tensor) {
  std::vector<T> values;
  values.reserve(tensor.size());
  for (auto it = tensor.template cbegin<xt::layout_type::row_major>();
       it != tensor.template cend<xt::layout_type::row_major>(); ++it)
    values.push_back(static_cast<T>(*it));
  return values;
}

template <class E>
std::vector<size_t> sample_shape_of(const E& features) {
  static_assert(rank_of<E> != 0, "a data set is made from tensors of fixed rank: use xt::xtensor, not xt::xarray");
  static_assert(rank_of<E> != 1, "features are (samples, axes of a sample...)");
  return {features.shape().begin() + 1, features.shape().end()};
}

template <class E>
void check_rows(const E& features, size_t rows, const char* what) {
  const auto samples = static_cast<size_t>(features.shape()[0]);
  if (samples != rows)
    throw Error("tensor_dataset: expected " + std::to_string(samples) + " rows of " + what + ", one per sample, got " +
                std::to_string(rows));
}

}  // namespace detail

/// A data set of the rows of a tensor (samples, axes of a sample...), copied:
///
///     xt::xtensor<float, 4> images = ...;            // (count, channels, height, width)
///     xt::xtensor<int, 1> labels = ...;
///     auto data = tensor_dataset(images, labels, 10);  // 10 classes
///     auto pairs = tensor_dataset(inputs, outputs);    // (count, features), (count, numbers)
///
/// Any xtensor expression of fixed rank will do: a view, a sum, a tensor of either layout.
template <class Features, class T = detail::scalar_for<Features>>
Dataset<T> tensor_dataset(const xt::xexpression<Features>& rows) {
  const Features& samples = rows.derived_cast();
  return {detail::sample_shape_of(samples), detail::row_major_values<T>(samples)};
}

/// With integer class labels (samples).
template <class Features, class Indices, class T = detail::scalar_for<Features>>
Dataset<T> tensor_dataset(const xt::xexpression<Features>& rows, const xt::xexpression<Indices>& labels,
                          size_t classes) {
  const Features& samples = rows.derived_cast();
  const Indices& indices = labels.derived_cast();
  static_assert(std::integral<typename Indices::value_type>, "class labels are integers");
  static_assert(detail::rank_of<Indices> == 1, "class labels are a tensor of rank 1");
  detail::check_rows(samples, indices.size(), "labels");

  // Checked here, before a wide integer could wrap around to a valid label.
  std::vector<std::int32_t> values;
  values.reserve(indices.size());
  for (const auto number : indices) {
    if (!std::in_range<std::int32_t>(number))
      throw Error("tensor_dataset: label " + std::to_string(number) + " of sample " + std::to_string(values.size()) +
                  " is outside the " + std::to_string(classes) + " classes");
    values.push_back(static_cast<std::int32_t>(number));
  }
  return {detail::sample_shape_of(samples), detail::row_major_values<T>(samples), Labels{std::move(values), classes}};
}

/// With target numbers (samples, numbers).
template <class Features, class Numbers, class T = detail::scalar_for<Features>>
Dataset<T> tensor_dataset(const xt::xexpression<Features>& rows, const xt::xexpression<Numbers>& targets) {
  const Features& samples = rows.derived_cast();
  const Numbers& numbers = targets.derived_cast();
  static_assert(detail::rank_of<Numbers> == 2,
                "targets are (samples, numbers); integer class labels need the number of classes");
  detail::check_rows(samples, static_cast<size_t>(numbers.shape()[0]), "targets");
  return {detail::sample_shape_of(samples), detail::row_major_values<T>(samples),
          Targets<T>{detail::row_major_values<T>(numbers), static_cast<size_t>(numbers.shape()[1])}};
}

/// The features as an xtensor view (samples, axes of a sample...) of the given rank, no copy;
/// valid as long as the data set. Rank 2 also views any sample as a flat row.
///
///     auto probabilities = model(features_tensor<2>(test));
template <size_t Rank, class T>
auto features_tensor(const Dataset<T>& data) {
  static_assert(Rank >= 2, "features are (samples, axes of a sample...)");
  std::array<size_t, Rank> shape{data.size(), data.sample_size()};
  if constexpr (Rank > 2) {
    const auto& sample_shape = data.sample_shape();
    if (sample_shape.size() + 1 != Rank)
      throw Error("features_tensor: expected samples of " + std::to_string(Rank - 1) + " axes, got samples of " +
                  std::to_string(sample_shape.size()));
    for (size_t axis = 1; axis < Rank; ++axis) shape[axis] = sample_shape[axis - 1];
  }
  return detail::tensor_view(data.features().data(), shape);
}

template <size_t Rank, class T>
auto features_tensor(const Dataset<T>&& data) = delete;  // the view would outlive it

}  // namespace tenon
