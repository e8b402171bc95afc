// A user's program for several processes: mpi_consumer RANKS.
#include <tenon/dist/mpi.hpp>

#include <cstdlib>

int main(int, char** argv) {
  tenon::Distributed world;
  const auto ranks = static_cast<std::size_t>(std::atoi(argv[1]));
  return world.size() == ranks && world.leads() == (world.rank() == 0) ? 0 : 1;
}
