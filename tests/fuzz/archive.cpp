#include <tenon/train/archive.hpp>

#include "harness.hpp"

using namespace tenon;
using fuzz::demand;

TENON_FUZZ(archive) {
  Archive a(input.path());
  double number = 7;
  std::uint64_t count = 7;
  bool yes = false;
  std::vector<double> list{7};
  std::vector<float> tensor(4, 7);
  const std::size_t shape[]{2, 2};
  const auto archive = [&] {
    const Archive::Scope scope(a, "part", 1);
    a.value("number", number);
    a.value("count", count, 1000);
    a.value("yes", yes);
    a.values("list", list);
    a.tensor("tensor", shape, tensor);
  };
  archive();
  demand(number == 7 && count == 7 && !yes && list.size() == 1 && tensor[3] == 7, "the first reading changes nothing");
  a.commit();
  archive();
  demand(count <= 1000, "a count within its bound");
}
