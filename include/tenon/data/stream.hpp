#pragma once

#include <tenon/net/refuse.hpp>  // first: compilers print the path of includes that leads to an error

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <tenon/data/csv.hpp>
#include <tenon/data/dataset.hpp>
#include <tenon/data/row_source.hpp>
#include <tenon/net/mistakes.hpp>

/// Data that are read while a network trains, so that there may be more of them than memory. A stream is a Dataset:
/// `fit`, `evaluate`, `measure`, `find_lr`, `typed`, `augmented` (but for Mixup) and a DataLoader take it as one; what
/// wants all numbers at once (split, subset, standardize, describe) refuses it, and `take(n)` reads some samples into
/// memory.
///
/// In memory are the batches that are being prepared, the numbers of `buffer` samples where they come one after the
/// other, and of samples that are read by number 8 bytes for each of `buffer`. None of it grows with the data.
namespace tenon {

struct StreamOptions {
  /// So many samples are shuffled at a time: the next `buffer` of the source's are put in random order. Before that,
  /// the order of what is read is random too: of files of which each is read as a whole, or, where samples are read by
  /// number, of pieces of buffer / 16. With as many as there are samples the order is that of the same data in memory.
  size_t buffer = 8192;
  /// Samples in an epoch: needed where the source does not say how many it has; where it does, at most so many.
  std::optional<size_t> length{};
  /// Threads that prepare batches ahead; 0: a loader reads when it is asked. A source that gives one sample after the
  /// other has one at most. No bit depends on it. At most 1024.
  size_t workers = 1;
  /// As errors call the source.
  std::string name = "stream";
};

/// A source of samples by their number:
///
///     struct Sines {
///       size_t size() const { return 1'000'000; }
///       void read(size_t index, Sample<float>& to) const { ... }  // fills to.features, to.targets
///     };
///
/// `read` is called by several threads at a time, and leaves alone what is empty: a rank that trains with others asks
/// for the labels of all samples of a batch, and for features and targets of its own.
template <class S, class T = float>
concept IndexedSource = requires(const S& source, size_t i, Sample<T>& to) {
  { source.size() } -> std::convertible_to<size_t>;
  source.read(i, to);
};

/// A source of one sample after the other: `open(epoch)` gives what is called for each and returns false at the end.
///
///     struct Log {
///       auto open(std::uint64_t epoch) const {
///         return [file = std::ifstream("log.txt")](Sample<float>& to) mutable { ... return bool(file); };
///       }
///     };
///
/// Every loader and every epoch opens anew, and nobody shares what was opened. It may have `size()`, and what it opens
/// `skip(count)`, which returns how many samples it has passed over; else a run that is resumed amid an epoch reads
/// what lies before. Ranks that train together refuse it, as each would have to read the samples of all.
template <class S, class T = float>
concept IteratedSource = requires(const S& source, std::uint64_t epoch, Sample<T>& to) {
  { source.open(epoch)(to) } -> std::convertible_to<bool>;
};

/// What `make_stream` takes: samples by index, or one after the other.
template <class S, class T = float>
concept Source = IndexedSource<S, T> || IteratedSource<S, T>;

namespace detail {

/// The stream; an Error where its length is not known, or is 0. `known`: how many samples the source has.
template <class T>
Dataset<T> make_stream(const Dataset<T>& like, std::shared_ptr<RowSource<T>> source, std::optional<size_t> known,
                       const StreamOptions& options);
extern template Dataset<float> make_stream(const Dataset<float>&, std::shared_ptr<RowSource<float>>,
                                           std::optional<size_t>, const StreamOptions&);
extern template Dataset<double> make_stream(const Dataset<double>&, std::shared_ptr<RowSource<double>>,
                                            std::optional<size_t>, const StreamOptions&);

template <class S, class T>
class UsersRows : public RowSource<T> {
public:
  explicit UsersRows(S source) : source_(std::move(source)) {}

  std::optional<size_t> size() const {
    if constexpr (requires {
                    { source_.size() } -> std::convertible_to<size_t>;
                  })
      return static_cast<size_t>(source_.size());
    else return std::nullopt;
  }
  bool by_index() const override { return IndexedSource<S, T>; }
  void read(size_t index, Sample<T>& to) const override {
    if constexpr (IndexedSource<S, T>) source_.read(index, to);
    else RowSource<T>::read(index, to);
  }
  std::unique_ptr<RowReader<T>> open(std::uint64_t epoch, std::span<const size_t> order) const override {
    if constexpr (!IndexedSource<S, T>)
      return std::make_unique<Reader<decltype(source_.open(epoch))>>(source_.open(epoch));
    else return RowSource<T>::open(epoch, order);
  }

private:
  template <class R>
  class Reader : public RowReader<T> {
  public:
    explicit Reader(R opened) : opened_(std::move(opened)) {}
    bool next(Sample<T>& to) override { return static_cast<bool>(opened_(to)); }
    size_t skip(size_t count, Sample<T>& scratch) override {
      if constexpr (requires {
                      { opened_.skip(count) } -> std::convertible_to<size_t>;
                    })
        return static_cast<size_t>(opened_.skip(count));
      else return RowReader<T>::skip(count, scratch);
    }

  private:
    R opened_;
  };

  S source_;
};

}  // namespace detail

/// The samples of a source, whose columns are those of `like`, a data set without samples:
///
///     const Dataset<float> like{Features<float>{"x", {2}, {}}, Labels{{}, 3}};
///     const auto train = make_stream(Points{}, like, {.buffer = 4096});
///     fit(model, train, Fit{.epochs = 5});
///
/// What a source throws, a label outside the classes, a weight below 0 and an end that comes too early are one Error
/// with the stream's name and the sample's number.
template <class S, std::floating_point T>
  requires Source<S, T> Dataset<T> make_stream(S source, const Dataset<T>& like, const StreamOptions& options = {}) {
    auto rows = std::make_shared<detail::UsersRows<S, T>>(std::move(source));
    const std::optional<size_t> known = rows->size();
    return detail::make_stream<T>(like, std::move(rows), known, options);
  }

/// `size` and `read`, or `open`, of a const object, for such samples.
template <class Sample>
struct a_source_of;

/// What is no source.
template <class S, std::floating_point T>
  requires(!Source<S, T>)
Dataset<T> make_stream(const S&, const Dataset<T>& like, const StreamOptions& = {}) {
  detail::refuse<wrong_argument<argument<"make_stream", "source">, takes<a_source_of<Sample<T>>>, but_gets<S>,
                                write<"size() const, read(i, to) const">>>();
  return like;
}

/// A column whose numbers stand in files, of which each has some of the samples: .npy, or .safetensors, where the
/// column's name is the tensor's. The first axis counts samples. Labels are integers, all else is any type that
/// `read_npy` reads.
struct FileColumn {
  ColumnKind kind = ColumnKind::features;
  std::vector<std::string> files{};  // one behind the other
  std::string name{};                // for .npy "features", "labels", "targets" or "weights" where nothing is said
  size_t classes = 0;                // of labels
};

/// Arrays that stay on the disk and are mapped: any sample is read when its turn comes, and pages are given back after
/// every `buffer` samples.
///
///     const auto train = stream_files({{.files = {"x-0.npy", "x-1.npy"}},
///                                      {.kind = ColumnKind::labels, .files = {"y-0.npy", "y-1.npy"}, .classes = 10}});
///
/// Error: a file that has other samples than the first, or another number of them than its neighbour in another column.
template <class T = float>
Dataset<T> stream_files(const std::vector<FileColumn>& columns, const StreamOptions& options = {});

/// CSV files with the same columns, read as `read_csv` reads each, one at a time: the largest has to fit into memory.
/// Texts and what stands in for gaps are those of the first file, as with `.like`, unless they are given. Every file is
/// read once at the beginning, to be checked and counted. Ranks that train together refuse it: they would read each
/// other's samples.
template <class T = float>
Dataset<T> stream_csv(const std::vector<std::string>& files, const CsvOptions& csv, const StreamOptions& options = {});

extern template Dataset<float> stream_files(const std::vector<FileColumn>&, const StreamOptions&);
extern template Dataset<double> stream_files(const std::vector<FileColumn>&, const StreamOptions&);
extern template Dataset<float> stream_csv(const std::vector<std::string>&, const CsvOptions&, const StreamOptions&);
extern template Dataset<double> stream_csv(const std::vector<std::string>&, const CsvOptions&, const StreamOptions&);

}  // namespace tenon
