// LeNet learns MNIST's digits on as many processes, of one machine or several, as mpirun starts:
//     mpirun -n 4 ./distributed
// Beside the two lines with `world` it is the program one would write for one process, and gives the same numbers, bit
// for bit, for any number of them.
#include <tenon/tenon.hpp>

#include <cstdio>
#include <string>

#include <CLI/CLI.hpp>

#include <tenon/dist/mpi.hpp>

using namespace tenon;

using Net = Sequential<Input<1, 28, 28>, Conv2D<6, 5, padding<2>>, ReLU, MaxPool2D<2>, Conv2D<16, 5>, ReLU,
                       MaxPool2D<2>, Flatten, Dense<120>, ReLU, Dense<84>, ReLU, Dense<10>, Softmax>;

int main(int argc, char** argv) {
  std::string directory, path;
  std::size_t epochs = 4;
  CLI::App app{"Trains LeNet on MNIST, on all ranks of an mpirun."};
  app.add_option("--data", directory,
                 "where MNIST's four files are, or a folder mnist with them (default: $TENON_DATA)");
  app.add_option("--epochs", epochs, "passes over the data")->capture_default_str();
  app.add_option("--checkpoint", path, "where the run is kept after each epoch, and from where it goes on");
  CLI11_PARSE(app, argc, argv);

  Distributed world;
  auto [train, test] = mnist(directory);
  Model<Net> model{1};
  const auto how = Fit{
      .optimizer = Adam{.lr = 1e-3}, .epochs = epochs, .batch_size = 256, .validation = test, .seed = 1};
  if (path.empty()) {
    fit(model, train, how);
  } else {
    fit(model, train,
        Fit{.optimizer = Adam{.lr = 1e-3},
            .epochs = epochs,
            .batch_size = 256,
            .validation = test,
            .seed = 1,
            .callbacks = callbacks(ModelCheckpoint{.path = path, .resume = true})});
  }
  const Scores scores = evaluate(model, test);  // by all ranks together
  if (world.leads()) std::printf("test accuracy: %.4f\n", scores.accuracy);
}
