#include <tenon/dist/batch_exchange.hpp>

#include <algorithm>
#include <condition_variable>
#include <mutex>

#include "wall_clock.hpp"

namespace tenon::detail {

template <class T>
struct BatchExchange<T>::Meeting {
  std::mutex mutex;
  std::condition_variable changed;
};
template <class T>
BatchExchange<T>::BatchExchange(Communicator* ranks) : ranks_(ranks), meeting_(std::make_unique<Meeting>()) {}
template <class T>
BatchExchange<T>::~BatchExchange() = default;

template <class T>
void BatchExchange<T>::begin(const ShardPlan& plan, std::size_t working_threads) {
  plan_ = plan;
  computed_ = plan.computed_by(ranks_ ? ranks_->rank() : 0, ranks_ ? ranks_->size() : 1);
  arrived_ = 0;
  free_ = std::max<std::size_t>(working_threads, 1);
  broken_ = false;
}

template <class T>
void BatchExchange<T>::enter() {
  std::unique_lock lock(meeting_->mutex);
  meeting_->changed.wait(lock, [this] { return free_ > 0; });
  --free_;
}
template <class T>
void BatchExchange<T>::leave() {
  {
    const std::lock_guard lock(meeting_->mutex);
    ++free_;
  }
  meeting_->changed.notify_all();
}
template <class T>
void BatchExchange<T>::give_up() {
  {
    const std::lock_guard lock(meeting_->mutex);
    broken_ = true;
  }
  meeting_->changed.notify_all();
}

template <class T>
void BatchExchange<T>::combine(std::size_t local, std::span<const std::span<T>> numbers, const How& how) {
  std::size_t length = 0;
  for (const std::span<T>& n : numbers) length += n.size();
  std::unique_lock lock(meeting_->mutex);
  if (broken_) throw ShardFailed{};
  if (arrived_ == 0) {
    length_ = length;
    own_.resize(length * computed_.size());
  }
  T* next = own_.data() + local * length;
  for (const std::span<T>& n : numbers) next = std::copy(n.begin(), n.end(), next);
  if (++arrived_ == computed_.size()) {
    try {
      finish(how);  // the others wait, so it may take its time
    } catch (...) {
      broken_ = true;
      meeting_->changed.notify_all();
      throw;
    }
    arrived_ = 0;
    ++round_;
    meeting_->changed.notify_all();
  } else {
    const std::uint64_t now = round_;
    ++free_;
    meeting_->changed.notify_all();
    meeting_->changed.wait(lock, [&] { return round_ != now || broken_; });
    if (round_ == now) {
      --free_;  // what `leave` gives back
      throw ShardFailed{};
    }
    meeting_->changed.wait(lock, [this] { return free_ > 0; });
    --free_;
  }
  // of this round: the next one's is written when all shards have come to that
  const T* from = result_.data();
  for (const std::span<T>& n : numbers) {
    std::copy_n(from, n.size(), n.begin());
    from += n.size();
  }
}

/// The tree over shards, in place: the result is where the first one's numbers are.
template <class T>
void BatchExchange<T>::fold(ShardRange range, const How& how) {
  if (range.size() <= 1) return;
  fold({range.first, range.middle()}, how);
  fold({range.middle(), range.end}, how);
  T* const to = shard_[range.first];
  const T* const more = shard_[range.middle()];
  if (how.by == How::By::largest) {
    for (std::size_t i = 0; i < length_; ++i) to[i] = std::max(to[i], more[i]);
    return;
  }
  // of two parts with n and m values: the deviations from both means, and what the means deviate from that of both
  const auto values = [&](std::size_t first, std::size_t end) {
    return static_cast<T>(static_cast<double>(plan_.start_of(end) - plan_.start_of(first)) * how.values_of_sample);
  };
  const T n = values(range.first, range.middle()), m = values(range.middle(), range.end);
  for (std::size_t pair = 0; pair < how.pairs; ++pair) {
    const std::size_t sums = 2 * pair * how.length, deviations = sums + how.length;
    for (std::size_t i = 0; i < how.length; ++i) {
      const T apart = to[sums + i] / n - more[sums + i] / m;
      to[deviations + i] += apart * apart * (n / (n + m) * m);
    }
  }
  for (std::size_t i = 0; i < length_; ++i) to[i] += more[i];
}

template <class T>
void BatchExchange<T>::finish(const How& how) {
  const std::size_t size = ranks_ ? ranks_->size() : 1;
  shard_.resize(plan_.shards);
  if (size == 1) {
    for (std::size_t s = 0; s < plan_.shards; ++s) shard_[s] = own_.data() + s * length_;
  } else {
    // as many places a rank as the largest has shards
    const std::size_t most = (plan_.shards + size - 1) / size;
    own_.resize(length_ * most);
    all_.resize(length_ * most * size);
    const WallClock clock(ranks_->seconds.wait);
    ranks_->all_gather(own_.data(), all_.data(), length_ * most * sizeof(T));
    for (std::size_t r = 0; r < size; ++r) {
      const ShardRange range = plan_.of_rank(r, size);
      for (std::size_t s = range.first; s < range.end; ++s)
        shard_[s] = all_.data() + (r * most + s - range.first) * length_;
    }
  }
  fold({0, plan_.shards}, how);
  result_.assign(shard_[0], shard_[0] + length_);
}

template <class T>
void ShardPlace<T>::sum(std::span<const std::span<T>> numbers) const {
  exchange->combine(local, numbers, {});
}
template <class T>
void ShardPlace<T>::sum_moments(std::span<const std::span<T>> numbers, std::size_t pairs, std::size_t values) const {
  using How = typename BatchExchange<T>::How;
  exchange->combine(local, numbers,
                    {.by = How::By::moments,
                     .pairs = pairs,
                     .length = numbers[0].size(),
                     .values_of_sample = static_cast<double>(values) / static_cast<double>(samples)});
}
template <class T>
void ShardPlace<T>::extremes(T& low, T& high) const {
  T both[]{-low, high};
  const std::span<T> numbers[]{both};
  exchange->combine(local, numbers, {.by = BatchExchange<T>::How::By::largest});
  low = -both[0];
  high = both[1];
}

template struct ShardPlace<float>;
template struct ShardPlace<double>;
template class BatchExchange<float>;
template class BatchExchange<double>;

}  // namespace tenon::detail
