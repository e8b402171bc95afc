#include <cstdio>
#include <fstream>
#include <string>

#include "unit/train/callbacks/rig.hpp"

using Catch::Matchers::Contains;
using namespace tenon;
using namespace tenon::test;

TEST_CASE("the log is a table of the history") {
  const Folder folder;
  Model<Net> model{1};
  const History history = fit(model, data().train, settings(3, CSVLogger{folder / "run.csv"}));
  std::ifstream file(folder / "run.csv");
  std::string line;
  std::getline(file, line);
  CHECK(line == "epoch,lr,loss,accuracy,val_loss,val_accuracy,seconds");
  for (const EpochRecord& r : history.epochs) {
    REQUIRE(std::getline(file, line));
    double number[4];
    REQUIRE(std::sscanf(line.c_str(), "%lf,%lf,%lf,%lf", number, number + 1, number + 2, number + 3) == 4);
    CHECK(number[0] == static_cast<double>(r.epoch));
    CHECK(number[1] == r.lr);
    CHECK(number[2] == r.training.loss);  // as many digits as it takes
    CHECK(number[3] == r.training.accuracy);
  }
  CHECK_FALSE(std::getline(file, line));
  write_csv(History{{{.epoch = 1, .lr = 0.5, .training = {2.0, 0.25}}}}, folder / "short.csv");
  CHECK(contents(folder / "short.csv") == "epoch,lr,loss,accuracy,val_loss,val_accuracy,seconds\n1,0.5,2,0.25,,,0\n");
  CHECK_THAT(message_of([&] { write_csv(history, folder / "no/such/file.csv"); }), Contains("no/such/file.csv"));
}
