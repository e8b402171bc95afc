#include <tenon/dist/gradient_sum.hpp>

#include <algorithm>

#include <tenon/net/layer.hpp>

namespace tenon::detail {

namespace {

template <class Pieces, class F>
void in_pieces(const Pieces& pieces, F f) {
  pieces.call(
      pieces.context,
      [](void* object, std::size_t first, std::size_t count) { (*static_cast<F*>(object))(first, count); }, &f);
}

}  // namespace

template <class T>
void GradientSum<T>::prepare(const ShardPlan& plan) {
  if (shards_ == plan.shards) return;
  shards_ = plan.shards;
  const std::size_t size = ranks_ ? ranks_->size() : 1, rank = ranks_ ? ranks_->rank() : 0;
  parts_.clear();
  own_sums_.clear();
  std::vector<ShardRange> given;
  for (std::size_t r = 0; r < size; ++r)
    for (const ShardRange& range : ranges_within(shards_, plan.of_rank(r, size))) {
      parts_.push_back({range, r});
      given.push_back(range);
    }
  for (const Part& part : parts_) {
    if (part.rank != rank) continue;
    std::vector<ShardRange> leaves;
    for (std::size_t s = part.range.first; s < part.range.end; ++s) leaves.push_back({s, s + 1});
    own_sums_.emplace_back(part.range, leaves);
  }
  if (size == 1) {
    given.clear();
    for (std::size_t s = 0; s < shards_; ++s) given.push_back({s, s + 1});
  }
  last_sum_ = TreeProgram({0, shards_}, given);
  // pieces begin on cache lines
  const std::size_t lines = (count_ + alignment - 1) / alignment;
  bounds_.resize(size + 1);
  for (std::size_t r = 0; r <= size; ++r) bounds_[r] = std::min(r * lines / size * alignment, count_);
  byte_bounds_.resize(size + 1);
  for (std::size_t r = 0; r <= size; ++r) byte_bounds_[r] = bounds_[r] * sizeof(T);
  if (size == 1) return;
  const std::size_t piece = aligned(bounds_[rank + 1] - bounds_[rank]), others = parts_.size() - own_sums_.size();
  if (received_.size() < piece * others) received_ = Arena<T>(piece * others);
}

/// Each range's sum goes where its first shard's gradients are.
template <class T>
void GradientSum<T>::add_own(std::span<T* const> own, const Pieces& pieces) {
  own_parts_.clear();
  const std::size_t rank = ranks_->rank();
  std::size_t number = 0, next = 0;
  for (const Part& part : parts_) {
    if (part.rank != rank) continue;
    T* const to = own[next];
    const std::span<T* const> shards = own.subspan(next, part.range.size());
    if (shards.size() > 1)
      in_pieces(pieces, [&](std::size_t first, std::size_t count) {
        std::vector<const T*> in(shards.size());
        for (std::size_t k = 0; k < in.size(); ++k) in[k] = shards[k] + first;
        own_sums_[number].run(std::span<const T* const>(in), to + first, count);
      });
    own_parts_.push_back(to);
    next += part.range.size();
    ++number;
  }
}

template <class T>
void GradientSum<T>::run(const ShardPlan& plan, std::span<T* const> own, T* to, bool add, const Pieces& pieces) {
  prepare(plan);
  if (!ranks_ || ranks_->size() == 1) {
    in_pieces(pieces, [&](std::size_t first, std::size_t count) {
      std::vector<const T*> in(own.size());
      for (std::size_t k = 0; k < in.size(); ++k) in[k] = own[k] + first;
      last_sum_.run(std::span<const T* const>(in), to + first, count, add);
    });
    return;
  }
  const std::size_t size = ranks_->size(), rank = ranks_->rank();
  add_own(own, pieces);
  if (!exact_) {
    T* const sum = own_parts_.empty() ? nullptr : own_parts_[0];
    for (std::size_t k = 1; k < own_parts_.size(); ++k)
      for (std::size_t i = 0; i < count_; ++i) sum[i] += own_parts_[k][i];
    if (!sum && received_.size() < count_) received_ = Arena<T>(count_);
    T* const mine = sum ? sum : received_.data();
    if (!sum) std::fill_n(mine, count_, T(0));
    ranks_->all_reduce(std::span<T>(mine, count_));
    for (std::size_t i = 0; i < count_; ++i) to[i] = add ? to[i] + mine[i] : mine[i];
    return;
  }

  const std::size_t first = bounds_[rank], piece = bounds_[rank + 1] - first;
  out_.clear();
  in_.clear();
  addends_.clear();
  for (std::size_t r = 0; r < size; ++r)
    for (const T* part : own_parts_)
      if (r != rank && bounds_[r + 1] > bounds_[r])
        out_.push_back({r, part + bounds_[r], (bounds_[r + 1] - bounds_[r]) * sizeof(T)});
  std::size_t mine = 0, others = 0;
  for (const Part& part : parts_) {
    if (part.rank == rank) {
      addends_.push_back(own_parts_[mine++] + first);
      continue;
    }
    T* const room = received_.data() + others++ * aligned(piece);
    if (piece > 0) in_.push_back({part.rank, room, piece * sizeof(T)});
    addends_.push_back(room);
  }
  ranks_->exchange(out_, in_);
  last_sum_.run(std::span<const T* const>(addends_), to + first, piece, add);
  ranks_->all_gather_pieces(to, byte_bounds_);
}

template class GradientSum<float>;
template class GradientSum<double>;

}  // namespace tenon::detail
