#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>

#include <tenon/data/dataset.hpp>
#include <tenon/data/loader.hpp>
#include <tenon/dist/communicator.hpp>
#include <tenon/train/callback.hpp>

/// What `fit`, `evaluate` and `measure` do so that several ranks train as one.
namespace tenon::detail {

/// What a rank is about to train.
struct RunFingerprint {
  std::uint64_t program = 0, epochs = 0, batch_size = 0, shards = 0, seed = 0, weights = 0, samples = 0, data = 0;
  double lr = 0;
};
/// An AgreedError that says what differs, and on which ranks, unless it is the same on all.
void expect_same_run(Communicator& ranks, const RunFingerprint& mine);
/// The same about a checkpoint that all of them read.
void expect_same_file(Communicator& ranks, const std::string& path);

/// FNV-1a.
class Hash {
public:
  void add(std::uint64_t word) {
    for (int i = 0; i < 8; ++i) sum_ = (sum_ ^ ((word >> (8 * i)) & 0xff)) * 1099511628211U;
  }
  template <class T>
  void add(std::span<const T> numbers) {
    for (const T v : numbers) {
      if constexpr (std::is_same_v<T, double>) add(std::bit_cast<std::uint64_t>(v));
      else add(std::uint64_t{std::bit_cast<std::uint32_t>(v)});
    }
  }
  std::uint64_t value() const { return sum_; }

private:
  std::uint64_t sum_ = 14695981039346656037U;
};
inline std::uint64_t hash_text(std::string_view text) {
  Hash hash;
  for (const char c : text) hash.add(static_cast<unsigned char>(c));
  return hash.value();
}
template <class T>
std::uint64_t hash_numbers(std::span<const T> numbers) {
  Hash hash;
  hash.add(numbers);
  return hash.value();
}
/// Of samples all over the data set: one that is mapped from a file is not read for it.
template <class T>
std::uint64_t hash_data(const Dataset<T>& data) {
  constexpr std::size_t most = 64;
  Hash hash;
  hash.add(data.size());
  hash.add(data.sample_size());
  for (std::size_t i = 0; i < std::min(most, data.size()); ++i) {
    const std::size_t sample = i * data.size() / std::min(most, data.size());
    hash.add(std::span<const T>(data.sample(sample)));
    hash.add(std::span<const T>(data.target(sample)));
    if (data.has_labels() && data.label_size() == 1) hash.add(static_cast<std::uint64_t>(data.labels()[sample]));
  }
  return hash.value();
}

/// What f throws on this rank alone ends all ranks, with one message.
template <class F>
auto as_one(Communicator& ranks, F&& f) {
  try {
    return f();
  } catch (const AgreedError&) {
    throw;
  } catch (const std::exception& error) {
    if (ranks.size() > 1) ranks.abort(error.what());
    throw;
  }
}

/// The world where it has several ranks, or null.
inline Communicator* several_ranks() {
  const World* const world = current_world();
  return world && world->ranks && world->ranks->size() > 1 ? world->ranks : nullptr;
}

template <class C, class Run>
concept ChangesBatches = requires(C& c, Run& run, Batch<typename Run::scalar>& batch) {
  c.on_batch(run, batch);
};
template <class Run, class List>
inline constexpr bool has_on_batch = false;
template <class Run, class... C>
inline constexpr bool has_on_batch<Run, Callbacks<C...>> = (ChangesBatches<std::remove_reference_t<C>, Run> || ...);

}  // namespace tenon::detail
