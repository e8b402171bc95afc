// A model is called with an input by a name that it does not have; the error lists those it has.
// expect: tenon::no_such_input<tenon::asked_for<tenon::fixed_string<6>{"label"}>, tenon::there_are<tenon::fixed_string<6>{"image"}, tenon::fixed_string<6>{"table"}>>
#include <tenon/net/networks.hpp>

#include <tenon/layers/dense.hpp>
#include <tenon/model/model.hpp>

using namespace tenon;

using Net = Graph<In<"image", 4>, In<"table", 3>, Node<"both", Concat<>, "image", "table">, Node<"y", Dense<2>>,
                  Out<"y">>;

auto run(const Model<Net>& model, const xt::xtensor<float, 2>& images, const xt::xtensor<float, 2>& rows) {
#ifdef TENON_WRONG
  return model(in<"image">(images), in<"label">(rows));
#else
  return model(in<"image">(images), in<"table">(rows));
#endif
}
