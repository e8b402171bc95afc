// A table as people have them: numbers, texts, gaps and decimal commas; a network that takes plain rows and answers in
// the user's unit.
// prints: wrong by (1?[0-9]) on average\nflat in Rome: (29[0-9]|3[0-3][0-9])\n
#include <tenon/tenon.hpp>

#include <cmath>
#include <cstdio>
#include <fstream>

using namespace tenon;
namespace csv = tenon::csv;

/// A file as somebody else may have left it. A square metre costs 3, in Rome 4, and an old house is cheaper.
void write_homes(const char* path) {
  std::ofstream file(path);
  file << "sold;area;age;city;price\r\n";
  const char* const cities[]{"Bern", "Oslo", "Rome"};
  Stream random(1, Purpose::user);
  for (int i = 0; i < 600; ++i) {
    const auto area = static_cast<int>(20 + random.below(100)), age = static_cast<int>(random.below(50));
    const auto city = random.below(3);
    file << "2024-01-" << 1 + i % 28 << ';' << area << ',' << random.below(10) << ';';
    if (i % 20 == 7) file << "NA";
    else file << age;
    file << ";\"" << cities[city] << "\";" << area * (city == 2 ? 4 : 3) - age << "\r\n";
  }
}

int main() {
  write_homes("homes.csv");

  // What the columns are, known to the compiler. The date is no column of it, and left out.
  using Home = csv::Row<csv::Column<"area">, csv::Column<"age">, csv::Column<"city", csv::category<3>>,
                        csv::Target<"price">>;
  const CsvOptions options{.delimiter = ';', .missing = Missing::median, .decimal = ','};
  const auto homes = csv::read<Home>("homes.csv", options);
  std::printf("%s", describe(homes).c_str());

  // Its first layer brings features to a common size, by numbers that are measured and do not learn.
  using Net = Sequential<Input<Home::features>, Standardize, Dense<32>, ReLU, Dense<1>>;
  const auto [train, test] = homes.split(0.8, 1);
  Model<Net> model{1};
  standardize(model, train);

  // It learns prices of a common size too, and the scaler brings its answers back.
  const TargetScaler scaler{train};
  fit(model, scaler.scaled<float>(train),
      Fit{.loss = MeanSquaredError{}, .optimizer = Adam{.lr = 0.01}, .epochs = 60, .batch_size = 32});

  const auto prices = scaler.in_units(model(features_tensor<2>(test)));
  double error = 0;
  for (std::size_t i = 0; i < test.size(); ++i)
    error += std::abs(static_cast<double>(prices(i, 0) - test.target(i)[0]));
  std::printf("wrong by %.0f on average\n", error / static_cast<double>(test.size()));

  const xt::xtensor<float, 1> flat{80, 10, 0, 0, 1};  // square metres, years; Bern, Oslo, Rome
  std::printf("flat in Rome: %.0f\n", static_cast<double>(scaler.in_units(model(flat))(0)));
}
