#pragma once

#include <algorithm>
#include <array>
#include <cstddef>

#include <tenon/net/graph_blocks.hpp>

/// What lies where in one arena, so that what lives at the same time does not overlap.
namespace tenon::edge {

/// Some bytes that are needed from step `first` to step `last`.
struct Block {
  std::size_t bytes = 0, first = 0, last = 0;
  std::size_t place = 0;
  bool placed = false;
  std::size_t joined = static_cast<std::size_t>(-1);  // lies where this block lies
};

template <std::size_t Capacity>
struct ArenaPlan {
  std::array<Block, Capacity> blocks{};
  std::size_t count = 0;
  std::size_t size = 0;

  constexpr void add(Block block) { blocks[count++] = block; }

  /// Block `which` takes over the place of `from`.
  constexpr void join(std::size_t which, std::size_t from) {
    while (blocks[from].joined < count) from = blocks[from].joined;
    blocks[from].last = std::max(blocks[from].last, blocks[which].last);
    blocks[which].joined = from;
  }

  /// Places the blocks; the first `tensors` of them are handed from step to step. Where each is needed by
  /// the next step only, they lie at the two ends in turns with the scratch between, which nothing beats;
  /// otherwise the largest is placed first, each as low as it can lie.
  constexpr void pack(std::size_t tensors) {
    bool chain = true;
    for (std::size_t t = 0; t < tensors; ++t)
      chain = chain && blocks[t].joined >= count && blocks[t].last <= blocks[t].first + (t == 0 ? 0 : 1);
    if (chain) pack_chain(tensors);
    else if (count <= few) pack_graph();
    else pack_many();
    for (std::size_t i = 0; i < count; ++i)
      if (blocks[i].joined < count) blocks[i].place = blocks[blocks[i].joined].place;
  }

private:
  /// Of more blocks it would take the compiler long to find the largest one again and again.
  static constexpr std::size_t few = 130;

  constexpr void pack_many() {
    std::array<tenon::detail::Block, Capacity> own{};
    std::array<std::size_t, Capacity> order{};
    std::size_t own_count = 0;
    for (std::size_t i = 0; i < count; ++i)
      if (blocks[i].joined >= count && blocks[i].bytes > 0)
        own[own_count++] = {.size = blocks[i].bytes, .first = blocks[i].first, .last = blocks[i].last, .owner = i};
    size = tenon::detail::pack_blocks(own.data(), own_count, order.data());
    for (std::size_t i = 0; i < own_count; ++i) blocks[own[i].owner].place = own[i].place;
  }

  constexpr void pack_chain(std::size_t tensors) {
    for (std::size_t k = 0; k + 1 < tensors; ++k)
      size = std::max(size, blocks[k].bytes + blocks[tensors + k].bytes + blocks[k + 1].bytes);
    for (std::size_t t = 0; t < tensors; ++t) blocks[t].place = t % 2 == 0 ? 0 : size - blocks[t].bytes;
    for (std::size_t k = 0; k + 1 < tensors; ++k) blocks[tensors + k].place = blocks[k % 2 == 0 ? k : k + 1].bytes;
  }

  constexpr void pack_graph() {
    for (;;) {
      std::size_t next = count;
      for (std::size_t i = 0; i < count; ++i)
        if (!blocks[i].placed && blocks[i].joined >= count && (next == count || blocks[i].bytes > blocks[next].bytes))
          next = i;
      if (next == count) return;
      Block& block = blocks[next];
      for (bool moved = true; moved;) {
        moved = false;
        for (std::size_t i = 0; i < count; ++i) {
          const Block& other = blocks[i];
          const bool together = other.placed && other.first <= block.last && block.first <= other.last;
          if (together && other.place < block.place + block.bytes && block.place < other.place + other.bytes) {
            block.place = other.place + other.bytes;
            moved = true;
          }
        }
      }
      block.placed = true;
      size = std::max(size, block.place + block.bytes);
    }
  }
};

}  // namespace tenon::edge
