// Alternates the sides of the speed bench (see support/protocol.hpp) on one core with one thread
// each, and prints how they compare: every ratio is the median over rounds in which both sides ran
// within the same fraction of a second.

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "support/timing.hpp"

namespace {

using bench::Repeat;

struct Work {
  std::string name;
  int batch_size;
  std::string description;

  std::string key() const { return name + ' ' + std::to_string(batch_size); }
};

const std::vector<Work> all_work{
    {"W1", 64, "train 784-128-ReLU-10, SGD with momentum, batch 64"},
    {"W1", 256, "train 784-128-ReLU-10, SGD with momentum, batch 256"},
    {"W2", 128, "train 784-512-512-10 ReLU, Adam, batch 128"},
    {"W3", 64, "train LeNet, Adam, batch 64"},
    {"W4-LSTM", 32, "train LSTM 32-128 over 50 steps, dense 10, Adam, batch 32"},
    {"W4-GRU", 32, "train GRU 32-128 over 50 steps, dense 10, Adam, batch 32"},
    {"W5", 16, "train a transformer encoder block, 64 steps of 128, Adam, batch 16"},
    {"W8-VAE", 128, "train a variational autoencoder 784-400-20-400-784, Adam, batch 128"},
    {"W8-UNet", 32, "train a U-Net of 16, 32 and 32 channels on 28 x 28, Adam, batch 32"},
    {"W7", 256, "infer 784-512-512-10 ReLU, batch 256"},
    {"W6-784", 1, "infer 784-128-ReLU-10, one sample"},
    {"W6-8", 1, "infer 8-32-32-1 tanh, one sample"},
    {"W6-LSTM", 1, "infer LSTM-20 and dense 1, one step"},
    {"W6-GRU", 1, "infer GRU-8 and dense 1, one step"},
    {"W6-Conv", 1, "infer convolutions 1-8-8-8-1, one sample of the signal"},
    {"W6-LeNet", 1, "infer LeNet, one sample"},
};

// The first one found is what the others are compared with.
const std::vector<std::pair<std::string, std::string>> all_sides{
    {"tenon", "bench_tenon_workloads"},
    {"tenon native", "bench_tenon_workloads --native"},
    {"tenon frozen", "bench_tenon_workloads --frozen"},
    {"raw loops", "bench_tenon_workloads --raw"},
    {"sgemm alone", "bench_sgemm_floor"},
    {"libtorch", "peer_libtorch"},
    {"libtorch-heap-kept", "peer_libtorch --keep-heap"},
    {"dlib", "peer_dlib"},
    {"oneDNN", "peer_onednn"},
};

// A program at the other end of two pipes.
class Side {
public:
  Side(std::string name, const std::string& command) : name_(std::move(name)) {
    int down[2], up[2];
    if (pipe2(down, O_CLOEXEC) != 0 || pipe2(up, O_CLOEXEC) != 0) throw std::runtime_error("cannot make a pipe");
    child_ = fork();
    if (child_ == 0) {
      dup2(down[0], STDIN_FILENO);
      dup2(up[1], STDOUT_FILENO);
      execl("/bin/sh", "sh", "-c", ("exec " + command).c_str(), nullptr);
      _exit(127);
    }
    close(down[0]), close(up[1]);
    to_ = fdopen(down[1], "w");
    from_ = fdopen(up[0], "r");
    info_ = ask("info").substr(5);
  }
  Side(const Side&) = delete;
  Side& operator=(const Side&) = delete;
  ~Side() {
    std::fclose(to_), std::fclose(from_);
    waitpid(child_, nullptr, 0);
  }

  const std::string& name() const { return name_; }
  const std::string& info() const { return info_; }

  std::string ask(const std::string& question) {
    std::fprintf(to_, "%s\n", question.c_str());
    std::fflush(to_);
    char line[512];
    if (std::fgets(line, sizeof line, from_) == nullptr)
      throw std::runtime_error(name_ + " ended without answering '" + question + "'");
    std::string answer(line);
    answer.erase(answer.find_last_not_of('\n') + 1);
    return answer;
  }

private:
  std::string name_, info_;
  pid_t child_;
  std::FILE *to_, *from_;
};

using Sides = std::vector<std::unique_ptr<Side>>;

struct Result {
  Side* side;
  std::vector<Repeat> repeats;

  double median_seconds() const { return bench::median(seconds()); }
  std::vector<double> seconds() const {
    std::vector<double> all;
    for (const Repeat& repeat : repeats) all.push_back(repeat.seconds_per_step);
    return all;
  }
};

class Meter {
public:
  Meter(int repeats, int patience) : repeats_(repeats), patience_(patience) {}

  // One repeat of each side in turn, again and again, so that a slow minute of the machine hits all
  // alike.
  std::vector<Result> measure(const Work& work, Sides& sides) {
    std::vector<Result> results;
    for (auto& side : sides)
      if (side->ask("run " + work.key()) != "unsupported") results.push_back({side.get(), {}});
    for (int round = 0; round < repeats_; ++round)
      for (Result& result : results) result.repeats.push_back(quiet_repeat(*result.side, work));
    return results;
  }

  bool is_noisy(const Repeat& repeat) const { return !bench::is_clean(repeat, best_probe_); }
  double best_probe() const { return best_probe_; }

private:
  Repeat quiet_repeat(Side& side, const Work& work) {
    Repeat repeat;
    for (int attempt = 0; attempt < patience_; ++attempt) {
      std::istringstream answer(side.ask("run " + work.key()));
      std::string word;
      if (!(answer >> word >> repeat.seconds_per_step >> repeat.probe >> repeat.preempted))
        throw std::runtime_error(side.name() + " answered '" + answer.str() + "' where a timing was expected");
      best_probe_ = std::max(best_probe_, repeat.probe);
      if (!is_noisy(repeat)) break;
    }
    return repeat;
  }

  int repeats_, patience_;
  double best_probe_ = 0;
};

// How much faster than the other the reference is.
double speed_ratio(const Result& reference, const Result& other) {
  std::vector<double> ratios = other.seconds();
  for (std::size_t i = 0; i < ratios.size(); ++i) ratios[i] /= reference.repeats[i].seconds_per_step;
  return bench::median(ratios);
}

nlohmann::json report(const Work& work, const std::vector<Result>& results, const Meter& meter) {
  nlohmann::json rows = nlohmann::json::array();
  if (results.empty()) return rows;
  std::printf("\n%s: %s\n", work.name.c_str(), work.description.c_str());
  std::printf("  %-22s %14s %12s %8s %7s   %s is\n", "", "samples/s", "us a step", "spread", "noisy",
              results.front().side->name().c_str());
  for (const Result& result : results) {
    const double median = result.median_seconds(), ratio = speed_ratio(results.front(), result);
    const auto seconds = result.seconds();
    const auto [fastest, slowest] = std::minmax_element(seconds.begin(), seconds.end());
    const double spread = (*slowest - *fastest) / median;
    const auto noisy = std::count_if(result.repeats.begin(), result.repeats.end(),
                                     [&](const Repeat& r) { return meter.is_noisy(r); });
    std::printf("  %-22s %14.0f %12.3f %7.1f%% %5ld/%zu", result.side->name().c_str(), work.batch_size / median,
                median * 1e6, spread * 100, static_cast<long>(noisy), seconds.size());
    if (&result != &results.front()) std::printf("   %.2f times as fast (%.2f of the time)", ratio, 1 / ratio);
    std::printf("\n");
    rows.push_back({{"side", result.side->name()},
                    {"samples_per_second", work.batch_size / median},
                    {"microseconds_per_step", median * 1e6},
                    {"spread", spread},
                    {"noisy_repeats", noisy},
                    {"reference_speed_ratio", ratio},
                    {"seconds_per_step", seconds}});
  }
  return {
      {"workload", work.name}, {"batch_size", work.batch_size}, {"description", work.description}, {"results", rows}};
}

// Do all sides compute the same thing? Values agree unless a framework rounds or orders its sums
// otherwise; with Adam the trajectories part a little, so what counts there is that the loss falls
// alike.
void check(const std::vector<Work>& work, Sides& sides) {
  for (const Work& one : work) {
    std::printf("\n%s: %s\n", one.name.c_str(), one.description.c_str());
    for (auto& side : sides) {
      std::istringstream answer(side->ask("check " + one.key()));
      std::string word;
      double before = 0, after = 0;
      if (answer >> word >> before >> after)
        std::printf("  %-22s before %.6f, after %.6f\n", side->name().c_str(), before, after);
    }
  }
}

// Children inherit both. OpenBLAS left to itself takes the processor's best kernels; variables that
// name others would halve every side that uses it. ATen takes AVX-512 only when asked.
void prepare_process(int core) {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  CPU_SET(static_cast<std::size_t>(core), &cores);
  if (sched_setaffinity(0, sizeof cores, &cores) != 0)
    throw std::runtime_error("cannot run on core " + std::to_string(core));
  unsetenv("OPENBLAS_CORETYPE");
  unsetenv("OPENBLAS_L2_SIZE");
  setenv("OPENBLAS_NUM_THREADS", "1", 1);
  setenv("OMP_NUM_THREADS", "1", 1);
#if defined(__x86_64__)
  setenv("ATEN_CPU_CAPABILITY", __builtin_cpu_supports("avx512f") ? "avx512" : "avx2", 1);
#endif
}

int last_core() {
  cpu_set_t cores;
  sched_getaffinity(0, sizeof cores, &cores);
  int last = 0;
  for (int core = 0; core < CPU_SETSIZE; ++core)
    if (CPU_ISSET(static_cast<std::size_t>(core), &cores)) last = core;
  return last;
}

std::string processor() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);)
    if (line.rfind("model name", 0) == 0) return line.substr(line.find(": ") + 2);
  return "unknown";
}

bool wanted(const std::vector<std::string>& chosen, const std::string& name) {
  return chosen.empty() || std::find(chosen.begin(), chosen.end(), name) != chosen.end();
}

}  // namespace

int main(int argc, char** argv) try {
  CLI::App app{"Speed of the same workloads in Tenon, as bare matrix products, and in other frameworks"};
  std::vector<std::string> chosen_work, chosen_sides, extra_sides;
  std::string folder = std::filesystem::read_symlink("/proc/self/exe").parent_path(), json_file;
  int repeats = 7, patience = 100, core = last_core();
  bool only_check = false;
  app.add_option("--workloads", chosen_work, "only these, such as W1,W7")->delimiter(',');
  app.add_option("--sides", chosen_sides, "only these, such as tenon,dlib")->delimiter(',');
  app.add_option("--side", extra_sides, "one more side, NAME=COMMAND");
  app.add_option("--bin", folder, "where the sides' programs are")->check(CLI::ExistingDirectory);
  app.add_option("--repeats", repeats, "quiet repeats kept of each side")->check(CLI::PositiveNumber);
  app.add_option("--patience", patience, "attempts at a quiet repeat")->check(CLI::PositiveNumber);
  app.add_option("--core", core, "the core everything runs on");
  app.add_option("--json", json_file, "also write the results here");
  app.add_flag("--check", only_check, "compare what the sides compute instead of how fast");
  CLI11_PARSE(app, argc, argv);

  signal(SIGPIPE, SIG_IGN);  // a side that dies is reported where its answer is missing
  prepare_process(core);
  std::vector<Work> work;
  for (const Work& one : all_work)
    if (wanted(chosen_work, one.name)) work.push_back(one);

  Sides sides;
  nlohmann::json infos = nlohmann::json::object();
  const auto start = [&](const std::string& name, const std::string& command) {
    const auto& side = sides.emplace_back(std::make_unique<Side>(name, command));
    infos[name] = side->info();
    std::printf("%-22s %s\n", name.c_str(), side->info().c_str());
  };
  std::printf("%s, core %d, one thread\n", processor().c_str(), core);
  for (const auto& [name, program] : all_sides)
    if (wanted(chosen_sides, name) && std::filesystem::exists(folder + '/' + program.substr(0, program.find(' '))))
      start(name, folder + '/' + program);
  for (const std::string& extra : extra_sides)
    start(extra.substr(0, extra.find('=')), extra.substr(extra.find('=') + 1));

  if (only_check) {
    check(work, sides);
    return 0;
  }

  Meter meter(repeats, patience);
  nlohmann::json tables = nlohmann::json::array();
  for (const Work& one : work) tables.push_back(report(one, meter.measure(one, sides), meter));
  std::printf("\nFMA peak %.0f GFLOP/s in these runs\n", meter.best_probe());

  if (!json_file.empty()) {
    const nlohmann::json all{{"processor", processor()},
                             {"fma_gflops", meter.best_probe()},
                             {"repeats", repeats},
                             {"sides", infos},
                             {"workloads", tables}};
    std::ofstream(json_file) << all.dump(2) << '\n';
  }
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "bench_speed: %s\n", error.what());
  return 1;
}
