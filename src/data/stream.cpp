#include <tenon/data/stream.hpp>

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include <tenon/data/augmentation.hpp>
#include <tenon/data/stream_reader.hpp>
#include <tenon/error.hpp>

#include "../row_room.hpp"
#include "batch_ring.hpp"
#include "stream_access.hpp"

namespace tenon::detail {

namespace {

/// Samples as evaluation takes them: normalised, the middle cut out.
template <class T>
class PreparedRows : public RowSource<T> {
public:
  explicit PreparedRows(const Dataset<T>& data) : data_(data) {
    const RowSource<T>& source = *data.source();
    this->name = source.name;
    this->buffer = source.buffer;
    this->workers = source.workers;
  }
  bool by_index() const override { return data_.source()->by_index(); }
  void forget() const override { data_.source()->forget(); }
  std::span<const std::size_t> blocks() const override { return data_.source()->blocks(); }
  void read(std::size_t index, Sample<T>& to) const override {
    Space space(data_);
    space.around(to, [&](Sample<T>& raw) { return data_.source()->read(index, raw), true; });
  }
  std::unique_ptr<RowReader<T>> open(std::uint64_t epoch, std::span<const std::size_t> order) const override {
    return std::make_unique<Reader>(data_, data_.source()->open(epoch, order));
  }

private:
  struct Space {
    explicit Space(const Dataset<T>& of) : data(of), features(of.sample_size()), scratch(of.augmentation()->scratch) {}

    template <class F>
    bool around(Sample<T>& to, F read) {
      Sample<T> raw{to.features.empty() ? std::span<T>{} : std::span<T>(features), to.labels, to.targets, to.weight};
      if (!read(raw)) return false;
      to.weight = raw.weight;
      if (!to.features.empty()) data.give_row(features.data(), to.features.data(), scratch.data(), nullptr);
      return true;
    }

    const Dataset<T>& data;
    std::vector<T> features, scratch;
  };
  class Reader : public RowReader<T> {
  public:
    Reader(const Dataset<T>& data, std::unique_ptr<RowReader<T>> rows) : space_(data), rows_(std::move(rows)) {}
    bool next(Sample<T>& to) override {
      return space_.around(to, [this](Sample<T>& raw) { return rows_->next(raw); });
    }

  private:
    Space space_;
    std::unique_ptr<RowReader<T>> rows_;
  };

  Dataset<T> data_;  // the stream, which refers to its source
};

}  // namespace

template <std::floating_point T>
Dataset<T> Streaming<T>::make(const Dataset<T>& like, std::shared_ptr<const RowSource<T>> source, std::size_t length) {
  Dataset<T> stream = like.template described<T>();
  stream.size_ = length;
  for (const ColumnInfo& c : stream.columns_) {
    if (c.kind == ColumnKind::labels) {
      make_row_room(stream.labels_, source->name, 1, c.offset + c.size);
      std::fill_n(stream.labels_.end() - static_cast<std::ptrdiff_t>(c.size), c.size,
                  static_cast<std::int32_t>(c.classes) - 1);
    }
    if (c.kind == ColumnKind::weights) stream.weights_.assign(1, T(1));
  }
  stream.source_ = std::move(source);
  return stream;
}

template <std::floating_point T>
std::shared_ptr<const RowSource<T>> Streaming<T>::prepared(const Dataset<T>& stream) {
  return std::make_shared<PreparedRows<T>>(stream);
}

template <std::floating_point T>
Dataset<T> Streaming<T>::read(const Dataset<T>& stream, std::size_t count) {
  Dataset<T> rows = stream, result = stream.template described<T>();
  rows.augment(nullptr, 0);
  result.size_ = count;
  if (count == 0) return result;
  const std::size_t most = std::min<std::size_t>(count, 256);
  StreamReader<T> reader("take", rows, most);
  make_row_room(result.features_, "take", count, rows.sample_size());
  make_row_room(result.targets_, "take", count, rows.target_size());
  make_row_room(result.labels_, "take", count, rows.label_size());
  result.features_.clear();
  result.targets_.clear();
  for (std::size_t first = 0; first < count; first += most) {
    const Batch<T>& b = reader.read(first, std::min(most, count - first));
    result.features_.insert(result.features_.end(), b.features.begin(), b.features.end());
    result.targets_.insert(result.targets_.end(), b.targets.begin(), b.targets.end());
    result.weights_.insert(result.weights_.end(), b.weights.begin(), b.weights.end());
    for (const ColumnInfo& c : rows.columns())  // a block for each column
      if (c.kind == ColumnKind::labels)
        std::copy_n(b.labels.data() + b.count * c.offset, b.count * c.size,
                    result.labels_.data() + count * c.offset + first * c.size);
  }
  return result;
}

template struct Streaming<float>;
template struct Streaming<double>;

template <class T>
Dataset<T> make_stream(const Dataset<T>& like, std::shared_ptr<RowSource<T>> source, std::optional<std::size_t> known,
                       const StreamOptions& options) {
  source->name = options.name;
  source->buffer = options.buffer;
  source->workers = options.workers;
  const auto expect = [&](bool good, const auto& what) {
    if (!good) throw Error(fmt::format("{}: expected {}", options.name, what));
  };
  expect(!like.columns().empty(), "columns of samples, got a data set without any");
  expect(options.buffer > 0, "a buffer of at least 1 sample, got 0");
  expect(options.workers <= most_workers, fmt::format("at most {} .workers, got {}", most_workers, options.workers));
  expect(known || options.length,
         "the number of samples in an epoch, as the source does not say how many it has: .length");
  const std::size_t length = options.length.value_or(known.value_or(0));
  expect(length > 0, "at least one sample in an epoch, got 0");
  expect(!known || length <= *known,
         fmt::format("at most the {} samples of the source, got .length = {}", known.value_or(0), length));
  return Streaming<T>::make(like, std::move(source), length);
}

template Dataset<float> make_stream(const Dataset<float>&, std::shared_ptr<RowSource<float>>,
                                    std::optional<std::size_t>, const StreamOptions&);
template Dataset<double> make_stream(const Dataset<double>&, std::shared_ptr<RowSource<double>>,
                                     std::optional<std::size_t>, const StreamOptions&);

}  // namespace tenon::detail
