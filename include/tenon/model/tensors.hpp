#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <vector>

#include <tenon/error.hpp>
#include <tenon/io/load_tensors.hpp>
#include <tenon/io/safetensors.hpp>
#include <tenon/model/xtensor.hpp>
#include <tenon/net/mistakes.hpp>
#include <tenon/net/parameters.hpp>
#include <tenon/shape.hpp>

/// Between a model's plain memory and the tensors its user sees.
namespace tenon {

/// What a model is given: a tensor of one sample, of a batch of them, or a matrix of flattened ones; or a container.
template <class Sample>
struct one_sample_or_a_batch_of;
template <size_t Rank>
struct tensor_of_rank;

namespace detail {

/// A view of a parameter with its shape.
template <size_t Rank, class T>
auto parameter_view(T* data, const size_t* dims) {
  std::array<size_t, Rank> shape{};
  std::copy_n(dims, Rank, shape.begin());
  return tensor_view(data, shape);
}

template <class Out, class T, bool Batched>
auto output_tensor(size_t count) {
  if constexpr (Batched) {
    std::array<size_t, Out::rank + 1> shape{count};
    for (size_t i = 0; i < Out::rank; ++i) shape[i + 1] = Out::dims[i];
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
concept FixedRank = requires {
  std::tuple_size<typename Images::shape_type>::value;
};

/// A tensor whose rank is known at run time: xt::xarray.
template <class Images>
concept AnyRank = !FixedRank<Images> && requires(const Images& images) {
  images.dimension();
  images.shape();
  typename Images::value_type;
};
/// Of a text one could read the characters' codes, which nobody means.
template <class T>
inline constexpr bool is_character = false;
template <>
inline constexpr bool is_character<char> = true;
template <>
inline constexpr bool is_character<wchar_t> = true;
template <class R>
concept NumberRange = requires(const R& range) {
  std::size(range);
  requires std::is_arithmetic_v<std::remove_cvref_t<decltype(*std::begin(range))>>;
  requires !is_character<std::remove_cvref_t<decltype(*std::begin(range))>>;
};
template <class R>
concept RangeOfNumberRanges = requires(const R& range) {
  std::size(range);
  requires NumberRange<std::remove_cvref_t<decltype(*std::begin(range))>>;
};

template <class In, class Images>
constexpr auto judge_samples_of() {
  if constexpr (FixedRank<Images>) {
    constexpr size_t rank = std::tuple_size_v<typename Images::shape_type>;
    if constexpr (rank == In::rank || rank == In::rank + 1 || rank == 2) return std::type_identity<void>{};
    else
      return std::type_identity<wrong_argument<argument<"model", "samples">, takes<one_sample_or_a_batch_of<In>>,
                                               but_gets<tensor_of_rank<rank>>>>{};
  } else if constexpr (AnyRank<Images> || NumberRange<Images> || RangeOfNumberRanges<Images>) {
    return std::type_identity<void>{};
  } else {
    return std::type_identity<wrong_argument<argument<"model", "samples">, takes<one_sample_or_a_batch_of<In>>,
                                             but_gets<Images>, write<"features_tensor<2>(data)">>>{};
  }
}
template <class In, class Images>
struct judge_samples : decltype(judge_samples_of<In, Images>()) {};

/// Which inputs of a network samples are for, as an Error says it: nothing of a network that has no names for them.
struct SampleNames {
  std::span<const std::string_view> inputs{};

  std::string text() const {
    std::string names;
    if (inputs.size() == 1 && inputs[0].empty()) return names;
    for (const std::string_view name : inputs) names += (names.empty() ? "\"" : ", \"") + std::string(name) + "\"";
    return inputs.empty() ? names : (inputs.size() > 1 ? "inputs " + names + " in one row: " : "input " + names + ": ");
  }
};

/// Calls f(batched, pointer, count) with the samples of an xtensor expression: one sample, a batch,
/// or a batch of flattened samples.
template <class In, class T, FixedRank Images, class F>
auto with_samples(const Images& images, F f, SampleNames names = {}) {
  constexpr size_t rank = std::tuple_size_v<typename Images::shape_type>;
  constexpr bool single = rank == In::rank;
  constexpr bool flat = !single && rank == 2 && In::rank != 1;
  static_assert(std::is_void_v<typename judge_samples<In, Images>::type>,
                "a model takes one sample, a batch of samples, or a matrix of flattened samples");
  const auto& shape = images.shape();
  bool fits = true;
  if constexpr (flat) {
    fits = shape[1] == In::size;
  } else {
    for (size_t i = 0; i < In::rank; ++i) fits = fits && shape[rank - In::rank + i] == In::dims[i];
  }
  if (!fits)
    throw Error("model: " + names.text() + "expected samples of shape " + shape_text(In::dims) +
                ", got a tensor of shape " + shape_text(shape));
  const size_t count = single ? 1 : shape[0];
  if constexpr (xt::has_data_interface<Images>::value && Images::static_layout == xt::layout_type::row_major) {
    if constexpr (std::is_same_v<std::remove_cv_t<typename Images::value_type>, T>)
      return f(std::bool_constant<!single>{}, images.data() + images.data_offset(), count);
  }
  const xt::xtensor<T, rank> values = images;
  return f(std::bool_constant<!single>{}, values.data(), count);
}

/// The same with what has no fixed rank, copied: an xarray, a batch; numbers, one sample; ranges of numbers, a batch.
template <class In, class T, class Images, class F>
auto with_copied_samples(const Images& images, F f, SampleNames names = {}) {
  if constexpr (AnyRank<Images>) {
    const size_t rank = images.dimension();
    if (rank == In::rank + 1) return with_samples<In, T>(xt::xtensor<T, In::rank + 1>(images), f, names);
    if (rank != In::rank && rank != 2)
      throw Error("model: " + names.text() + "expected samples of shape " + shape_text(In::dims) +
                  ", got a tensor of shape " + shape_text(images.shape()));
    if (rank == 2 && In::rank != 2) {
      const xt::xtensor<T, 2> rows = images;
      if (rows.shape()[1] != In::size)
        throw Error("model: " + names.text() + "expected samples of shape " + shape_text(In::dims) +
                    ", got a tensor of shape " + shape_text(rows.shape()));
      return f(std::true_type{}, rows.data(), rows.shape()[0]);
    }
    const xt::xtensor<T, In::rank> sample = images;
    if (!std::equal(In::dims.begin(), In::dims.end(), sample.shape().begin()))
      throw Error("model: " + names.text() + "expected samples of shape " + shape_text(In::dims) +
                  ", got a tensor of shape " + shape_text(sample.shape()));
    return f(std::true_type{}, sample.data(), size_t{1});
  } else {
    const auto add = [&names](std::vector<T>& values, const auto& sample) {
      if (std::size(sample) != In::size)
        throw Error("model: " + names.text() + "expected samples of " + std::to_string(In::size) + " numbers, got " +
                    std::to_string(std::size(sample)));
      for (const auto number : sample) values.push_back(static_cast<T>(number));
    };
    std::vector<T> values;
    if constexpr (NumberRange<Images>) {
      add(values, images);
      return f(std::false_type{}, static_cast<const T*>(values.data()), size_t{1});
    } else {
      for (const auto& sample : images) add(values, sample);
      return f(std::true_type{}, static_cast<const T*>(values.data()), static_cast<size_t>(std::size(images)));
    }
  }
}

template <class Model>
void save_model(const Model& model, const std::string& path) {
  std::vector<TensorView> tensors;
  for (const ParameterEntry& entry : parameter_table<typename Model::network>)
    add_tensor(tensors, entry.name, {entry.dims, entry.rank}, model.values(entry));
  write_parameters(path, tensors);
}

template <class Model>
auto expected_by(Model& model) {
  constexpr const auto& table = parameter_table<typename Model::network>;
  std::array<Expected, table.size()> expected{};
  size_t i = 0;
  for (const ParameterEntry& entry : table) {
    Expected& tensor = expected[i++];
    tensor.name = entry.name;
    tensor.shape = {entry.dims, entry.rank};
    if constexpr (std::is_same_v<typename Model::scalar, float>) tensor.f32 = model.values(entry).data();
    else tensor.f64 = model.values(entry).data();
  }
  return expected;
}
template <class Model>
void load_model(Model& model, const std::string& path) {
  load_exact(read_tensors(path), expected_by(model));
}
template <class Model>
Loaded load_model(Model& model, const std::string& path, const LoadOptions& options) {
  return load_tensors(read_tensors(path), expected_by(model), options);
}

}  // namespace detail
}  // namespace tenon
