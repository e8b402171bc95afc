#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <tenon/ignore_index.hpp>

namespace tenon {

/// What samples are made of. A mask is features like any other.
enum class ColumnKind { features, labels, targets, weights };
/// As a message calls it: "features".
std::string_view kind_name(ColumnKind kind) noexcept;

/// Features, `shape` numbers per sample, one sample after the other.
template <std::floating_point T = float>
struct Features {
  std::string name;
  std::vector<size_t> shape;
  std::vector<T> values;
};
template <std::floating_point T>
Features(std::string, std::vector<size_t>, std::vector<T>) -> Features<T>;

/// Class indices in [0, classes), or `ignore_index`: one per sample, or `per_sample`, say one for every step
/// of a sequence.
struct Labels {
  std::vector<std::int32_t> values;
  size_t classes = 0;
  size_t per_sample = 1;
  std::string name = "labels";

  /// `Labels{digits, 10}.named("digit")`
  Labels named(std::string column) && { return {std::move(values), classes, per_sample, std::move(column)}; }
  Labels named(std::string column) const& { return {values, classes, per_sample, std::move(column)}; }
};

/// `size` numbers per sample, one sample after the other.
template <std::floating_point T = float>
struct Targets {
  std::vector<T> values;
  size_t size = 0;
  std::string name = "targets";
  std::vector<size_t> shape{};  // {size} where nothing is said

  /// `Targets{corners, 4}.named("box").shaped({2, 2})`
  Targets named(std::string column) && { return {std::move(values), size, std::move(column), std::move(shape)}; }
  Targets named(std::string column) const& { return {values, size, std::move(column), shape}; }
  Targets shaped(std::vector<size_t> of) && { return {std::move(values), size, std::move(name), std::move(of)}; }
  Targets shaped(std::vector<size_t> of) const& { return {values, size, name, std::move(of)}; }
};
template <std::floating_point T>
Targets(std::vector<T>, size_t) -> Targets<T>;

/// What each sample counts for in a loss: one finite number of at least 0 per sample. Keras: sample_weight.
template <std::floating_point T = float>
struct SampleWeights {
  std::vector<T> values;
  std::string name = "weights";
};
template <std::floating_point T>
SampleWeights(std::vector<T>) -> SampleWeights<T>;

/// A column of a data set or of a batch. Numbers of sample i begin at `offset` of its row; labels of all samples
/// are one block, and `offset` says how many labels a sample has in the blocks before.
struct ColumnInfo {
  std::string name;
  ColumnKind kind = ColumnKind::features;
  std::vector<size_t> shape;  // of a sample; of labels: how many
  size_t offset = 0;
  size_t size = 0;     // numbers or labels per sample
  size_t classes = 0;  // of labels

  bool operator==(const ColumnInfo&) const = default;
};

/// A column's numbers, sample by sample: `size` of them every `stride`.
template <class T>
struct ColumnView {
  T* data = nullptr;
  size_t count = 0;
  size_t stride = 0;
  size_t size = 0;

  std::span<T> operator[](size_t sample) const noexcept { return {data + sample * stride, size}; }
};

/// A column's name, or its number among those of its kind, from 0.
struct WhichColumn {
  std::string_view name{};
  size_t number = 0;
  bool named = true;

  WhichColumn(const char* text) : name(text) {}
  WhichColumn(std::string_view text) : name(text) {}
  WhichColumn(const std::string& text) : name(text) {}
  WhichColumn(std::integral auto k) : number(static_cast<size_t>(k)), named(false) {}
};

/// The column of this name; throws an Error with the names there are.
const ColumnInfo& find_column(std::span<const ColumnInfo> columns, std::string_view name);
/// A column of this kind; throws an Error where there is none, or it is of another kind.
const ColumnInfo& find_column(std::span<const ColumnInfo> columns, ColumnKind kind, WhichColumn which);
size_t count_columns(std::span<const ColumnInfo> columns, ColumnKind kind) noexcept;

/// Columns that a data set is going to be made of, where a program learns only when it runs which there are:
///
///     ColumnSet<float> columns;
///     columns.add(Features<float>{"table", {5}, numbers});
///     columns.add(Labels{kinds, 3}.named("kind"));
///     Dataset<float> data{std::move(columns)};
template <std::floating_point T = float>
struct ColumnSet {
  std::vector<Features<T>> features;
  std::vector<Labels> labels;
  std::vector<Targets<T>> targets;
  std::vector<SampleWeights<T>> weights;
  std::vector<ColumnKind> order;  // in which they were added

  void add(Features<T> column);
  void add(Labels column);
  void add(Targets<T> column);
  void add(SampleWeights<T> column);
};

namespace detail {

template <class C, class T>
concept ColumnOf = std::same_as<C, Features<T>> || std::same_as<C, Labels> || std::same_as<C, Targets<T>> ||
    std::same_as<C, SampleWeights<T>>;

/// The columns in words: `image (features 1x28x28), digit (labels of 10 classes)`.
std::string describe_columns(std::span<const ColumnInfo> columns);
std::string describe_column(const ColumnInfo& column);

}  // namespace detail
}  // namespace tenon
