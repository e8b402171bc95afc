// Trains the same networks as tests/unit/dist/shards_test.cpp, on as many ranks as mpirun starts, and prints their
// bits: run.cmake compares them. With "checkpoint FILE EPOCHS [STEP [error|once|stop]]" it goes on from FILE, and rank 1
// is killed after STEP as by a failing machine, or throws, or is killed the first time only, or is stopped.
#include "unit/dist/trained_alike.hpp"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include <unistd.h>

#include <tenon/dist/mpi.hpp>

using namespace tenon;

namespace {

/// On rank 0, once they are the same on all.
void print(Communicator& ranks, const char* name, std::uint64_t bits) {
  std::vector<std::uint64_t> all(ranks.size());
  ranks.all_gather(&bits, all.data(), sizeof bits);
  for (const std::uint64_t other : all)
    if (other != bits) ranks.abort(std::string(name) + ": other bits than on another rank");
  if (ranks.rank() == 0) std::printf("%s: %016llx\n", name, static_cast<unsigned long long>(bits));
}

void go_on(Communicator& ranks, const std::string& path, std::size_t epochs, std::uint64_t kill_at, int how) {
  Model<alike::Normed> model{1};
  alike::Bits bits;
  bits.add(fit(model, alike::some_digits(),
               Fit{.optimizer = Adam{.lr = 1e-3},
                   .epochs = epochs,
                   .batch_size = 96,
                   .seed = 3,
                   .progress = Progress::Mode::quiet,
                   .callbacks = callbacks(ModelCheckpoint{.path = path, .every_steps = 2, .resume = true},
                                          OnStepEnd{[&](auto& run) {
                                            if (run.step() != kill_at || ranks.rank() != 1) return;
                                            if (how == 2) {  // once, and then not again
                                              const std::string marker = path + ".killed";
                                              if (::access(marker.c_str(), F_OK) == 0) return;
                                              std::fclose(std::fopen(marker.c_str(), "w"));
                                            }
                                            if (how == 3) std::raise(SIGSTOP);
                                            if (how != 1) std::raise(SIGKILL);
                                            throw Error("the disk is full");
                                          }})}));
  bits.add_model(model);
  print(ranks, "weights and history", bits.hash());
}

}  // namespace

int main(int argc, char** argv) {
  const bool stops = argc > 5 && std::strcmp(argv[5], "stop") == 0;
  Distributed world{{.quiet = argc > 1,
                     .piece_bytes = 256,  // small networks in pieces, too
                     .timeout = stops ? 1.0 : 100.0}};
  if (argc > 3 && std::strcmp(argv[1], "checkpoint") == 0) {
    go_on(world.ranks(), argv[2], std::strtoul(argv[3], nullptr, 10), argc > 4 ? std::strtoul(argv[4], nullptr, 10) : 0,
          argc <= 5                            ? 0
          : std::strcmp(argv[5], "error") == 0 ? 1
          : std::strcmp(argv[5], "once") == 0  ? 2
                                               : 3);
    return 0;
  }
  if (argc > 1 && std::strcmp(argv[1], "seeds") == 0) {
    Model<alike::Plain> model{1};
    fit(model, alike::some_digits(), Fit{.seed = world.rank(), .progress = Progress::Mode::quiet});
    return 0;
  }
  if (argc > 1 && std::strcmp(argv[1], "nan") == 0) {
    Model<alike::Plain> model{1};
    model.parameters().span()[5] = std::numeric_limits<float>::quiet_NaN();
    fit(model, alike::some_digits(), Fit{.progress = Progress::Mode::quiet});
    return 0;
  }
  for (const alike::Run& run : alike::runs()) print(world.ranks(), run.name, run.bits());
  Model<alike::Plain> model{3};
  alike::Bits bits;
  const Scores scores = evaluate(model, alike::some_digits(), CrossEntropy{}, 24);
  ConfusionMatrix confusion;
  measure(model, digits(), confusion);
  const double numbers[]{scores.loss, scores.accuracy, confusion.value()};
  bits.add(std::span<const double>(numbers));
  print(world.ranks(), "evaluate and measure", bits.hash());
}
