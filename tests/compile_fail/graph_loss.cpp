// A loss of an output that the network does not have: the error has the name and those there are.
// expect: tenon::no_such_output<tenon::asked_for<tenon::fixed_string<7>{"digits"}>, tenon::there_are<tenon::fixed_string<6>{"digit"}, tenon::fixed_string<6>{"value"}>>
#include <tenon/tenon.hpp>

using namespace tenon;

using Net = Graph<In<"x", 4>, Node<"digit", Sequential<Dense<3>, Softmax>, "x">, Node<"value", Dense<1>, "x">,
                  Out<"digit", "value">>;

#ifdef TENON_WRONG
constexpr auto loss = on<"digits">(MeanSquaredError{}) + on<"value">(MeanSquaredError{});
#else
constexpr auto loss = on<"digit">(MeanSquaredError{}) + on<"value">(MeanSquaredError{});
#endif

void train(const Dataset<float>& data) {
  Model<Net> model;
  fit(model, data, Fit{.loss = loss, .epochs = 5});
}
