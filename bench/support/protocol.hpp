#pragma once

// Frameworks cannot share a process (symbols, thread pools, BLAS settings), so each side of the
// bench is a program that answers one line for each line it reads:
//
//   info            ->  info <library, version, settings>
//   run W1 64       ->  run <seconds per step> <probe GFLOP/s> <involuntary context switches> one
//   repeat, about 20 ms check W1 64     ->  check <value before> <value after>     a fresh
//   workload, `check_steps` steps quit            ->  (ends)
//
// and `unsupported` for a workload it lacks. The driver alternates the sides and decides which
// repeats count.

#include <dlfcn.h>

#include <functional>
#include <iostream>
#include <map>
#include <sstream>
#include <string>
#include <utility>

#include "support/timing.hpp"

namespace bench {

inline constexpr long check_steps = 160;

struct Workload {
  Run run;
  // Training: the mean loss over the rotating batches. Inference: the mean square of the first
  // batch's outputs. Sides that did the same work agree on it. Empty where nothing is learnt or
  // predicted.
  std::function<double()> value;
};

using Factory = std::function<Workload(std::size_t batch_size)>;
using Workloads = std::map<std::string, Factory>;

// The kernels OpenBLAS chose, wherever it comes from; no side needs to link it to ask.
inline std::string blas_core() {
  using Ask = char* (*)();
  const auto ask = reinterpret_cast<Ask>(dlsym(RTLD_DEFAULT, "openblas_get_corename"));
  return ask == nullptr ? "no OpenBLAS" : std::string("OpenBLAS ") + ask();
}

namespace detail {

struct Prepared {
  Workload workload;
  long steps;
};

inline void answer_run(std::map<std::string, Prepared>& prepared, const std::string& key, const Factory& make,
                       std::size_t batch_size) {
  auto found = prepared.find(key);
  if (found == prepared.end()) {
    Workload workload = make(batch_size);
    workload.run(2);  // whatever is allocated or compiled on first use
    const long steps = steps_per_repeat(workload.run);
    found = prepared.emplace(key, Prepared{std::move(workload), steps}).first;
  }
  const Repeat repeat = time_repeat(found->second.workload.run, found->second.steps);
  std::cout << "run " << repeat.seconds_per_step << ' ' << repeat.probe << ' ' << repeat.preempted << '\n';
}

inline void answer_check(const Factory& make, std::size_t batch_size) {
  const Workload workload = make(batch_size);
  if (!workload.value) {
    std::cout << "unsupported\n";
    return;
  }
  const double before = workload.value();
  workload.run(check_steps);
  std::cout << "check " << before << ' ' << workload.value() << '\n';
}

}  // namespace detail

inline int serve(const std::string& info, const Workloads& workloads) {
  std::map<std::string, detail::Prepared> prepared;
  std::cout.precision(9);
  for (std::string line; std::getline(std::cin, line); std::cout.flush()) {
    std::istringstream words(line);
    std::string command, name;
    std::size_t batch_size = 0;
    words >> command >> name >> batch_size;
    const auto found = workloads.find(name);
    if (command == "quit") break;
    else if (command == "info") std::cout << "info " << info << '\n';
    else if (found == workloads.end() || batch_size == 0) std::cout << "unsupported\n";
    else if (command == "run")
      detail::answer_run(prepared, name + ' ' + std::to_string(batch_size), found->second, batch_size);
    else if (command == "check") detail::answer_check(found->second, batch_size);
    else std::cout << "unsupported\n";
  }
  return 0;
}

}  // namespace bench
