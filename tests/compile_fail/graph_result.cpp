// A result is asked for by a name that no output has.
// expect: tenon::no_such_output<tenon::asked_for<tenon::fixed_string<6>{"image"}>, tenon::there_are<tenon::fixed_string<6>{"digit"}, tenon::fixed_string<6>{"value"}>>
#include <tenon/model/model.hpp>

#include <tenon/layers/dense.hpp>

using namespace tenon;

using Net = Graph<In<"x", 4>, Node<"digit", Dense<3>, "x">, Node<"value", Dense<1>, "x">, Out<"digit", "value">>;

auto read(const Model<Net>& model, const xt::xtensor<float, 2>& x) {
#ifdef TENON_WRONG
  return model(x).get<"image">();
#else
  return model(x).get<"digit">();
#endif
}
