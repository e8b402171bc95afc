#pragma once

#include <algorithm>
#include <cstddef>

#include <tenon/net/layer.hpp>
#include <tenon/optim/norm_blocks.hpp>

/// How the gradients are cut into pieces, in which they travel, and every piece into a part for each rank.
namespace tenon::detail {

/// The number of pieces in which `bytes` of gradients are sent. The last piece is not hidden by backward and should be
/// small. But of each piece a rank sends a part to every other rank, and parts much smaller than 128 kB are nearly all
/// overhead, as are pieces that two ranks exchange in 0.1 ms. So a piece has 768 kB, or 128 kB times the number of
/// ranks where that is more, unless `asked_bytes` is given.
constexpr size_t gradient_pieces(size_t bytes, size_t ranks, size_t asked_bytes) {
  constexpr size_t most = 32, smallest = size_t{3} << 18, smallest_part = size_t{1} << 17;
  const size_t piece = asked_bytes > 0 ? asked_bytes : std::max(smallest, ranks * smallest_part);
  return std::clamp<size_t>(bytes / piece, 1, most);
}

/// The number of pieces in which what is left after backward is sent, at most the `most` that it was cut into. Each
/// piece costs its messages, which nothing hides now; but of many megabytes one piece is added up while the next is
/// sent.
constexpr size_t joined_pieces(size_t bytes, size_t most) {
  constexpr size_t largest = size_t{1} << 23;
  return std::clamp<size_t>((bytes + largest - 1) / largest, 1, most);
}

/// The first `count` numbers in pieces, the last of them first. Pieces begin on multiples of `unit`, and so do the
/// ranks' parts of them, which are equal except at the end.
struct GradientCut {
  size_t count = 0, ranks = 1, pieces = 1, unit = alignment;

  /// Where the part of `rank` begins in a piece; that of rank `ranks` is where the piece ends.
  constexpr size_t bound(size_t piece, size_t rank) const {
    const size_t row = ranks * unit, rows = (count + row - 1) / row, first = (pieces - 1 - piece) * rows / pieces,
                 end = (pieces - piece) * rows / pieces;
    return std::min((first * ranks + rank * (end - first)) * unit, count);
  }
  constexpr size_t part_of(size_t piece, size_t rank) const { return bound(piece, rank + 1) - bound(piece, rank); }
  /// The numbers of a rank's parts of all pieces.
  constexpr size_t numbers_of(size_t rank) const {
    size_t sum = 0;
    for (size_t p = 0; p < pieces; ++p) sum += part_of(p, rank);
    return sum;
  }
};

/// How they are cut where every rank updates its own parts alone (ZeRO-1): those begin where a block of the gradients'
/// norm does, so that its sum has the same order on any number of ranks.
constexpr GradientCut split_cut(size_t count, size_t ranks, size_t number_bytes, size_t asked_bytes = 0) {
  return {count, ranks, gradient_pieces(count * number_bytes, ranks, asked_bytes), norm_block};
}

/// How many ranges of the tree over [first, end) lie within the shards [own_first, own_end), as large as possible each.
constexpr size_t count_ranges(size_t first, size_t end, size_t own_first, size_t own_end) {
  if (end <= own_first || own_end <= first || own_first == own_end) return 0;
  if (own_first <= first && end <= own_end) return 1;
  const size_t middle = first + (end - first) / 2;
  return count_ranges(first, middle, own_first, own_end) + count_ranges(middle, end, own_first, own_end);
}

/// The numbers that a rank at most receives in memory of its own, and not where the gradients will be: further sums of
/// one rank, and those of the last piece that are longer than the part they would lie in.
constexpr size_t largest_received(const GradientCut& cut, size_t shards) {
  size_t further = 0, least = ~size_t{0}, shorter = 0;
  for (size_t r = 0; r < cut.ranks; ++r) {
    const size_t ranges = count_ranges(0, shards, r * shards / cut.ranks, (r + 1) * shards / cut.ranks),
                 more = ranges > 0 ? ranges - 1 : 0;
    further += more;
    least = std::min(least, more);
    if (ranges > 0 && cut.part_of(0, r) < cut.part_of(0, 0)) ++shorter;
  }
  return (further - least) * cut.numbers_of(0) + shorter * cut.part_of(0, 0);
}
/// The same of `count` gradients, cut as they are without being asked.
constexpr size_t largest_received(size_t count, size_t ranks, size_t shards, size_t number_bytes, bool split) {
  if (ranks == 1) return 0;
  GradientCut cut = split_cut(count, ranks, number_bytes);
  if (split) return largest_received(cut, shards);
  cut.unit = alignment;
  const GradientCut joined{count, ranks, joined_pieces(count * number_bytes, cut.pieces), alignment};
  return std::max(largest_received(cut, shards), largest_received(joined, shards));
}

/// Numbers of an arena that are a rank's own, and where they lie in arrays that hold these alone.
struct OwnNumbers {
  size_t first = 0, count = 0, at = 0;
};
/// Several of them. Of a std::span g++ instantiates a page of concepts.
struct OwnParts {
  const OwnNumbers* first = nullptr;
  size_t count = 0;

  const OwnNumbers* begin() const { return first; }
  const OwnNumbers* end() const { return first + count; }
};

}  // namespace tenon::detail
