// A source is read by several threads at a time, and so by functions of a const object.
// expect: "make_stream"}
// expect: takes<tenon::a_source_of<tenon::Sample<float>>>, tenon::but_gets<Points>
// expect: size() const, read(i, to) const
#include <tenon/data/stream.hpp>

#include <algorithm>

using namespace tenon;

#ifdef TENON_WRONG
#define CONST
#else
#define CONST const
#endif

struct Points {
  std::size_t size() const { return 9; }
  void read(std::size_t, Sample<float>& to) CONST { std::ranges::fill(to.features, 1.0F); }
};

Dataset<float> stream() { return make_stream(Points{}, Dataset<float>{Features<float>{"x", {2}, {}}}); }
