// What programs that use Tenon cost to compile: seconds and memory of the compiler, which is called
// as a user's build calls it, one file at a time, on one core.

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/timing.hpp"

namespace {

using Words = std::vector<std::string>;

// What CMake has joined, see compile/CMakeLists.txt.
Words words(const std::string& list) {
  Words found;
  for (std::size_t first = 0; first < list.size();) {
    const std::size_t end = std::min(list.find('|', first), list.size());
    if (end > first) found.push_back(list.substr(first, end - first));
    first = end + 1;
  }
  return found;
}

struct Compiler {
  std::string name, version;
  Words flags;
};

// A source and how often what it measures occurs in it: its cost is the difference to the baseline,
// divided by the occurrences that the baseline lacks.
struct Subject {
  std::string name, source;
  Words flags{};
  std::string baseline{};
  int occurrences = 0;
  double goal_seconds = 0, goal_megabytes = 0;  // in all, or seconds each; 0: none
  std::string object = "/dev/null";
};

std::vector<Subject> all_subjects(bool is_clang, const std::string& folder) {
  const auto depth = [](int layers) {
    return Subject{fmt::format("{} dense layers", layers),
                   "depth.cpp",
                   {fmt::format("-DLAYERS={}", layers)},
                   "headers",
                   layers,
                   0.025};
  };
  const auto formulas = [](const char* kind, const char* flag, int count) {
    return Subject{fmt::format("{} {} formula{}", count, kind, count == 1 ? "" : "s"),
                   "formulas.cpp",
                   {flag, fmt::format("-DFORMULAS={}", count)},
                   count == 1 ? "headers" : fmt::format("1 {} formula", kind),
                   count == 1 ? 1 : count - 1,
                   count == 1 ? 0 : 0.060};
  };
  // Both compilers look for the precompiled form beside a header that need not be there.
  const std::string precompiled = folder + "/tenon.hpp";
  return {
      {"headers", "headers.cpp"},
      {"a small program", "../../tests/consumer/main.cpp"},
      {.name = "headers, precompiled",
       .source = "../../include/tenon/tenon.hpp",
       .flags = {"-x", "c++-header"},
       .object = precompiled + (is_clang ? ".pch" : ".gch")},
      {"a small program with them", "../../tests/consumer/main.cpp", {"-include", precompiled}, "headers, precompiled"},
      {"split: the network", "../../examples/split/digits.cpp"},
      {"split: the program", "../../examples/split/main.cpp", {}, "", 0, 1},
      {"MNIST program", "mnist.cpp", {}, "", 0, 4.5, 400},
      {"LeNet program, -O3", "lenet.cpp", {"-O3"}, "", 0, 6, 450},
      {"ResNet-20 program, -O3", "resnet.cpp", {"-O3"}, "", 0, 15, 900},
      {"ResNet-50 program, -O3", "resnet50.cpp", {"-O3"}},
      {"MobileNetV2 program, -O3", "mobilenet_v2.cpp", {"-O3"}},
      {"GPT program, six blocks, -O3", "gpt.cpp", {"-O3"}, "", 0, 15, 900},
      depth(4),
      depth(16),
      depth(64),
      depth(128),
      {"a further one, from 64", "depth.cpp", {"-DLAYERS=128"}, "64 dense layers", 64, is_clang ? 0.045 : 0.030},
      depth(200),
      depth(256),
      formulas("light", "-DLIGHT", 1),
      formulas("light", "-DLIGHT", 9),
      formulas("heavy", "-DHEAVY", 1),
      formulas("heavy", "-DHEAVY", 9),
      {"one formula, 1 shape", "shapes.cpp", {"-DSHAPES=1"}, "headers", 1},
      {"one formula, 9 shapes", "shapes.cpp", {"-DSHAPES=9"}, "one formula, 1 shape", 8},
#ifdef TENON_COMPILE_DLIB
      {"MNIST program, dlib", "peer_dlib.cpp", words(TENON_COMPILE_DLIB)},
      {"LeNet program, dlib, -O3", "peer_dlib_lenet.cpp", words(TENON_COMPILE_DLIB "|-O3")},
#endif
#ifdef TENON_COMPILE_LIBTORCH
      // 1.13 is no C++20
      {"MNIST program, libtorch", "peer_libtorch.cpp", words(TENON_COMPILE_LIBTORCH "|-std=c++17")},
#endif
  };
}

struct Cost {
  double seconds = 0;    // of the processor, in user mode
  double megabytes = 0;  // the most memory the compiler held
};

struct Result {
  const Subject* subject;
  Cost cost;
  std::vector<double> seconds;
  double each = 0;  // seconds per occurrence
};

std::string read(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

// What the program prints goes to a file; wait4 tells what it and its children took.
Cost run(const Words& command, const std::string& output) {
  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  const pid_t child = fork();
  if (child < 0) throw std::runtime_error("cannot start another process");
  if (child == 0) {
    const int file = open(output.c_str(), O_CREAT | O_TRUNC | O_WRONLY, 0600);
    dup2(file, STDOUT_FILENO);
    dup2(file, STDERR_FILENO);
    execvp(arguments[0], arguments.data());
    _exit(127);
  }
  int status = 0;
  rusage usage{};
  if (wait4(child, &status, 0, &usage) != child) throw std::runtime_error("lost the process of " + command[0]);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
    throw std::runtime_error(fmt::format("this failed:\n{}\n{:.2000}", fmt::join(command, " "), read(output)));
  return {static_cast<double>(usage.ru_utime.tv_sec) + static_cast<double>(usage.ru_utime.tv_usec) * 1e-6,
          static_cast<double>(usage.ru_maxrss) * 1024e-6};
}

class Bench {
public:
  Bench(std::string folder, int repeats) : output_(std::move(folder) + "/output.txt"), repeats_(repeats) {}

  std::optional<std::string> version(const std::string& compiler) const {
    try {
      run({compiler, "-dumpfullversion", "-dumpversion"}, output_);
    } catch (const std::runtime_error&) {
      return std::nullopt;
    }
    std::string text = read(output_);
    return text.substr(0, text.find('\n'));
  }

  Result measure(const Compiler& compiler, const Subject& subject, const std::vector<Result>& before) const {
    Words command{compiler.name};
    command.insert(command.end(), compiler.flags.begin(), compiler.flags.end());
    command.insert(command.end(), subject.flags.begin(), subject.flags.end());
    const std::string source = TENON_COMPILE_SOURCES "/" + subject.source;
    for (const char* word : {"-O2", "-w", "-c", source.c_str(), "-o", subject.object.c_str()})
      command.emplace_back(word);

    Result result{&subject, {}, {}};
    for (int i = 0; i < repeats_; ++i) {
      show_progress(compiler, subject, i);
      const Cost cost = run(command, output_);
      result.seconds.push_back(cost.seconds);
      result.cost.megabytes = std::max(result.cost.megabytes, cost.megabytes);
    }
    hide_progress();
    result.cost.seconds = bench::median(result.seconds);
    if (subject.occurrences > 0) {
      const auto baseline = std::find_if(before.begin(), before.end(),
                                         [&](const Result& r) { return r.subject->name == subject.baseline; });
      const double rest = baseline == before.end() ? 0 : baseline->cost.seconds;
      result.each = (result.cost.seconds - rest) / subject.occurrences;
    }
    return result;
  }

private:
  static void show_progress(const Compiler& compiler, const Subject& subject, int repeat) {
    if (!isatty(STDERR_FILENO)) return;
    fmt::print(stderr, "\r\033[K{}: {}, run {}", compiler.name, subject.name, repeat + 1);
    std::fflush(stderr);
  }
  static void hide_progress() {
    if (isatty(STDERR_FILENO)) fmt::print(stderr, "\r\033[K");
  }

  std::string output_;
  int repeats_;
};

bool is_met(const Result& result) {
  const Subject& s = *result.subject;
  const double seconds = s.occurrences > 0 ? result.each : result.cost.seconds;
  return seconds <= s.goal_seconds && (s.goal_megabytes == 0 || result.cost.megabytes <= s.goal_megabytes);
}

std::string goal(const Result& result) {
  const Subject& s = *result.subject;
  if (s.goal_seconds == 0) return "";
  std::string text = s.occurrences > 0 ? fmt::format("{:.0f} ms each", s.goal_seconds * 1e3)
                                       : fmt::format("{} s", s.goal_seconds);
  if (s.goal_megabytes > 0) text += fmt::format(", {} MB", s.goal_megabytes);
  return text + (is_met(result) ? ": met" : ": MISSED");
}

void print(const Result& result) {
  const std::string each = result.subject->occurrences > 0 ? fmt::format("{:.1f}", result.each * 1e3) : "";
  fmt::print("  {:<26} {:>8.2f} {:>8.0f} {:>9}   {}\n", result.subject->name, result.cost.seconds,
             result.cost.megabytes, each, goal(result));
  std::fflush(stdout);
}

nlohmann::json as_json(const Result& result) {
  nlohmann::json row{{"subject", result.subject->name},
                     {"seconds", result.cost.seconds},
                     {"all_seconds", result.seconds},
                     {"megabytes", result.cost.megabytes}};
  if (result.subject->occurrences > 0) row["milliseconds_each"] = result.each * 1e3;
  if (result.subject->goal_seconds > 0) row["goal_met"] = is_met(result);
  return row;
}

bool wanted(const Words& chosen, const std::string& name) {
  return chosen.empty() || std::any_of(chosen.begin(), chosen.end(),
                                       [&](const std::string& word) { return name.find(word) != std::string::npos; });
}

nlohmann::json measure(const Bench& bench, const Compiler& compiler, const std::vector<Subject>& subjects,
                       const Words& chosen) {
  fmt::print("\n{} {}\n  {:<26} {:>8} {:>8} {:>9}   goal\n", compiler.name, compiler.version, "", "user s", "peak MB",
             "ms each");
  std::vector<Result> results;
  nlohmann::json rows = nlohmann::json::array();
  for (const Subject& subject : subjects) {
    const bool is_baseline = std::any_of(subjects.begin(), subjects.end(), [&](const Subject& s) {
      return s.baseline == subject.name && wanted(chosen, s.name);
    });
    if (!is_baseline && !wanted(chosen, subject.name)) continue;
    const Result& result = results.emplace_back(bench.measure(compiler, subject, results));
    print(result);
    rows.push_back(as_json(result));
  }
  return {{"compiler", compiler.name}, {"version", compiler.version}, {"subjects", rows}};
}

void pin_to(int core) {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  CPU_SET(static_cast<std::size_t>(core), &cores);
  if (sched_setaffinity(0, sizeof cores, &cores) != 0)
    throw std::runtime_error("cannot run on core " + std::to_string(core));
}

int last_core() {
  cpu_set_t cores;
  sched_getaffinity(0, sizeof cores, &cores);
  int last = 0;
  for (int core = 0; core < CPU_SETSIZE; ++core)
    if (CPU_ISSET(static_cast<std::size_t>(core), &cores)) last = core;
  return last;
}

// Removed with all it holds at the end.
struct TemporaryFolder {
  std::string path = (std::filesystem::temp_directory_path() / "tenon_compile_XXXXXX").string();
  TemporaryFolder() {
    if (mkdtemp(path.data()) == nullptr) throw std::runtime_error("cannot make the folder " + path);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() { std::filesystem::remove_all(path); }
};

}  // namespace

int main(int argc, char** argv) try {
  CLI::App app{"Seconds and memory that programs which use Tenon take to compile at -O2"};
  Words compilers{"g++", "clang++-19"}, chosen;
  std::string json_file;
  int repeats = 3, core = last_core();
  app.add_option("--compilers", compilers, "those that are found take part")->delimiter(',');
  app.add_option("--subjects", chosen, "only those whose name has one of these words in it")->delimiter(',');
  app.add_option("--repeats", repeats, "runs, of which the median counts")->check(CLI::PositiveNumber);
  app.add_option("--core", core, "the core everything runs on");
  app.add_option("--json", json_file, "also write the results here");
  CLI11_PARSE(app, argc, argv);

  pin_to(core);
  setenv("CCACHE_DISABLE", "1", 1);
  setenv("LC_ALL", "C", 1);
  const TemporaryFolder folder;
  const Bench bench(folder.path, repeats);
  nlohmann::json tables = nlohmann::json::array();
  for (const std::string& name : compilers) {
    const auto version = bench.version(name);
    if (!version) {
      fmt::print("\n{}: not found\n", name);
      continue;
    }
    const bool is_clang = name.find("clang") != std::string::npos;
    Compiler compiler{name, *version, words(is_clang ? TENON_COMPILE_CLANG_FLAGS : TENON_COMPILE_GNU_FLAGS)};
    for (const std::string& include : words(TENON_COMPILE_INCLUDES)) compiler.flags.push_back(include);
    tables.push_back(measure(bench, compiler, all_subjects(is_clang, folder.path), chosen));
  }
  if (!json_file.empty())
    std::ofstream(json_file) << nlohmann::json{{"repeats", repeats}, {"compilers", tables}}.dump(2) << '\n';
  return 0;
} catch (const std::exception& error) {
  fmt::print(stderr, "bench_compile: {}\n", error.what());
  return 1;
}
