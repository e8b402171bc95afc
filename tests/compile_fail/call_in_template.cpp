// A network is refused once where a user's own template makes the model, too.
// expect: shape_mismatch<tenon::layer<tenon::path<1>, tenon::Dense<10>>, tenon::takes<
// expect: tenon::but_gets<tenon::Shape<4, 6, 6>>
#include <tenon/tenon.hpp>

using namespace tenon;

template <class Net>
double score(std::uint64_t seed) {
  Model<Net> model{seed};
  return static_cast<double>(model.parameters().span().size());
}

#ifdef TENON_WRONG
double run() { return score<Sequential<Input<1, 8, 8>, Conv2D<4, 3>, Dense<10>>>(1); }
#else
double run() { return score<Sequential<Input<1, 8, 8>, Conv2D<4, 3>, Flatten, Dense<10>>>(1); }
#endif
