// Your own data: a CSV file with a price to predict, and a tensor of points with classes.
// prints: flat of 80 square metres: 3[3-6][0-9]\npoints: (0\.9[5-9]|1\.)
#include <tenon/tenon.hpp>

#include <cstdio>
#include <fstream>

using namespace tenon;

/// A file as somebody else may have left it: sizes, rooms and prices of flats. A square metre costs 4, a room 10.
void write_flats(const char* path) {
  std::ofstream file(path);
  file << "area,rooms,price\n";
  Stream random(1, Purpose::user);
  for (int i = 0; i < 400; ++i) {
    const int area = 20 + static_cast<int>(100 * random.uniform<float>()), spaces = 1 + area / 30;
    const int price = 4 * area + 10 * spaces + static_cast<int>(20 * random.uniform<float>()) - 10;
    file << area << ',' << spaces << ',' << price << '\n';
  }
}

void from_csv() {
  write_flats("flats.csv");

  using Net = Sequential<Input<2>, BatchNorm1D<>, Dense<16>, ReLU, Dense<1>>;
  const auto flats = read_csv("flats.csv", {.label_column = "price", .target = CsvTarget::number});
  const auto [train, test] = flats.split(0.8, 1);
  Model<Net> model{1};
  fit(model, train, Fit{.loss = MeanSquaredError{}, .optimizer = Adam{.lr = 0.02}, .epochs = 100, .validation = test});
  const xt::xtensor<float, 1> flat{80, 3};  // square metres, rooms
  std::printf("flat of 80 square metres: %.0f\n", static_cast<double>(model(flat)(0)));
}

void from_tensors() {
  // Points of a square, and whether they lie in the circle around its middle.
  xt::xtensor<float, 2> points = xt::zeros<float>({1000, 2});
  xt::xtensor<int, 1> inside = xt::zeros<int>({1000});
  Stream random(2, Purpose::user);
  for (std::size_t i = 0; i < 1000; ++i) {
    const float a = points(i, 0) = 2 * random.uniform<float>() - 1, b = points(i, 1) = 2 * random.uniform<float>() - 1;
    inside(i) = a * a + b * b < 0.6F;
  }

  using Net = Sequential<Dense<2, 32>, ReLU, Dense<2>, Softmax>;
  const auto [train, test] = tensor_dataset(points, inside, 2).stratified_split(0.8, 1);  // 2 classes
  Model<Net> model{1};
  fit(model, train, Fit{.optimizer = Adam{.lr = 1e-2}, .epochs = 60, .batch_size = 32, .validation = test, .seed = 1});
  std::printf("points: %.3f right\n", evaluate(model, test, CrossEntropy{}).accuracy);
}

int main() {
  from_csv();
  from_tensors();
}
