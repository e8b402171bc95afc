#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <tenon/data/augment.hpp>
#include <tenon/data/columns.hpp>
#include <tenon/data/dataset.hpp>
#include <tenon/fixed_string.hpp>
#include <tenon/net/mistakes.hpp>
#include <tenon/shape.hpp>
#include <tenon/type_list.hpp>

/// Columns whose names and shapes the compiler knows.
namespace tenon {

/// Columns that cannot be those of a data set.
template <class Columns, class Takes>
struct invalid_columns;
struct a_name_of_its_own_for_each;
struct at_least_one_features_column;
struct one_column_of_weights_at_most;
/// A features column is asked for that is not there.
template <fixed_string Name, class Columns>
struct no_features_column;

/// The columns that `Columns` is made of. Each has `name`, `kind`, `shape`, `classes`.
template <fixed_string Name, size_t... D>
struct FeaturesColumn {
  static constexpr fixed_string name = Name;
  static constexpr ColumnKind kind = ColumnKind::features;
  using shape = Shape<D...>;
  static constexpr size_t classes = 0;
};
template <fixed_string Name, size_t Of, size_t PerSample = 1>
struct LabelsColumn {
  static constexpr fixed_string name = Name;
  static constexpr ColumnKind kind = ColumnKind::labels;
  using shape = Shape<PerSample>;
  static constexpr size_t classes = Of;
};
template <fixed_string Name, size_t... D>
struct TargetsColumn {
  static constexpr fixed_string name = Name;
  static constexpr ColumnKind kind = ColumnKind::targets;
  using shape = Shape<D...>;
  static constexpr size_t classes = 0;
};
template <fixed_string Name = "weights">
struct WeightsColumn {
  static constexpr fixed_string name = Name;
  static constexpr ColumnKind kind = ColumnKind::weights;
  using shape = Shape<1>;
  static constexpr size_t classes = 0;
};

/// What a ColumnInfo is, as a constant.
struct StaticColumn {
  std::string_view name{};
  ColumnKind kind = ColumnKind::features;
  std::span<const size_t> shape{};
  size_t offset = 0;
  size_t size = 0;
  size_t classes = 0;
};

namespace detail {

template <ColumnKind Kind, class... C>
using columns_of_kind = join<std::conditional_t<C::kind == Kind, list<C>, list<>>...>;

}  // namespace detail

/// All columns of a data set, in their order.
template <class... C>
struct Columns {
  static constexpr size_t size = sizeof...(C);
  using all = detail::list<C...>;
  using features = detail::columns_of_kind<ColumnKind::features, C...>;
  using labels = detail::columns_of_kind<ColumnKind::labels, C...>;
  using targets = detail::columns_of_kind<ColumnKind::targets, C...>;

  /// The same as ordinary numbers, with offsets as a data set has them.
  static constexpr std::array<StaticColumn, size> table = [] {
    std::array<StaticColumn, size> all_of{
        StaticColumn{C::name.view(), C::kind, C::shape::dims, 0, C::shape::size, C::classes}...};
    std::array<size_t, 4> row{};
    for (StaticColumn& c : all_of) {
      size_t& sum = row[static_cast<size_t>(c.kind)];
      c.offset = c.kind == ColumnKind::weights ? 0 : sum;
      sum += c.size;
    }
    return all_of;
  }();
  /// Where the column of this name stands; `size` where there is none.
  static constexpr size_t find(std::string_view name) {
    for (size_t k = 0; k < size; ++k)
      if (table[k].name == name) return k;
    return size;
  }
  static constexpr size_t count(ColumnKind kind) {
    size_t n = 0;
    for (const StaticColumn& c : table) n += c.kind == kind;
    return n;
  }
};

namespace detail {

template <class C>
constexpr auto judge_columns() {
  constexpr bool differ = [] {
    for (size_t k = 0; k < C::size; ++k)
      if (C::find(C::table[k].name) != k) return false;
    return true;
  }();
  if constexpr (!differ) return std::type_identity<invalid_columns<C, takes<a_name_of_its_own_for_each>>>{};
  else if constexpr (C::count(ColumnKind::features) == 0)
    return std::type_identity<invalid_columns<C, takes<at_least_one_features_column>>>{};
  else if constexpr (C::count(ColumnKind::weights) > 1)
    return std::type_identity<invalid_columns<C, takes<one_column_of_weights_at_most>>>{};
  else return std::type_identity<void>{};
}

template <class Mistake>
struct CheckedColumns {
  static_assert(refuse<Mistake>());
  static constexpr bool valid = false;
};
template <>
struct CheckedColumns<void> {
  static constexpr bool valid = true;
};

/// Brings the columns to their shapes, or throws an Error with both sides where the data have others.
template <class T>
void give_columns(Dataset<T>& data, std::span<const StaticColumn> columns);
extern template void give_columns(Dataset<float>&, std::span<const StaticColumn>);
extern template void give_columns(Dataset<double>&, std::span<const StaticColumn>);

template <fixed_string Name, class... C>
inline constexpr bool has_features = ((C::kind == ColumnKind::features && C::name == Name) || ...);

template <fixed_string Name, class Given, class C>
struct replaced_column {
  using type = C;
};
template <fixed_string Name, size_t... D, size_t... Old>
struct replaced_column<Name, Shape<D...>, FeaturesColumn<Name, Old...>> {
  using type = FeaturesColumn<Name, D...>;
};
template <fixed_string Name, size_t... D>
Shape<D...> shape_of_column(FeaturesColumn<Name, D...>);
/// Overload resolution finds the one of this name.
template <class... C>
struct ColumnBases : C... {};

}  // namespace detail

/// Whether a type is the columns of a typed data set.
template <class C>
inline constexpr bool is_columns = false;
template <class... C>
inline constexpr bool is_columns<Columns<C...>> = true;

template <class C, std::floating_point T>
struct TypedColumnsSplit;

/// A data set whose type says which columns it has. Made by `typed`:
///
///     using Digits = Columns<FeaturesColumn<"image", 1, 28, 28>, FeaturesColumn<"table", 5>,
///                            LabelsColumn<"digit", 10>, TargetsColumn<"value", 1>>;
///     auto data = typed<Digits>(Dataset{Features{"image", {1, 28, 28}, pixels}, ...});
///
/// Everywhere else it is a plain Dataset.
template <class C, std::floating_point T = float>
class TypedColumns : public Dataset<T> {
public:
  /// What the network is given.
  using columns_type = C;
  static constexpr bool valid = detail::CheckedColumns<typename decltype(detail::judge_columns<C>())::type>::valid;

  /// Throws an Error where the data have other columns, or in another order. A shape may differ where one of the two
  /// is a plain vector of as many numbers.
  explicit TypedColumns(Dataset<T> data) : Dataset<T>(std::move(data)) {
    if constexpr (valid) detail::give_columns<T>(*this, C::table);
  }

  TypedColumns subset(std::span<const size_t> indices) const { return TypedColumns(Dataset<T>::subset(indices)); }
  TypedColumns take(size_t count) const { return TypedColumns(Dataset<T>::take(count)); }
  TypedColumnsSplit<C, T> split(double fraction, std::uint64_t seed) const { return Dataset<T>::split(fraction, seed); }
  TypedColumnsSplit<C, T> stratified_split(double fraction, std::uint64_t seed, std::string_view column = {}) const {
    return Dataset<T>::stratified_split(fraction, seed, column);
  }
  template <std::floating_point U>
  TypedColumns<C, U> as() const {
    return TypedColumns<C, U>(Dataset<T>::template as<U>());
  }
  /// The shapes are part of the type.
  void reshape(std::vector<size_t>) = delete;
  void reshape(std::string_view, std::vector<size_t>) = delete;
};

/// What split() returns.
template <class C, std::floating_point T = float>
struct TypedColumnsSplit {
  TypedColumns<C, T> train;
  TypedColumns<C, T> test;

  TypedColumnsSplit(DatasetSplit<T> parts) : train(std::move(parts.train)), test(std::move(parts.test)) {}
  operator DatasetSplit<T>() const { return {train, test}; }
};

/// These columns, checked.
template <class C, std::floating_point T>
  requires is_columns<C> TypedColumns<C, T> typed(Dataset<T> data) { return TypedColumns<C, T>(std::move(data)); }

/// A data set whose loader augments one of its columns; made by `augmented`.
template <class Pipeline, fixed_string Name, class C, std::floating_point T = float>
class AugmentedColumns;
template <class Pipeline, fixed_string Name, class... C, std::floating_point T>
class AugmentedColumns<Pipeline, Name, Columns<C...>, T> : public Dataset<T> {
  using stored = decltype(detail::shape_of_column<Name>(detail::ColumnBases<C...>{}));
  static_assert(detail::refuse<typename Pipeline::template mistake<stored>>());

public:
  /// What the network is given.
  using columns_type = Columns<
      typename detail::replaced_column<Name, typename Pipeline::template output<stored>, C>::type...>;
  static constexpr bool valid = Pipeline::template valid<stored>;

  AugmentedColumns(Dataset<T> data, size_t workers) : Dataset<T>(std::move(data)) {
    this->augment(&Pipeline::template on<stored>(), workers, Name.view());
  }
};

/// The data set with an augmentation of the features column `Name`; the others are passed on as they are:
///
///     fit(model, augmented<Augment<RandomTranslation<2>>, "image">(data), Fit{...});
///
/// What is to be moved alike (an image and its mask) belongs into one column, as its channels.
template <class Pipeline, fixed_string Name, class... C, std::floating_point T>
auto augmented(TypedColumns<Columns<C...>, T> data, size_t workers = default_workers()) {
  if constexpr (!detail::has_features<Name, C...>) {
    static_assert(detail::refuse<no_features_column<Name, Columns<C...>>>());
    return data;
  } else {
    return AugmentedColumns<Pipeline, Name, Columns<C...>, T>(std::move(data), workers);
  }
}
/// The same of a data set without a type, where the column's samples are of shape `In`.
template <class Pipeline, fixed_string Name, AnyShape In, std::floating_point T>
Dataset<T> augmented(Dataset<T> data, size_t workers = default_workers()) {
  data.augment(&Pipeline::template on<In>(), workers, Name.view());
  return data;
}

}  // namespace tenon
