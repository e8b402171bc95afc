// A part of a model exists.
// expect: no_part_named<tenon::asked_for<
// expect: "decoder"
// expect: "head"
#include <tenon/tenon.hpp>

using namespace tenon;

using Net = Graph<In<"x", 4>, Node<"encoder", Sequential<Dense<3>, ReLU>>, Node<"head", Dense<2>>, Out<"head">>;

float first(Model<Net>& model) {
#ifdef TENON_WRONG
  auto view = part<"decoder">(model);
#else
  auto view = part<"encoder">(model);
#endif
  return view.parameters().data()[0];
}
