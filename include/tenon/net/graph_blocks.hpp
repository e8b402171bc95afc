#pragma once

#include <algorithm>
#include <cstddef>

/// Blocks of memory that share one region, so that what lives at the same time does not overlap.
namespace tenon::detail {

struct Block {
  size_t size = 0;
  size_t first = 0, last = 0;  // it is needed from the one time to the other
  size_t owner = 0;
  size_t place = 0;

  constexpr bool meets(const Block& other) const { return first <= other.last && other.first <= last; }
};

/// More blocks than these are placed in the order in which they begin, which is nearly linear.
inline constexpr size_t few_blocks = 48;

/// Gives every block the lowest place that is free while it lives, the largest first, and returns the size of the
/// region. `order` has room for as many numbers.
constexpr size_t pack_blocks(Block* blocks, size_t count, size_t* order) {
  for (size_t i = 0; i < count; ++i) order[i] = i;
  const auto comes_first = [&](size_t a, size_t b) {
    return count <= few_blocks ? blocks[a].size > blocks[b].size : blocks[a].first < blocks[b].first;
  };
  for (size_t i = 1; i < count; ++i) {  // insertion: stable, and cheap where the order is nearly right
    const size_t moving = order[i];
    size_t to = i;
    for (; to > 0 && comes_first(moving, order[to - 1]); --to) order[to] = order[to - 1];
    order[to] = moving;
  }
  // From here on order[0 .. alive - 1] are blocks that have a place, sorted by it. Of many blocks, which come in the
  // order in which they begin, those are dropped that end before the next begins.
  size_t region = 0, alive = 0;
  for (size_t i = 0; i < count; ++i) {
    Block& block = blocks[order[i]];
    const size_t which = order[i];
    if (count > few_blocks) {
      size_t kept = 0;
      for (size_t a = 0; a < alive; ++a)
        if (blocks[order[a]].last >= block.first) order[kept++] = order[a];
      alive = kept;
    }
    for (size_t a = 0; a < alive; ++a) {
      const Block& other = blocks[order[a]];
      if (!block.meets(other)) continue;
      if (other.place >= block.place + block.size) break;
      block.place = std::max(block.place, other.place + other.size);
    }
    size_t to = alive++;
    for (; to > 0 && blocks[order[to - 1]].place > block.place; --to) order[to] = order[to - 1];
    order[to] = which;
    region = std::max(region, block.place + block.size);
  }
  return region;
}

}  // namespace tenon::detail
