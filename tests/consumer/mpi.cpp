// A user's program for several processes, started alone.
#include <tenon/dist/mpi.hpp>

int main() {
  tenon::Distributed world;
  return world.size() == 1 && world.leads() ? 0 : 1;
}
