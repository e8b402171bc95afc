#include <tenon/data/stream.hpp>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include <tenon/error.hpp>

#include "../io/words.hpp"
#include "mapped_array.hpp"
#include "npy.hpp"
#include "text.hpp"

namespace tenon {

namespace {

using detail::MappedArray;

/// What stands before a message about all of several files.
std::string name_of(const std::vector<std::string>& files) {
  return files.size() == 1 ? files[0] : fmt::format("{} and {} more", files[0], files.size() - 1);
}

std::int64_t integer_at(const MappedArray& array, std::size_t i) {
  const auto as = [&]<class Stored>(Stored value) {
    std::memcpy(&value, array.bytes.data() + i * sizeof(Stored), sizeof(Stored));
    return static_cast<std::int64_t>(value);
  };
  if (array.type == DType::i32) return as(std::int32_t{});
  if (array.type == DType::i64) return as(std::int64_t{});
  return as(std::uint8_t{});
}

/// A column's files, and how many samples are in those before each.
struct FileRows {
  ColumnKind kind = ColumnKind::features;
  std::vector<MappedArray> arrays;
  std::vector<std::size_t> shape{};  // of a sample
  std::size_t size = 1;
};

template <class T>
class ArrayRows : public detail::RowSource<T> {
public:
  std::vector<FileRows> columns;
  std::vector<std::size_t> start{0};  // of each file, and of what would come behind the last

  bool by_index() const override { return true; }
  void forget() const override {
    for (const FileRows& c : columns)
      for (const MappedArray& a : c.arrays) a.file.forget();
  }
  void read(std::size_t index, Sample<T>& to) const override {
    const auto file = static_cast<std::size_t>(std::ranges::upper_bound(start, index) - start.begin()) - 1;
    const std::size_t row = index - start[file];
    std::size_t feature = 0, label = 0, target = 0;
    for (const FileRows& c : columns) {
      const MappedArray& from = c.arrays[file];
      const std::size_t each = c.size * dtype_bits(from.type) / 8;
      const auto numbers = [&](T* out) { detail::widen(from.type, from.bytes.subspan(row * each, each), out); };
      if (c.kind == ColumnKind::weights) {
        numbers(&to.weight);
      } else if (c.kind == ColumnKind::labels) {
        for (std::size_t i = 0; i < c.size; ++i, ++label) {
          const std::int64_t value = integer_at(from, row * c.size + i);
          if (std::cmp_less(value, std::numeric_limits<std::int32_t>::min()) ||
              std::cmp_greater(value, std::numeric_limits<std::int32_t>::max()))
            throw Error(fmt::format("{}: row {}: expected a class, got {}", from.path, row, value));
          to.labels[label] = static_cast<std::int32_t>(value);
        }
      } else {
        const bool answers = c.kind == ColumnKind::targets;
        const std::span<T> space = answers ? to.targets : to.features;
        std::size_t& offset = answers ? target : feature;
        if (!space.empty()) numbers(space.data() + offset);
        offset += c.size;
      }
    }
  }
};

MappedArray map_array(const std::string& file, const std::string& column) {
  if (file.ends_with(".npy")) return detail::map_npy(file);
  if (file.ends_with(".safetensors")) return detail::map_safetensors(file, column);
  throw Error(file + ": expected a .npy or a .safetensors file");
}

FileRows map_column(const FileColumn& column, const std::string& name) {
  if (column.files.empty()) throw Error(fmt::format("stream_files: column \"{}\": expected files, got none", name));
  FileRows rows{.kind = column.kind, .arrays = {}};
  for (const std::string& file : column.files) {
    MappedArray array = map_array(file, name);
    const auto expect = [&](bool good, const auto& what) {
      if (!good)
        throw Error(fmt::format("{}: expected {}, got {}", file, what,
                                array.shape.empty() ? "a number" : "an array of " + detail::shape_text(array.shape)));
    };
    expect(!array.shape.empty() && (column.kind != ColumnKind::features || array.shape.size() > 1),
           column.kind == ColumnKind::features ? "an array of samples, of at least two axes" : "an array of samples");
    std::vector<std::size_t> shape(array.shape.begin() + 1, array.shape.end());
    if (shape.empty()) shape.push_back(1);
    if (rows.arrays.empty()) {
      rows.shape = shape;
      for (const std::size_t extent : shape) rows.size *= extent;
      expect(rows.size > 0 && (column.kind != ColumnKind::weights || rows.size == 1), "samples of numbers");
    }
    if (shape != rows.shape)
      throw Error(fmt::format("{}: expected samples of {}, as in {}, got {}", file, detail::shape_text(rows.shape),
                              column.files[0], detail::shape_text(shape)));
    if (column.kind == ColumnKind::labels && (array.type == DType::f32 || array.type == DType::f64))
      throw Error(fmt::format("{}: expected integer labels, got floating-point numbers", file));
    rows.arrays.push_back(std::move(array));
  }
  return rows;
}

/// CSV files, of which a reader holds one.
template <class T>
class CsvRows : public detail::RowSource<T> {
public:
  std::vector<std::string> files;
  std::vector<std::size_t> sizes{};
  CsvOptions options{};
  std::vector<ColumnInfo> columns{};

  bool by_index() const override { return false; }
  std::span<const std::size_t> blocks() const override { return sizes; }
  std::unique_ptr<detail::RowReader<T>> open(std::uint64_t, std::span<const std::size_t> order) const override {
    return std::make_unique<Reader>(*this, order);
  }

private:
  class Reader : public detail::RowReader<T> {
  public:
    Reader(const CsvRows& rows, std::span<const std::size_t> order) : rows_(rows), order_(order.begin(), order.end()) {}

    bool next(Sample<T>& to) override {
      while (row_ == size_) {
        if (!advance()) return false;
      }
      if (!loaded_) load();
      std::ranges::copy(data_.sample(row_), to.features.begin());
      std::ranges::copy(data_.target(row_), to.targets.begin());
      for (const ColumnInfo& c : data_.columns())
        if (c.kind == ColumnKind::labels)
          std::copy_n(data_.labels().data() + size_ * c.offset + row_ * c.size, c.size, to.labels.data() + c.offset);
      ++row_;
      return true;
    }
    std::size_t skip(std::size_t count, Sample<T>&) override {
      std::size_t left = count;
      while (left > 0) {
        const std::size_t here = std::min(left, size_ - row_);
        row_ += here;
        left -= here;
        if (left > 0 && !advance()) break;
      }
      return count - left;
    }

  private:
    /// To the next file, which is not read yet.
    bool advance() {
      if (next_ == order_.size()) return false;
      file_ = order_[next_++];
      size_ = rows_.sizes[file_];
      row_ = 0;
      loaded_ = false;
      return true;
    }
    void load() {
      data_ = {};  // first one goes, then the other comes
      data_ = read_csv<T>(rows_.files[file_], rows_.options);
      if (data_.size() != size_)
        throw Error(fmt::format("{}: expected {} samples, as when the stream was made, got {}", rows_.files[file_],
                                size_, data_.size()));
      loaded_ = true;
    }

    const CsvRows& rows_;
    std::vector<std::size_t> order_;
    std::size_t next_ = 0, file_ = 0, size_ = 0, row_ = 0;
    bool loaded_ = false;
    Dataset<T> data_{};
  };
};

}  // namespace

template <class T>
Dataset<T> stream_files(const std::vector<FileColumn>& columns, const StreamOptions& options) {
  auto source = std::make_shared<ArrayRows<T>>();
  ColumnSet<T> like;
  for (const FileColumn& column : columns) {
    const std::string name = !column.name.empty() ? column.name : std::string(kind_name(column.kind));
    FileRows rows = map_column(column, name);
    if (!source->columns.empty() && rows.arrays.size() != source->columns[0].arrays.size())
      throw Error(fmt::format("stream_files: column \"{}\": expected {} files, as many as in the first column, got {}",
                              name, source->columns[0].arrays.size(), rows.arrays.size()));
    for (std::size_t k = 0; k < rows.arrays.size(); ++k) {
      const std::size_t count = rows.arrays[k].shape[0];
      if (source->columns.empty()) {
        source->start.push_back(source->start.back() + count);
      } else if (const MappedArray& first = source->columns[0].arrays[k]; count != first.shape[0]) {
        throw Error(fmt::format("{}: expected {} samples, as many as there are in {}, got {}", rows.arrays[k].path,
                                first.shape[0], first.path, count));
      }
    }
    if (column.kind == ColumnKind::features) like.add(Features<T>{name, rows.shape, {}});
    else if (column.kind == ColumnKind::labels) like.add(Labels{{}, column.classes, rows.size, name});
    else if (column.kind == ColumnKind::targets) like.add(Targets<T>{{}, rows.size, name, rows.shape});
    else like.add(SampleWeights<T>{{}, name});
    source->columns.push_back(std::move(rows));
  }
  const std::size_t size = source->start.back();
  StreamOptions named = options;
  if (named.name == StreamOptions{}.name && !columns.empty()) named.name = name_of(columns[0].files);
  return detail::make_stream<T>(Dataset<T>(std::move(like)), std::move(source), size, named);
}

template <class T>
Dataset<T> stream_csv(const std::vector<std::string>& files, const CsvOptions& csv, const StreamOptions& options) {
  if (files.empty()) throw Error("stream_csv: expected files, got none");
  auto source = std::make_shared<CsvRows<T>>();
  source->files = files;
  source->options = csv;
  std::size_t size = 0, classes = 0;
  Dataset<T> like;
  for (const std::string& file : files) {
    const CsvTable<T> table = read_csv_table<T>(file, source->options);
    const std::span<const ColumnInfo> given = table.data.columns();
    if (source->columns.empty()) {
      source->columns.assign(given.begin(), given.end());
      if (csv.like.empty()) source->options.like = table.columns;
    }
    std::vector<ColumnInfo> here(given.begin(), given.end());
    for (std::size_t k = 0; k < std::min(here.size(), source->columns.size());
         ++k)  // unless they are said, there may be more
      if (csv.classes == 0 && here[k].kind == ColumnKind::labels) here[k].classes = source->columns[k].classes;
    if (here != source->columns)
      throw Error(fmt::format("{}: expected the columns {}, as in {}, got {}", file,
                              detail::describe_columns(source->columns), files[0], detail::describe_columns(given)));
    classes = std::max(classes, table.data.classes());
    source->sizes.push_back(table.data.size());
    size += table.data.size();
  }
  if (classes > 0) source->options.classes = classes;
  like = read_csv<T>(files[0], source->options);
  StreamOptions named = options;
  if (named.name == StreamOptions{}.name) named.name = name_of(files);
  return detail::make_stream<T>(like, std::move(source), size, named);
}

template Dataset<float> stream_files(const std::vector<FileColumn>&, const StreamOptions&);
template Dataset<double> stream_files(const std::vector<FileColumn>&, const StreamOptions&);
template Dataset<float> stream_csv(const std::vector<std::string>&, const CsvOptions&, const StreamOptions&);
template Dataset<double> stream_csv(const std::vector<std::string>&, const CsvOptions&, const StreamOptions&);

}  // namespace tenon
