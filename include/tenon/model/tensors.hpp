#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <type_traits>
#include <vector>

#include <tenon/error.hpp>
#include <tenon/io/load_tensors.hpp>
#include <tenon/io/safetensors.hpp>
#include <tenon/model/xtensor.hpp>
#include <tenon/net/parameters.hpp>
#include <tenon/shape.hpp>

/// Between a model's plain memory and the tensors its user sees.
namespace tenon::detail {

/// A view of a parameter with its shape.
template <std::size_t Rank, class T>
auto parameter_view(T* data, const std::size_t* dims) {
  std::array<std::size_t, Rank> shape{};
  std::size_t size = 1;
  for (std::size_t i = 0; i < Rank; ++i) size *= shape[i] = dims[i];
  return xt::adapt(data, size, xt::no_ownership(), shape);
}

template <class Out, class T, bool Batched>
auto output_tensor(std::size_t count) {
  if constexpr (Batched) {
    std::array<std::size_t, Out::rank + 1> shape{count};
    for (std::size_t i = 0; i < Out::rank; ++i) shape[i + 1] = Out::dims[i];
    return xt::xtensor<T, Out::rank + 1>(shape);
  } else {
    return xt::xtensor<T, Out::rank>(Out::dims);
  }
}

template <class Shape>
std::string shape_text(const Shape& shape) {
  std::string text = "(";
  for (const auto d : shape) text += (text.size() > 1 ? ", " : "") + std::to_string(d);
  return text + ")";
}

/// The rank of an xtensor expression, which its type has to know.
template <class Images>
concept FixedRank = requires { std::tuple_size<typename Images::shape_type>::value; };

/// Calls f(batched, pointer, count) with the samples of an xtensor expression: one sample, a batch,
/// or a batch of flattened samples.
template <class In, class T, FixedRank Images, class F>
auto with_samples(const Images& images, F f) {
  constexpr std::size_t rank = std::tuple_size_v<typename Images::shape_type>;
  constexpr bool single = rank == In::rank;
  constexpr bool flat = !single && rank == 2 && In::rank != 1;
  static_assert(single || flat || rank == In::rank + 1, "a model takes one sample, a batch of samples, or a matrix of flattened samples");
  const auto& shape = images.shape();
  bool fits = true;
  if constexpr (flat) {
    fits = shape[1] == In::size;
  } else {
    for (std::size_t i = 0; i < In::rank; ++i) fits = fits && shape[rank - In::rank + i] == In::dims[i];
  }
  if (!fits)
    throw Error("model: expected samples of shape " + shape_text(In::dims) + ", got a tensor of shape " + shape_text(shape));
  const std::size_t count = single ? 1 : shape[0];
  if constexpr (xt::has_data_interface<Images>::value && Images::static_layout == xt::layout_type::row_major) {
    if constexpr (std::is_same_v<std::remove_cv_t<typename Images::value_type>, T>)
      return f(std::bool_constant<!single>{}, images.data() + images.data_offset(), count);
  }
  const xt::xtensor<T, rank> values = images;
  return f(std::bool_constant<!single>{}, values.data(), count);
}

template <class Model>
void save_model(const Model& model, const std::string& path) {
  std::vector<TensorView> tensors;
  for (const ParameterEntry& entry : parameter_table<typename Model::network>)
    tensors.emplace_back(std::string(entry.name), std::vector<std::size_t>(entry.dims, entry.dims + entry.rank), model.values(entry));
  write_safetensors(path, tensors, {{"format", "pt"}});
}

template <class Model>
std::vector<Expected> expected_by(Model& model) {
  std::vector<Expected> expected;
  for (const ParameterEntry& entry : parameter_table<typename Model::network>) {
    Expected tensor{.name = entry.name, .shape = {entry.dims, entry.rank}};
    if constexpr (std::is_same_v<typename Model::scalar, float>) tensor.f32 = model.values(entry).data();
    else tensor.f64 = model.values(entry).data();
    expected.push_back(tensor);
  }
  return expected;
}
template <class Model>
void load_model(Model& model, const std::string& path) {
  load_exact(SafeTensors::read(path), expected_by(model));
}
template <class Model>
Loaded load_model(Model& model, const std::string& path, const LoadOptions& options) {
  return load_tensors(SafeTensors::read(path), expected_by(model), options);
}

}  // namespace tenon::detail
