// Data sets whose samples are given through an augmentation.
#include <algorithm>
#include <cstddef>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "batch_ring.hpp"
#include "stream_access.hpp"
#include "tenon/data/dataset.hpp"
#include "tenon/error.hpp"
#include "text.hpp"

namespace tenon {

template <std::floating_point T>
void Dataset<T>::augment(const Augmentation* augmentation, std::size_t workers, std::string_view name) {
  if (!augmentation) {
    augmentation_ = nullptr;
    return;
  }
  if (workers > detail::most_workers)
    throw Error(fmt::format("Dataset: expected at most {} workers, got {}", detail::most_workers, workers));
  const std::size_t inputs = count_columns(columns_, ColumnKind::features);
  if (name.empty() && inputs > 1)
    throw Error(fmt::format("Dataset: expected the name of the column to be augmented, got none; there are: {}",
                            detail::describe_columns(columns_)));
  if (inputs == 0) throw Error("Dataset: expected samples to augment, got none");
  const ColumnInfo& column = name.empty() ? find_column(columns_, ColumnKind::features, 0)
                                          : find_column(columns_, ColumnKind::features, name);
  if (!std::ranges::equal(augmentation->input, column.shape))
    throw Error(fmt::format("Dataset: expected samples of {} for the augmentation, got {}",
                            detail::shape_text({augmentation->input.begin(), augmentation->input.end()}),
                            detail::shape_text(column.shape)));
  const bool mixes = augmentation->mixup > 0;
  const std::size_t answers = count_columns(columns_, ColumnKind::labels) +
                              count_columns(columns_, ColumnKind::targets);
  if (mixes && (inputs > 1 || answers > 1 || has_weights()))
    throw Error(fmt::format("Dataset: Mixup mixes whole samples, expected one column of features, one of labels or "
                            "targets, and no weights, got {}",
                            detail::describe_columns(columns_)));
  augmentation_ = augmentation;
  augmentation_workers_ = workers;
  augmented_column_ = static_cast<std::size_t>(&column - columns_.data());

  given_ = columns_;
  given_size_ = 0;
  for (std::size_t k = 0; k < given_.size(); ++k) {
    ColumnInfo& c = given_[k];
    if (c.kind == ColumnKind::features) {
      if (k == augmented_column_) {
        c.shape.assign(augmentation->output.begin(), augmentation->output.end());
        c.size = augmentation->output_size();
      }
      c.offset = given_size_;
      given_size_ += c.size;
    } else if (c.kind == ColumnKind::labels && mixes) {
      c = {c.name, ColumnKind::targets, {c.classes}, 0, c.classes, 0};
    }
  }
}

template <std::floating_point T>
void Dataset<T>::give(std::size_t index, T* row, T* scratch, Stream* stream) const {
  give_row(sample(index).data(), row, scratch, stream);
}

template <std::floating_point T>
void Dataset<T>::give_row(const T* features, T* row, T* scratch, Stream* stream) const {
  for (std::size_t k = 0; k < columns_.size(); ++k) {
    const ColumnInfo& c = columns_[k];
    if (c.kind != ColumnKind::features) continue;
    const T* const from = features + c.offset;
    if (augmentation_ && k == augmented_column_) augmentation_->apply(from, row + given_[k].offset, scratch, stream);
    else std::copy_n(from, c.size, row + (augmentation_ ? given_[k].offset : c.offset));
  }
}

template <std::floating_point T>
Dataset<T> Dataset<T>::prepared() const {
  if (!augmentation_) return *this;
  Dataset result = described<T>();
  if (source_) result.source_ = detail::Streaming<T>::prepared(*this);
  result.labels_ = labels_;
  result.targets_ = targets_;
  result.weights_ = weights_;
  result.augmentation_ = nullptr;
  result.given_.clear();
  result.sample_size_ = given_size();
  for (std::size_t k = 0; k < columns_.size(); ++k)
    if (columns_[k].kind == ColumnKind::features) result.columns_[k] = given_[k];
  result.sample_shape_ = count_columns(columns_, ColumnKind::features) == 1 ? given_[augmented_column_].shape
                                                                            : std::vector{given_size()};
  if (source_) return result;
  result.features_.assign(size_ * result.sample_size_, T(0));
  std::vector<T> scratch(augmentation_->scratch);
  for (std::size_t i = 0; i < size_; ++i)
    give(i, result.features_.data() + i * result.sample_size_, scratch.data(), nullptr);
  return result;
}

#define TENON_DATASET(T)                                                                                               \
  template void Dataset<T>::augment(const Augmentation*, std::size_t, std::string_view);                               \
  template void Dataset<T>::give(std::size_t, T*, T*, Stream*) const;                                                  \
  template void Dataset<T>::give_row(const T*, T*, T*, Stream*) const;                                                 \
  template Dataset<T> Dataset<T>::prepared() const;
TENON_DATASET(float)
TENON_DATASET(double)
#undef TENON_DATASET

}  // namespace tenon
