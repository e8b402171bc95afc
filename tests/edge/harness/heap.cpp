// A program that takes memory from a heap.
#include "platform.hpp"

#include <cstdlib>

int main() {
  void* volatile memory = std::malloc(8);
  platform::print(memory != nullptr ? "all as on the host\n" : "no memory\n");
  std::free(memory);
}
