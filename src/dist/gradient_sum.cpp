#include <tenon/dist/gradient_sum.hpp>

#include <algorithm>

#include <tenon/net/layer.hpp>

namespace tenon::detail {

namespace {

template <class Pieces, class F>
void in_pieces(const Pieces& pieces, std::size_t numbers, F f) {
  pieces.call(
      pieces.context, numbers,
      [](void* object, std::size_t first, std::size_t count) { (*static_cast<F*>(object))(first, count); }, &f);
}

}  // namespace

template <class T>
GradientSum<T>::GradientSum(Communicator* ranks, std::size_t count, bool exact, std::size_t piece_bytes, bool split)
    : ranks_(ranks),
      count_(count),
      piece_bytes_(piece_bytes),
      exact_(exact || split),
      split_(split && ranks && ranks->size() > 1) {
  if (ranks) cut_ = split_cut(count, ranks->size(), sizeof(T), piece_bytes);
  if (!split_) {
    cut_.unit = alignment;
    own_numbers_.push_back({0, count, 0});
  }
  std::size_t at = 0;
  for (std::size_t p = 0; split_ && p < cut_.pieces; ++p) {
    const std::size_t first = cut_.bound(p, ranks->rank()), numbers = cut_.part_of(p, ranks->rank());
    if (numbers > 0) own_numbers_.push_back({first, numbers, at});
    at += numbers;
  }
}

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
      parts_.push_back({range, r, parts_.empty() || parts_.back().rank != r});
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
  if (size == 1) return;
  pieces_ = cut(cut_, 0);
  joined_after_ = pieces_.size();
  std::size_t space = 0;
  if (split_) {
    space = place(pieces_, 0);
  } else if (exact_) {
    // after some pieces, joined ones take as much as those that they are made of; the last numbers may take more
    joined_ = cut(joined_cut(count_, pieces_.size()), 0);
    joined_after_ = 0;
    space = std::max(place(pieces_, 0), place(joined_, 0));
  } else if (own_sums_.empty()) {
    space = count_;  // a rank without shards takes part in MPI's sum with zeros
  }
  if (received_.size() < space) received_ = Arena<T>(space);
}

/// Pieces that are sent after `before` others.
template <class T>
auto GradientSum<T>::cut(const GradientCut& cut, std::size_t before) const -> std::vector<Piece> {
  std::vector<Piece> pieces(cut.pieces);
  for (std::size_t p = 0; p < cut.pieces; ++p) {
    pieces[p].number = before + p;
    for (std::size_t r = 0; r <= cut.ranks; ++r) pieces[p].bounds.push_back(cut.bound(p, r));
    pieces[p].first = pieces[p].bounds.front();
    pieces[p].end = pieces[p].bounds.back();
  }
  return pieces;
}
template <class T>
GradientCut GradientSum<T>::joined_cut(std::size_t count, std::size_t most) const {
  return {count, cut_.ranks, piece_bytes_ > 0 ? most : joined_pieces(count * sizeof(T), most), alignment};
}

/// Gives each piece its numbers of received_, from number `at` on; returns the end of them.
template <class T>
std::size_t GradientSum<T>::place(std::vector<Piece>& pieces, std::size_t at) const {
  const std::size_t rank = ranks_->rank();
  for (Piece& piece : pieces) {
    piece.received_at = at;
    for (const Part& part : parts_)
      if (part.rank != rank && !fits(piece, part)) at += aligned(piece.part_of(rank));
  }
  return at;
}

/// What another rank sends for this rank's part of a piece is received where that rank's part of the result will be,
/// which arrives later. What does not fit there (a second sum of that rank's, or its part is shorter) is received in
/// received_.
template <class T>
bool GradientSum<T>::fits(const Piece& piece, const Part& part) const {
  return part.first && piece.part_of(ranks_->rank()) <= piece.part_of(part.rank);
}
/// Calls f(part, its sums over this rank's part of the piece), from left to right.
template <class T>
template <class F>
void GradientSum<T>::each_addend(const Piece& piece, F f) {
  const std::size_t rank = ranks_->rank(), mine = piece.part_of(rank);
  T* sums = received_.data() + piece.received_at;
  auto own = own_parts_.begin();
  for (const Part& part : parts_) {
    if (part.rank == rank) {
      f(part, *own++ + piece.bounds[rank]);
    } else if (fits(piece, part)) {
      f(part, to_ + piece.bounds[part.rank]);
    } else {
      f(part, sums);
      sums += aligned(mine);
    }
  }
}

/// When backward has ended nothing hides the exchange any more: what is left is sent in fewer pieces, unless every rank
/// has its own parts.
template <class T>
auto GradientSum<T>::join_rest() -> std::span<Piece> {
  if (split_) return std::span(pieces_).subspan(next_);
  if (next_ == pieces_.size()) return {};
  if (joined_after_ != next_) {
    const std::size_t count = pieces_[next_].end, most = pieces_.size() - next_;
    joined_ = cut(joined_cut(count, most), next_);
    place(joined_, pieces_[next_].received_at);
    joined_after_ = next_;
  }
  return joined_;
}

template <class T>
void GradientSum<T>::begin(const ShardPlan& plan, std::span<T* const> computed, bool counts, T* to, bool add) {
  prepare(plan);
  computed_ = computed;
  own_ = counts ? computed : std::span<T* const>{};
  to_ = to;
  add_ = add;
  if (!ranks_ || ranks_->size() == 1) return;
  under_way_.clear();
  next_ = 0;
  done_.assign(computed.size(), count_);
  // each range's sum goes where its first shard's gradients are
  own_parts_.clear();
  std::size_t first = 0;
  for (const Part& part : parts_)
    if (part.rank == ranks_->rank()) {
      own_parts_.push_back(own_[first]);
      first += part.range.size();
    }
  if (!exact_ && own_parts_.empty()) std::fill_n(received_.data(), count_, T(0));
}

/// One rank alone.
template <class T>
void GradientSum<T>::add_alone(const Pieces& pieces) {
  in_pieces(pieces, count_, [&](std::size_t first, std::size_t count) {
    last_sum_.run(std::span<const T* const>(own_.data(), own_.size()), to_, first, count, add_);
  });
}

template <class T>
void GradientSum<T>::done_from(std::size_t local, const T* first) {
  if (!ranks_ || ranks_->size() == 1 || local >= computed_.size()) return;
  const std::lock_guard lock(mutex_);
  const auto offset = static_cast<std::size_t>(first - computed_[local]);
  done_[local] = std::min(done_[local], offset);
  const std::size_t all = *std::max_element(done_.begin(), done_.end());
  while (next_ < pieces_.size() && pieces_[next_].first >= all) {
    Piece& piece = pieces_[next_++];
    add_own(piece.first, piece.end - piece.first);
    start(piece);
  }
  take_arrived();
}

template <class T>
void GradientSum<T>::progress() {
  if (!ranks_ || ranks_->size() == 1) return;
  const std::lock_guard lock(mutex_);
  take_arrived();
}

/// The sums over the ranges of the tree that lie within this rank's shards.
template <class T>
void GradientSum<T>::add_own(std::size_t first, std::size_t count) {
  const std::size_t rank = ranks_->rank();
  std::size_t number = 0, next = 0;
  for (const Part& part : parts_) {
    if (part.rank != rank) continue;
    if (part.range.size() > 1)
      own_sums_[number].run(std::span<const T* const>(own_.data() + next, part.range.size()), own_[next], first, count);
    next += part.range.size();
    ++number;
  }
  if (exact_) return;
  for (std::size_t k = 1; k < own_parts_.size(); ++k)
    for (std::size_t i = first; i < first + count; ++i) own_parts_[0][i] += own_parts_[k][i];
}

template <class T>
void GradientSum<T>::add_own(std::size_t first, std::size_t count, const Pieces& pieces) {
  if (own_.size() == own_sums_.size() && (exact_ || own_parts_.size() <= 1)) return;  // nothing to add
  in_pieces(pieces, count, [&](std::size_t begin, std::size_t numbers) { add_own(first + begin, numbers); });
}

template <class T>
void GradientSum<T>::start(Piece& piece) {
  under_way_.push_back(&piece);
  if (exact_) {
    send_sums(piece);
  } else {
    piece.pending = ranks_->start_all_reduce(std::span<T>(fast_sum() + piece.first, piece.end - piece.first));
    piece.at = Piece::At::results;
  }
}

template <class T>
void GradientSum<T>::send_sums(Piece& piece) {
  const std::size_t size = ranks_->size(), rank = ranks_->rank();
  const std::vector<std::size_t>& bounds = piece.bounds;
  const std::size_t mine = piece.part_of(rank);
  out_.clear();
  in_.clear();
  for (std::size_t r = 0; r < size; ++r)
    for (const T* part : own_parts_)
      if (r != rank && bounds[r + 1] > bounds[r])
        out_.push_back({r, part + bounds[r], (bounds[r + 1] - bounds[r]) * sizeof(T)});
  each_addend(piece, [&](const Part& part, T* from) {
    if (part.rank != rank && mine > 0) in_.push_back({part.rank, from, mine * sizeof(T)});
  });
  piece.pending = ranks_->start(out_, in_, 2 * piece.number);
  piece.at = Piece::At::sums;
}

/// Finishes the tree for this rank's part of a piece, and sends the result to all other ranks, if they need it.
template <class T>
void GradientSum<T>::add_sums(Piece& piece) {
  const std::size_t rank = ranks_->rank();
  const std::vector<std::size_t>& bounds = piece.bounds;
  const std::size_t first = bounds[rank], mine = piece.part_of(rank);
  addends_.clear();
  each_addend(piece, [this](const Part&, const T* from) { addends_.push_back(from); });
  last_sum_.run(std::span<const T* const>(addends_), to_ + first, 0, mine, add_);
  if (split_) return end(piece);
  out_.clear();
  in_.clear();
  add_shared(bounds, to_);
  piece.pending = ranks_->start(out_, in_, 2 * piece.number + 1);
  piece.at = Piece::At::results;
}

/// Of each part, that its rank sends it to all others.
template <class T>
void GradientSum<T>::add_shared(std::span<const std::size_t> bounds, T* numbers) {
  const auto bytes = [bounds](std::size_t r) { return (bounds[r + 1] - bounds[r]) * sizeof(T); };
  const std::size_t rank = ranks_->rank();
  for (std::size_t r = 0; r < ranks_->size(); ++r) {
    if (r == rank) continue;
    if (bytes(rank) > 0) out_.push_back({r, numbers + bounds[rank], bytes(rank)});
    if (bytes(r) > 0) in_.push_back({r, numbers + bounds[r], bytes(r)});
  }
}

template <class T>
void GradientSum<T>::share(T* numbers) {
  const std::lock_guard lock(mutex_);
  out_.clear();
  in_.clear();
  for (const Piece& piece : cut(cut_, 0)) add_shared(piece.bounds, numbers);
  ranks_->exchange(out_, in_);
}

template <class T>
void GradientSum<T>::take_arrived() {
  for (Piece* const piece : under_way_) {
    if (piece->at == Piece::At::end || !piece->pending->test()) continue;
    if (piece->at == Piece::At::sums) add_sums(*piece);
    else take_results(*piece);
  }
}

template <class T>
void GradientSum<T>::take_results(Piece& piece) {
  if (!exact_) keep(piece.first, piece.end, fast_sum());
  end(piece);
}
template <class T>
void GradientSum<T>::end(Piece& piece) {
  piece.pending.reset();
  piece.at = Piece::At::end;
}

template <class T>
void GradientSum<T>::keep(std::size_t first, std::size_t end, const T* sum) {
  if (!add_) std::copy(sum + first, sum + end, to_ + first);
  else
    for (std::size_t i = first; i < end; ++i) to_[i] += sum[i];
}

template <class T>
void GradientSum<T>::finish(const Pieces& pieces) {
  if (!ranks_ || ranks_->size() == 1) return add_alone(pieces);
  const std::lock_guard lock(mutex_);
  begun_with_ = next_ < pieces_.size() ? pieces_[next_].end : 0;
  ranks_->overlapped = static_cast<double>(count_ - begun_with_) /
                       static_cast<double>(std::max<std::size_t>(count_, 1));
  if (!exact_) {
    if (begun_with_ > 0) {
      add_own(0, begun_with_, pieces);
      ranks_->all_reduce(std::span<T>(fast_sum(), begun_with_));
      keep(0, begun_with_, fast_sum());
    }
  } else {
    // a piece is sent while the next one is added up
    for (Piece& piece : join_rest()) {
      add_own(piece.first, piece.end - piece.first, pieces);
      start(piece);
      take_arrived();
    }
    for (Piece* const piece : under_way_) {
      if (piece->at != Piece::At::sums) continue;
      piece->pending->wait();
      add_sums(*piece);
      take_arrived();
    }
  }
  for (Piece* const piece : under_way_) {
    if (piece->at != Piece::At::results) continue;
    piece->pending->wait();
    take_results(*piece);
  }
}

template <class T>
void GradientWatch<T>::done_from(const T* first) const {
  sum->done_from(local, first);
}
template <class T>
void GradientWatch<T>::progress() const {
  sum->progress();
}

template struct GradientWatch<float>;
template struct GradientWatch<double>;
template class GradientSum<float>;
template class GradientSum<double>;

}  // namespace tenon::detail
