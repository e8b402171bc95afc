#pragma once

#include <tenon/kernels/dispatch.hpp>

namespace tenon::kernels {

/// Of the loops of a target, those for the processor that the program runs on.
template <class Target>
const auto& loops_for_cpu() {
#ifdef __x86_64__
  const int level = cpu_level();
  if (level == 2) return Target::avx512;
  if (level == 1) return Target::avx2;
#endif
  return Target::portable;
}

}  // namespace tenon::kernels
