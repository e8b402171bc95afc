// Writes before_graphs_images.safetensors and before_graphs_sequences.safetensors, and prints what the networks
// predict. Compiled with the headers and the library of commit 501ea91, in a folder with this tests/support in it:
//
//     git worktree add ../before 501ea91 && cmake --preset dev -S ../before && ninja -C ../before/build/dev tenon
//     g++ -std=c++20 -O1 -I../before/include -I../before/build/dev/generated -Itests \
//       tests/golden/make_before_graphs.cpp ../before/build/dev/libtenon.a -lfmt -lopenblas -lz -lpthread
#include <cstdio>
#include <string>

#include "support/before_graphs.hpp"

using namespace tenon;
using namespace tenon::test::before_graphs;

template <class Net>
void save_one(const std::string& name) {
  const Model<Net> model{7};
  model.save("before_graphs_" + name + ".safetensors");
  std::printf("%s:", name.c_str());
  for (const float v : predict(model)) std::printf(" %.9g", static_cast<double>(v));
  std::printf("\n");
}

int main() {
  save_one<Images>("images");
  save_one<Sequences>("sequences");
}
