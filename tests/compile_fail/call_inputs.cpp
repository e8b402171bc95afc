// What one of several inputs is given has another number of axes.
// expect: tenon::argument<tenon::fixed_string<6>{"model"}, tenon::fixed_string<6>{"image"}>
// expect: tenon::takes<tenon::one_sample_or_a_batch_of<tenon::Shape<1, 4, 4>>>, tenon::but_gets<tenon::tensor_of_rank<5>>
#include <tenon/tenon.hpp>

using namespace tenon;

using Net = Graph<In<"image", 1, 4, 4>, In<"table", 5>, Node<"seen", Sequential<Flatten, Dense<3>>, "image">,
                  Node<"both", Concat<>, "seen", "table">, Node<"y", Dense<2>>, Out<"y">>;

#ifdef TENON_WRONG
constexpr std::size_t axes = 5;
#else
constexpr std::size_t axes = 4;
#endif

float first(const Model<Net>& model, const xt::xtensor<float, axes>& images, const xt::xtensor<float, 2>& tables) {
  return model(in<"image">(images), in<"table">(tables))(0, 0);
}
