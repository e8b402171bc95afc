#include <catch2/catch.hpp>

#include <tenon/tenon.hpp>

using namespace tenon;

TEST_CASE("the gradient of an output at the input") {
  using Net = Sequential<Input<1, 5, 5>, Conv2D<2, 3>, ReLU, Flatten, Dense<3>, Softmax>;
  const Model<Net, double> model{3};
  const Model<without_last<Net>, double> scores = [&] {
    Model<without_last<Net>, double> m{3};
    std::copy_n(model.parameters().data(), model.parameters().size(), m.parameters().data());
    return m;
  }();
  xt::xtensor<double, 4> images(std::array<std::size_t, 4>{2, 1, 5, 5});
  Stream stream{5};
  for (double& number : images) number = stream.uniform(-1.0, 1.0);

  const auto gradient = input_gradient(model, images, 2);
  for (std::size_t i = 0; i < images.size(); ++i) {
    const auto score_at = [&](double shift) {
      auto moved = images;
      moved.data()[i] += shift;
      return scores(moved)(i / 25, 2);
    };
    CHECK(gradient.data()[i] == Approx((score_at(1e-6) - score_at(-1e-6)) / 2e-6).margin(1e-7));
  }
  xt::xtensor<double, 3> first(std::array<std::size_t, 3>{1, 5, 5});
  std::copy_n(images.data(), first.size(), first.data());
  const auto alone = input_gradient(model, first, 2);
  for (std::size_t i = 0; i < 25; ++i) CHECK(alone.data()[i] == Approx(gradient.data()[i]));
  CHECK_THROWS_WITH(input_gradient(model, first, 3), Catch::Contains("expected an output below 3, got 3"));
}
