// A program with an object that is constructed before main.
#include "platform.hpp"

namespace {

volatile int source = 3;
struct Early {
  int value;
  Early() : value(source) {}
};
Early early;

}  // namespace

int main() { platform::print(early.value >= 0 ? "all as on the host\n" : ""); }
