// Trains the same networks as tests/unit/dist/shards_test.cpp, on as many ranks as mpirun starts, and prints their
// bits: run.cmake compares them. With "threads N" each rank has so many, with "zero" it updates its own parts of the
// weights. With "checkpoint FILE EPOCHS [STEP kill|error|once|stop RANK [MICROSECONDS]]" it goes on from FILE, and as
// soon as STEP has been made RANK is killed as by a failing machine, so many microseconds later, whatever it then does;
// or it throws, or is killed the first time only, or is stopped. With "seeds", "calls" and "nan" ranks fail together;
// with "caught" a handler around Distributed says why, and with "lingers" that of rank 1 does not return.
#include "unit/dist/trained_alike.hpp"

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <mpi.h>
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

bool ends_slowly = false;

/// While ranks are killed, as a job's scheduler may end them at any time.
struct StopIf {
  bool on = false;
  StopOnSignal stop{};
  void on_train_begin(auto& run) {
    if (on) stop.on_train_begin(run);
  }
  void on_step_end(auto& run) {
    if (on) stop.on_step_end(run);
  }
};

struct Fault {
  std::uint64_t step = 0;
  std::string_view how{};
  std::size_t rank = 0;
  std::chrono::microseconds later{0};
};

void go_on(Communicator& ranks, const std::string& path, std::size_t epochs, const Fault& fault) {
  std::jthread killer;  // before the program ends, if not earlier
  Model<alike::Normed> model{1};
  alike::Bits bits;
  const bool asked = fault.how == "asked" || fault.how == "left";
  bits.add(fit(model, alike::some_digits(),
               Fit{.optimizer = Adam{.lr = 1e-3},
                   .epochs = epochs,
                   .batch_size = 96,
                   .seed = 3,
                   .progress = Progress::Mode::quiet,
                   .callbacks = callbacks(ModelCheckpoint{.path = path, .every_steps = 2, .resume = true},
                                          StopIf{fault.how == "kill" || asked}, OnStepEnd{[&](auto& run) {
                                            if (fault.step == 0 || run.step() < fault.step) return;
                                            if (asked) {
                                              // as if that rank was lost, or had died, on another machine,
                                              // and a scheduler asked the others to end
                                              const int end = fault.how == "left" ? SIGKILL : SIGSTOP;
                                              std::raise(ranks.rank() == fault.rank ? end : SIGTERM);
                                              return;
                                            }
                                            if (ranks.rank() != fault.rank || killer.joinable()) return;
                                            const std::string marker = path + ".killed";
                                            if (fault.how == "once" && ::access(marker.c_str(), F_OK) == 0) return;
                                            if (fault.how == "error") throw Error("the disk is full");
                                            if (fault.how == "stop") std::raise(SIGSTOP);
                                            killer = std::jthread([marker, later = fault.later] {
                                              std::this_thread::sleep_for(later);
                                              std::fclose(std::fopen(marker.c_str(), "w"));
                                              std::raise(SIGKILL);
                                            });
                                            if (fault.later.count() == 0) killer.join();
                                          }})}));
  bits.add_model(model);
  print(ranks, "weights and history", bits.hash());
}

}  // namespace

/// As where machines are busy: seconds go by until MPI has ended the other ranks.
extern "C" int MPI_Abort(MPI_Comm comm, int code) {
  if (ends_slowly) std::this_thread::sleep_for(std::chrono::seconds(2));
  return PMPI_Abort(comm, code);
}

/// A try around all of main's work.
int caught(bool lingers) try {
  const Distributed world{{.quiet = true}};
  if (lingers && world.leads()) std::this_thread::sleep_for(std::chrono::seconds(100));
  Model<alike::Plain> model{1};
  if (lingers) throw Error("of rank 1 alone");
  fit(model, alike::some_digits(), Fit{.seed = world.rank(), .progress = Progress::Mode::quiet});
  return 0;
} catch (const Error& error) {
  std::fprintf(stderr, "caught: %s\n", error.what());
  if (lingers) std::this_thread::sleep_for(std::chrono::seconds(100));
  return 3;
}

int main(int argc, char** argv) {
  if (argc > 1 && std::strcmp(argv[1], "caught") == 0) return caught(false);
  if (argc > 1 && std::strcmp(argv[1], "lingers") == 0) return caught(true);
  const std::string_view how = argc > 5 ? argv[5] : "";
  const bool with_threads = argc > 2 && std::strcmp(argv[1], "threads") == 0;
  const bool zero = argc > 1 && std::strcmp(argv[1], "zero") == 0;
  Distributed world{{.threads = with_threads ? std::strtoul(argv[2], nullptr, 10) : 0,
                     .zero = zero ? 1 : 0,
                     .quiet = argc > 1 && !with_threads && !zero,
                     .piece_bytes = 256,  // small networks in pieces, too
                     .timeout = how == "stop" ? 1.0 : 100.0}};
  if (argc > 3 && std::strcmp(argv[1], "checkpoint") == 0) {
    const auto number = [&](int i) { return argc > i ? std::strtoul(argv[i], nullptr, 10) : 0; };
    go_on(world.ranks(), argv[2], number(3), {number(4), how, number(6), std::chrono::microseconds(number(7))});
    return 0;
  }
  ends_slowly = argc == 2 && !zero;
  if (argc > 1 && std::strcmp(argv[1], "calls") == 0) {
    Model<alike::Plain> model{1};
    if (world.leads()) evaluate(model, alike::some_digits());
    fit(model, alike::some_digits(), Fit{.progress = Progress::Mode::quiet});
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
