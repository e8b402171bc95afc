#pragma once

#include <algorithm>
#include <cstddef>

#include <tenon/dist/gradient_cut.hpp>
#include <tenon/dist/smallest_shard.hpp>
#include <tenon/model/arena.hpp>
#include <tenon/net/layer.hpp>
#include <tenon/net/layout.hpp>
#include <tenon/net/select.hpp>

/// The memory that a Trainer runs a batch in, and how batches and arenas are divided.
namespace tenon::detail {

struct IndexRange {
  size_t first, count;
};

template <class U>
Rows<U> rows_of(Rows<U> all, IndexRange range) {
  return {all[range.first], range.count, all.stride};
}

/// Pieces of the parameters' arena begin on cache lines.
constexpr IndexRange piece_of(IndexRange whole, size_t number, size_t pieces) {
  const size_t lines = whole.count / alignment;
  const size_t first = number * lines / pieces * alignment;
  return {whole.first + first, (number + 1) * lines / pieces * alignment - first};
}

/// What one thread, or one shard of a batch, works in. The first one's gradients and running statistics are the
/// trainer's and the model's; the others have `own` ones, and read what does not learn in the model's arena.
template <class Net, class Bound, class T>
struct TrainingSpace {
  static constexpr Layout layout = layout_of<Bound>;
  static constexpr size_t scratch_sample = std::max(layout.needs.forward.sample, layout.needs.backward.sample);
  static constexpr size_t scratch_once = std::max(layout.needs.forward.fixed, layout.needs.backward.fixed);
  static constexpr size_t own_buffers = running_statistics<Net>.count > 0 ? layout.buffer_size : 0;
  /// A layer computes, or keeps, something of all samples of a batch: threads that share one have to tell each other.
  static constexpr bool looks_at_batch = layout.looks_at_batch || layout.keeps_apart;
  /// The numbers it takes for each of its samples, and those it takes once.
  static constexpr size_t sample = layout.needs.saved.sample + scratch_sample;
  static constexpr size_t fixed = layout.needs.saved.fixed + scratch_once;
  static constexpr size_t own_numbers = layout.trainable_size + own_buffers;
  /// A part of a batch smaller than this is not worth a thread.
  static constexpr size_t smallest_part = 8;

  static constexpr size_t largest_part(size_t batch_size, size_t threads) {
    if (threads == 1) return batch_size;
    return std::max((batch_size + threads - 1) / threads, std::min(batch_size, 2 * smallest_part));
  }
  /// How many numbers a batch takes on so many threads.
  static constexpr size_t of_threads(size_t batch_size, size_t threads) {
    if (looks_at_batch && threads > 1) return of_shards(batch_size, 1, threads, false);
    return threads * (fixed + largest_part(batch_size, threads) * sample) + (threads - 1) * layout.trainable_size;
  }
  /// The same in shards, on the busiest of several ranks: a space for each of its shards, and what others send that
  /// does not arrive in the trainer's own gradients.
  static constexpr size_t of_shards(size_t batch_size, size_t ranks, size_t shards, bool split) {
    const size_t most = std::clamp<size_t>(batch_size / smallest_shard, 1, shards);
    const size_t largest = std::max((batch_size + shards - 1) / shards, std::min(batch_size, 2 * smallest_shard - 1));
    return (most + ranks - 1) / ranks * (fixed + largest * sample + own_numbers) +
           largest_received(layout.trainable_size, ranks, most, sizeof(T), split);
  }
  /// The numbers of the optimizer's arrays on the rank that has the most of them.
  static constexpr size_t largest_own(size_t ranks, bool split) {
    return split && ranks > 1 ? split_cut(layout.trainable_size, ranks, sizeof(T)).numbers_of(0)
                              : layout.trainable_size;
  }

  TrainingSpace(size_t samples, bool own)
      : saved(layout.needs.saved.sample * samples),
        saved_fixed(layout.needs.saved.fixed),
        scratch(scratch_sample * samples),
        scratch_fixed(scratch_once),
        gradients(own ? layout.trainable_size : 0),
        buffers(own ? own_buffers : 0) {}

  Arena<T> saved;
  Arena<T> saved_fixed;
  Arena<T> scratch;
  Arena<T> scratch_fixed;
  Arena<T> gradients;
  Arena<T> buffers;
};

}  // namespace tenon::detail
