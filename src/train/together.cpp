#include <tenon/train/together.hpp>

#include <tenon/data/stream_reader.hpp>
#include <tenon/kernels/blas_gemm.hpp>
#include <tenon/kernels/dispatch.hpp>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "hash.hpp"

namespace tenon::detail {

namespace {

/// A hash as a double holds it.
double short_of(std::uint64_t hash) { return static_cast<double>(hash >> 12); }

/// The first rank whose number k is another than the first rank's, or 0.
std::size_t differing(const std::vector<double>& all, std::size_t each, std::size_t k) {
  for (std::size_t r = 1; r < all.size() / each; ++r)
    if (all[r * each + k] != all[k]) return r;
  return 0;
}

template <class T>
std::uint64_t hash_samples(const Dataset<T>& data) {
  constexpr std::size_t most = 64;
  Hash hash;
  hash.add(std::uint64_t{data.size()});
  hash.add(std::uint64_t{data.sample_size()});
  StreamReader<T> stream("fit", data, 1);
  for (std::size_t i = 0; i < std::min(most, data.size()); ++i) {
    const std::size_t sample = i * data.size() / std::min(most, data.size());
    if (data.streamed()) {
      const Batch<T>& read = stream.read(sample, 1);
      hash.add(std::span<const T>(read.features));
      hash.add(std::span<const T>(read.targets));
      for (const std::int32_t label : read.labels) hash.add(static_cast<std::uint64_t>(label));
      continue;
    }
    hash.add(std::span<const T>(data.sample(sample)));
    hash.add(std::span<const T>(data.target(sample)));
  }
  if (!data.streamed()) {  // every rank reads all labels and weights, and they are few against the features
    hash.add(data.labels());
    hash.add(data.weights());
  }
  return hash.sum();
}
template <class T>
std::uint64_t hash_all(std::span<const T> numbers) {
  Hash hash;
  hash.add(numbers);
  return hash.sum();
}

/// Loops and the BLAS are chosen for the processor, and by OPENBLAS_CORETYPE, and each choice rounds in an order of its
/// own. Two that differ here do so in any weights; this product is large enough for the blocks of all kernels of
/// OpenBLAS.
template <class T>
void add_product(Hash& hash) {
  constexpr std::size_t rows = 64, columns = 96, inner = 700;
  std::vector<T> a(rows * inner), b(inner * columns), product(rows * columns);
  const auto fill = [](std::vector<T>& numbers, std::uint64_t odd) {
    for (std::uint64_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<T>(i * odd % 1000) / 1000 - T{0.5};
  };
  fill(a, 2654435761U);
  fill(b, 2246822519U);
  BlasGemm::gemm(kernels::Transpose::no, kernels::Transpose::no, rows, columns, inner, 1, a.data(), inner, b.data(),
                 columns, 0, product.data(), columns);
  hash.add(std::span<const T>(product));
}
std::uint64_t hash_arithmetic() {
  Hash hash;
  hash.add(static_cast<std::uint64_t>(kernels::cpu_level()));
  add_product<float>(hash);
  add_product<double>(hash);
  return hash.sum();
}

}  // namespace

std::uint64_t hash_text(std::string_view text) {
  Hash hash;
  hash.add(text);
  return hash.sum();
}
std::uint64_t hash_numbers(std::span<const float> numbers) { return hash_all(numbers); }
std::uint64_t hash_numbers(std::span<const double> numbers) { return hash_all(numbers); }
std::uint64_t hash_data(const Dataset<float>& data) { return hash_samples(data); }
std::uint64_t hash_data(const Dataset<double>& data) { return hash_samples(data); }

void expect_same_run(Communicator& ranks, const RunFingerprint& f, std::string_view who) {
  struct Item {
    const char* name;
    double value;
    bool is_hash;
  };
  const Item items[]{{"program (network, loss, optimizer, callbacks)", short_of(f.program), true},
                     {"arithmetic (kind of processor, BLAS, OPENBLAS_CORETYPE)", short_of(hash_arithmetic()), true},
                     {"number of epochs", static_cast<double>(f.epochs), false},
                     {"batch_size", static_cast<double>(f.batch_size), false},
                     {"shards", static_cast<double>(f.shards), false},
                     {"seed", static_cast<double>(f.seed & 0xffffffff), false},
                     {"seed", static_cast<double>(f.seed >> 32), false},
                     {"learning rate", f.lr, false},
                     {"number of samples", static_cast<double>(f.samples), false},
                     {"data", short_of(f.data), true},
                     {"weights at the start (the seed of the Model)", short_of(f.weights), true}};
  std::vector<double> mine, all;
  for (const Item& item : items) mine.push_back(item.value);
  gather_numbers(ranks, Phase::start, mine, all);
  for (std::size_t k = 0; k < mine.size(); ++k) {
    const std::size_t other = differing(all, mine.size(), k);
    if (other == 0) continue;
    if (items[k].is_hash)
      throw AgreedError(fmt::format("{}: expected the same {} on all ranks, got another on rank {} than on rank 0", who,
                                    items[k].name, other));
    throw AgreedError(fmt::format("{}: expected the same {} on all ranks, got {} on rank 0 and {} on rank {}", who,
                                  items[k].name, all[k], all[other * mine.size() + k], other));
  }
}

void expect_same_file(Communicator& ranks, const std::string& path) {
  Hash hash;
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"), std::fclose);
  std::vector<std::uint64_t> block(8192);
  while (file) {
    const std::size_t bytes = std::fread(block.data(), 1, block.size() * 8, file.get());
    if (bytes == 0) break;
    for (std::size_t i = bytes; i < (bytes + 7) / 8 * 8; ++i) reinterpret_cast<unsigned char*>(block.data())[i] = 0;
    for (std::size_t i = 0; i < (bytes + 7) / 8; ++i) hash.add(block[i]);
  }
  const double mine[]{file ? 1.0 : 0.0, short_of(hash.sum())};
  std::vector<double> all;
  gather_numbers(ranks, Phase::start, mine, all);
  if (const std::size_t other = differing(all, 2, 0))
    throw AgreedError(fmt::format(
        "{}: expected this checkpoint on all ranks or on none, got it on rank {} and not on rank {}; all ranks read it",
        path, all[0] == 1 ? 0 : other, all[0] == 1 ? other : 0));
  if (const std::size_t other = differing(all, 2, 1))
    throw AgreedError(fmt::format(
        "{}: expected the same checkpoint on all ranks, got another on rank {} than on rank 0", path, other));
}

void gather_seconds(Communicator& ranks, EpochRecord& record) {
  const RankSeconds mine = std::exchange(ranks.seconds, {});
  const double numbers[]{mine.compute, mine.wait, mine.exchange};
  gather_numbers(ranks, Phase::callbacks, numbers, record.rank_seconds);
}

std::string describe_seconds(const EpochRecord& record) {
  RankSeconds sum;
  const std::vector<RankSeconds> ranks = record.ranks();
  for (const RankSeconds& r : ranks) {
    sum.compute += r.compute;
    sum.wait += r.wait;
    sum.exchange += r.exchange;
  }
  const double whole = record.seconds * static_cast<double>(ranks.size()) / 100;
  if (!(whole > 0)) return {};
  return fmt::format("compute {:.0f} %, wait {:.0f} %, exchange {:.0f} %", sum.compute / whole, sum.wait / whole,
                     sum.exchange / whole);
}
void show_epoch(Progress& progress, std::span<const NamedValue> values, const EpochRecord& record) {
  if (record.metrics.empty()) return progress.finish(values, describe_seconds(record));
  std::vector<NamedValue> all(values.begin(), values.end());
  for (const EpochRecord::Metric& m : record.metrics) all.push_back({m.name, m.value});
  progress.finish(all, describe_seconds(record));
}

}  // namespace tenon::detail
