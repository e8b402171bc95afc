#pragma once

#include <algorithm>
#include <array>
#include <cstddef>

#include <tenon/net/graph_blocks.hpp>

/// Places of blocks of bytes in one arena: blocks that are needed at the same time do not overlap, except where one may
/// be written over another.
namespace tenon::edge {

/// Some bytes that are needed from step `first` to step `last`.
struct Block {
  static constexpr size_t none = static_cast<size_t>(-1);

  size_t bytes = 0, first = 0, last = 0;
  size_t place = 0;
  bool placed = false;
  size_t joined = none;  // lies where this block lies
  size_t over = none;    // may lie over this block, which begins `lead` bytes behind it or later
  size_t lead = 0;

  constexpr bool meets(const Block& other) const { return first <= other.last && other.first <= last; }
};

/// Sizes and leads are multiples of four, and so are places.
template <size_t Capacity>
struct ArenaPlan {
  std::array<Block, Capacity> blocks{};
  size_t count = 0;
  size_t size = 0;

  constexpr void add(Block block) { blocks[count++] = block; }

  /// Block `which` takes over the place of `from`.
  constexpr void join(size_t which, size_t from) {
    from = root(from);
    blocks[from].last = std::max(blocks[from].last, blocks[which].last);
    blocks[which].joined = from;
  }
  /// Block `which` is made of `from`, which nothing reads later: it may overlap `from` if it begins at least `lead`
  /// bytes in front of it.
  constexpr void cover(size_t which, size_t from, size_t lead) {
    from = root(from);
    if (blocks[from].last != blocks[which].first || blocks[which].joined < count) return;
    blocks[which].over = from;
    blocks[which].lead = std::min(lead, blocks[which].bytes);
  }

  /// Places the blocks, of which the first `tensors` are tensors in the order of the steps. Where each tensor is read
  /// by the next step alone, the arena is the smallest there is (scratch aside); otherwise the largest block is placed
  /// first, and each as low as it can lie.
  constexpr void pack(size_t tensors) {
    bool chain = true;
    for (size_t t = 0; t < tensors; ++t)
      chain = chain && blocks[t].joined >= count && blocks[t].last <= blocks[t].first + (t == 0 ? 0 : 1);
    if (chain) {
      pack_in_turns(tensors);
      pack_chain(tensors);
    } else if (count <= few) {
      pack_graph();
    } else {
      pack_many();
    }
    for (size_t i = 0; i < count; ++i)
      if (blocks[i].joined < count) blocks[i].place = blocks[blocks[i].joined].place;
  }

private:
  /// With more blocks than this, finding the largest one again and again would take the compiler long.
  static constexpr size_t few = 130;

  constexpr size_t root(size_t i) const {
    while (blocks[i].joined < count) i = blocks[i].joined;
    return i;
  }

  constexpr void pack_many() {
    std::array<tenon::detail::Block, Capacity> own{};
    std::array<size_t, Capacity> order{};
    size_t own_count = 0;
    for (size_t i = 0; i < count; ++i)
      if (blocks[i].joined >= count && blocks[i].bytes > 0)
        own[own_count++] = {.size = blocks[i].bytes, .first = blocks[i].first, .last = blocks[i].last, .owner = i};
    size = tenon::detail::pack_blocks(own.data(), own_count, order.data());
    for (size_t i = 0; i < own_count; ++i) blocks[own[i].owner].place = own[i].place;
  }

  /// Tensors at the two ends in turns, with the scratch between.
  constexpr void pack_in_turns(size_t tensors) {
    for (size_t k = 0; k + 1 < tensors; ++k)
      size = std::max(size, blocks[k].bytes + blocks[tensors + k].bytes + blocks[k + 1].bytes);
    for (size_t t = 0; t < tensors; ++t) blocks[t].place = t % 2 == 0 ? 0 : size - blocks[t].bytes;
    for (size_t k = 0; k + 1 < tensors; ++k) blocks[tensors + k].place = blocks[k % 2 == 0 ? k : k + 1].bytes;
  }

  /// The lowest and the highest place that a tensor of a chain can have.
  struct Reach {
    size_t low = 0, high = 0;
  };
  /// With the scratch of the step that reads it, which lies behind it.
  constexpr size_t with_scratch(size_t t, size_t tensors) const {
    return blocks[t].bytes + (t + 1 < tensors ? blocks[tensors + t].bytes : 0);
  }
  constexpr size_t lead(size_t t) const { return blocks[t].over < count ? blocks[t].lead : blocks[t].bytes; }
  /// A tensor lies in front of the one it is made of, over it as far as it may, or behind it. What it can reach in an
  /// arena of `bytes` is a matter of the lowest and the highest place of the one before.
  constexpr bool find_reaches(size_t tensors, size_t bytes, std::array<Reach, Capacity>& reach) const {
    if (with_scratch(0, tensors) > bytes) return false;
    reach[0] = {0, bytes - with_scratch(0, tensors)};
    for (size_t t = 1; t < tensors; ++t) {
      const Reach before = reach[t - 1];
      const size_t behind = before.low + with_scratch(t - 1, tensors), own = with_scratch(t, tensors);
      if (own > bytes) return false;
      const bool falls = before.high >= lead(t), rises = behind <= bytes - own;
      if (!falls && !rises) return false;
      reach[t] = {falls ? 0 : behind, rises ? bytes - own : std::min(before.high - lead(t), bytes - own)};
    }
    return true;
  }
  /// Finds the smallest arena by bisection, and in it the places from the last tensor back to the first.
  constexpr void pack_chain(size_t tensors) {
    std::array<Reach, Capacity> reach{};
    size_t fits = size / 4, small = 0;
    if (!find_reaches(tensors, 4 * fits, reach)) return;
    while (small < fits) {
      const size_t middle = (small + fits) / 2;
      if (find_reaches(tensors, 4 * middle, reach)) fits = middle;
      else small = middle + 1;
    }
    if (4 * fits == size) return;
    size = 4 * fits;
    find_reaches(tensors, size, reach);
    blocks[tensors - 1].place = reach[tensors - 1].low;
    for (size_t after = tensors - 1; after > 0; --after) {
      const size_t t = after - 1;
      const bool fell = blocks[after].place + lead(after) <= reach[t].high;
      blocks[t].place = fell ? reach[t].high : reach[t].low;
      blocks[tensors + t].place = blocks[t].place + blocks[t].bytes;
    }
  }

  /// Each block by itself; then those that follow one another closely, less than a quarter of their size apart, as one.
  constexpr void pack_graph() {
    ArenaPlan together = *this;
    place_largest_first(0);
    together.place_largest_first(4);
    if (together.size < size) *this = together;
  }

  constexpr void place_largest_first(size_t closeness) {
    std::array<size_t, Capacity> follower{};  // which is placed as one with this block, from `lead` in front of it
    for (size_t i = 0; i < count; ++i) follower[i] = Block::none;
    for (size_t i = 0; i < count; ++i) {
      const Block& block = blocks[i];
      if (block.over < count && closeness * block.lead < std::min(block.bytes, blocks[block.over].bytes))
        follower[block.over] = closeness > 0 ? i : Block::none;
    }
    for (;;) {
      size_t largest = count;
      for (size_t i = 0; i < count; ++i)
        if (!blocks[i].placed && blocks[i].joined >= count &&
            (largest == count || blocks[i].bytes > blocks[largest].bytes))
          largest = i;
      if (largest == count) return;
      while (follower[largest] < count) largest = follower[largest];
      place_row(largest, follower);
    }
  }
  /// The lowest block of a row that is placed as one, and the others above it.
  constexpr void place_row(size_t lowest, const std::array<size_t, Capacity>& follower) {
    const auto each = [&](size_t base, auto&& use) {
      for (size_t i = lowest, place = base;;) {
        if (!use(i, place)) return false;
        const size_t above = blocks[i].over;
        if (above >= count || follower[above] != i) return true;
        place += blocks[i].lead;
        i = above;
      }
    };
    size_t base = 0;
    while (!each(base, [&](size_t i, size_t place) {
      const size_t free = past_neighbours(i, place);
      base += free - place;
      return free == place;
    })) {
    }
    each(base, [&](size_t i, size_t place) {
      blocks[i].place = place;
      blocks[i].placed = true;
      size = std::max(size, place + blocks[i].bytes);
      return true;
    });
  }
  /// `place`, if block i may lie there; otherwise a higher one, past a block that is in its way.
  constexpr size_t past_neighbours(size_t i, size_t place) const {
    const Block& block = blocks[i];
    for (size_t k = 0; k < count; ++k) {
      const Block& other = blocks[k];
      if (!other.placed || !other.meets(block)) continue;
      if (block.over == k && place + block.lead <= other.place) continue;
      const size_t end = other.place + (other.over == i ? other.lead : other.bytes);
      if (place < end && other.place < place + block.bytes) return end;
    }
    return place;
  }
};

}  // namespace tenon::edge
