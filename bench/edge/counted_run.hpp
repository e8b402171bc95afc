#pragma once

#include <cstddef>
#include <cstdint>

#include "platform.hpp"

namespace bench {

/// Runs an int8 network once and prints what bench/edge/run and tests/edge read: its instructions, `macs`, bytes and a
/// sum of its outputs.
template <class Net>
[[gnu::always_inline]] inline void counted_run(Net& net, std::size_t macs) {
  int i = 0;
  for (auto& x : net.input()) x = static_cast<std::int8_t>(i++ % 17 * 15 - 128);
  platform::start_count();
  net.run();
  const std::uint32_t instructions = platform::instructions();
  std::uint32_t sum = 0;
  for (const int y : net.output()) sum = sum * 31 + static_cast<std::uint32_t>(y);
  platform::print("instructions ", instructions);
  platform::print("macs ", static_cast<std::uint32_t>(macs));
  platform::print("weights ", static_cast<std::uint32_t>(Net::weight_bytes));
  platform::print("ram ", sizeof net);
  platform::print("stack ", platform::stack_used());
  platform::print("sum ", sum);
}

}  // namespace bench
