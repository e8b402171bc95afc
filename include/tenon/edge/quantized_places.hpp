#pragma once

#include <cstddef>
#include <cstdint>

namespace tenon::edge {

/// The index of the next step where steps are given one at a time, counted in the first four bytes of a state (little
/// endian). At the end it stays at the last place, as in float.
constexpr size_t next_place(std::int8_t* state, size_t places) {
  size_t count = 0;
  for (size_t i = 4; i > 0; --i) count = count * 256 + static_cast<std::uint8_t>(state[i - 1]);
  const size_t place = count < places ? count : places - 1;
  for (size_t i = 0, rest = place + 1; i < 4; ++i, rest /= 256)
    state[i] = static_cast<std::int8_t>(static_cast<std::uint8_t>(rest % 256));
  return place;
}

}  // namespace tenon::edge
