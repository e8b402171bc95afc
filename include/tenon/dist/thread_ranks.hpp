#pragma once

#include <cstddef>
#include <functional>

#include <tenon/dist/communicator.hpp>

namespace tenon {

/// Calls f(ranks) on `count` threads, each of which is a rank of its own, in a world of its own: what `mpirun -n count`
/// does with processes. It is for tests of programs that train on several machines. Throws what the first rank that
/// failed threw; the others then end, too.
void run_ranks(size_t count, const std::function<void(Communicator&)>& f, World how = {});

}  // namespace tenon
