#include <tenon/generative/diffusion.hpp>

#include <algorithm>
#include <string_view>
#include <utility>

#include <tenon/kernels/noise.hpp>
#include <tenon/random.hpp>

#include "../row_room.hpp"

namespace tenon {

template <class T>
Dataset<T> Diffusion::columns(const Dataset<T>& images) const {
  if (images.columns().size() != (images.has_labels() ? 2U : 1U) || images.label_size() > 1)
    throw Error("Diffusion: expected images, and maybe a label for each, got " +
                detail::describe_columns(images.columns()));
  const std::size_t count = images.size();
  ColumnSet<T> set;
  set.add(Features<T>{"noisy", images.sample_shape(), {images.features().begin(), images.features().end()}});
  set.add(Features<T>{"time", {1}, std::vector<T>(count)});
  if (images.has_labels()) {
    const std::size_t classes = images.classes();
    std::vector<T> hot(count * classes);
    for (std::size_t i = 0; i < count; ++i)
      if (images.label(i) != ignore_index) hot[i * classes + static_cast<std::size_t>(images.label(i))] = T(1);
    set.add(Features<T>{"label", {classes}, std::move(hot)});
  }
  set.add(
      Targets<T>{std::vector<T>(images.features().size()), images.sample_size(), "prediction", images.sample_shape()});
  return Dataset<T>(std::move(set));
}

template <class T>
Dataset<T> Diffusion::corrupted(const Dataset<T>& images, std::uint64_t seed) const {
  check_options(*this);
  const Dataset<T> clean = columns(images);
  std::vector<T> features(clean.features().begin(), clean.features().end()), targets(clean.targets().size());
  std::vector<std::size_t> indices(clean.size());
  for (std::size_t i = 0; i < indices.size(); ++i) indices[i] = i;
  corrupt<T>(features, targets, clean.columns(), indices, seed, 0);

  ColumnSet<T> set;
  for (const ColumnInfo& column : clean.columns()) {
    if (column.kind == ColumnKind::targets) {
      set.add(Targets<T>{targets, column.size, column.name, column.shape});
      continue;
    }
    std::vector<T> values;
    for (std::size_t i = 0; i < clean.size(); ++i) {
      const T* const row = features.data() + i * clean.sample_size() + column.offset;
      values.insert(values.end(), row, row + column.size);
    }
    set.add(Features<T>{column.name, column.shape, std::move(values)});
  }
  return Dataset<T>(std::move(set));
}

template <class T>
void Diffusion::corrupt(std::span<T> features, std::span<T> targets, std::span<const ColumnInfo> columns,
                        std::span<const std::size_t> indices, std::uint64_t seed, std::uint64_t epoch) const {
  const ColumnInfo& image = find_column(columns, ColumnKind::features, "noisy");
  const ColumnInfo& time = find_column(columns, ColumnKind::features, "time");
  const ColumnInfo& prediction = find_column(columns, ColumnKind::targets, "prediction");
  const bool labelled = count_columns(columns, ColumnKind::features) == 3;
  const std::size_t count = indices.size(), size = image.size;
  if (prediction.size != size)
    throw Error("Diffusion: expected a column \"prediction\" as wide as \"noisy\", of " + std::to_string(size) +
                " numbers, got " + std::to_string(prediction.size));
  static thread_local std::vector<T> noise;  // a training step takes nothing from the heap
  noise.resize(size);
  for (std::size_t i = 0; i < count; ++i) {
    const auto sample = static_cast<std::uint32_t>(indices[i]);
    Stream choice(seed, Purpose::diffusion, sample, 2 * epoch);
    const std::size_t t = 1 + static_cast<std::size_t>(choice.below(schedule.steps()));
    const bool dropped = choice.uniform<double>() < drop_label;
    kernels::fill_normal(noise.data(), 1, size, Stream(seed, Purpose::diffusion, sample, 2 * epoch + 1));

    T* const row = features.data() + i * (features.size() / count);
    const std::span<T> x(row + image.offset, size);
    const std::span<T> y(targets.data() + i * (targets.size() / count) + prediction.offset, size);
    schedule.target(predicts, std::span<const T>(x), std::span<const T>(noise), t, y);
    schedule.add_noise(std::span<const T>(x), std::span<const T>(noise), t, x);
    row[time.offset] = static_cast<T>(static_cast<double>(t) / static_cast<double>(schedule.steps()));
    if (labelled && dropped) {
      const ColumnInfo& label = find_column(columns, ColumnKind::features, "label");
      std::fill_n(row + label.offset, label.size, T(0));
    }
  }
}

namespace detail {

std::vector<std::int32_t> no_labels(std::size_t count, std::size_t numbers) {
  if (count > std::vector<double>{}.max_size() / numbers) refuse_rows("Diffusion", count, numbers);
  std::vector<std::int32_t> labels;
  make_row_room(labels, "Diffusion", count);
  std::ranges::fill(labels, ignore_index);
  return labels;
}

void sampler_noise(std::span<float> to, std::size_t count, std::uint64_t seed, std::uint64_t step) {
  if (count > 0)
    kernels::fill_normal(to.data(), count, to.size() / count,
                         Stream(seed, Purpose::diffusion, ~std::uint32_t{0}, step));
}
void sampler_noise(std::span<double> to, std::size_t count, std::uint64_t seed, std::uint64_t step) {
  if (count > 0)
    kernels::fill_normal(to.data(), count, to.size() / count,
                         Stream(seed, Purpose::diffusion, ~std::uint32_t{0}, step));
}

}  // namespace detail

template Dataset<float> Diffusion::columns(const Dataset<float>&) const;
template Dataset<double> Diffusion::columns(const Dataset<double>&) const;
template Dataset<float> Diffusion::corrupted(const Dataset<float>&, std::uint64_t) const;
template Dataset<double> Diffusion::corrupted(const Dataset<double>&, std::uint64_t) const;
template void Diffusion::corrupt(std::span<float>, std::span<float>, std::span<const ColumnInfo>,
                                 std::span<const std::size_t>, std::uint64_t, std::uint64_t) const;
template void Diffusion::corrupt(std::span<double>, std::span<double>, std::span<const ColumnInfo>,
                                 std::span<const std::size_t>, std::uint64_t, std::uint64_t) const;

}  // namespace tenon
