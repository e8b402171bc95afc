#pragma once

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
#include <tenon/report/progress.hpp>
#include <tenon/train/callback.hpp>
#include <tenon/train/history.hpp>

/// What `fit`, `evaluate` and `measure` do so that several ranks train as one.
namespace tenon::detail {

/// What a rank is about to train.
struct RunFingerprint {
  std::uint64_t program = 0, epochs = 0, batch_size = 0, shards = 0, seed = 0, weights = 0, samples = 0, data = 0;
  double lr = 0;
};
/// Throws an AgreedError of `who` that says what differs, and on which ranks, unless all ranks have the same.
void expect_same_run(Communicator& ranks, const RunFingerprint& mine, std::string_view who = "fit");
/// The same for a checkpoint that all of them read.
void expect_same_file(Communicator& ranks, const std::string& path);

/// Puts the seconds of all ranks since the last call into the record of an epoch.
void gather_seconds(Communicator& ranks, EpochRecord& record);
/// "compute 81 %, wait 6 %, exchange 9 %": shares of the epoch, averaged over the ranks; empty for one process.
std::string describe_seconds(const EpochRecord& record);
/// Ends an epoch's line with the metrics of its record and that text.
void show_epoch(Progress& progress, std::span<const NamedValue> values, const EpochRecord& record);

/// Where two ranks have the same hash they have the same, but for chance. Of a data set all labels and weights are
/// hashed, but the features of some samples all over it, so that one that is mapped from a file is not read as a whole.
std::uint64_t hash_text(std::string_view text);
std::uint64_t hash_numbers(std::span<const float> numbers);
std::uint64_t hash_numbers(std::span<const double> numbers);
std::uint64_t hash_data(const Dataset<float>& data);
std::uint64_t hash_data(const Dataset<double>& data);

/// Calls f; an exception that it throws on this rank alone ends all ranks, with one message.
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
