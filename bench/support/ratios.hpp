#pragma once

// Two ways to do the same work, timed in turns: a table of their ratios, on the terminal and as JSON.

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "support/timing.hpp"

namespace bench {

struct Ratio {
  std::string name;
  double ours = 0, theirs = 0;  // microseconds
  double ratio = 0;             // median of those of single rounds
  double goal = 0;              // 0: none
};

// Microseconds that one call takes; as many calls as fill about 200 us.
template <class F>
double microseconds(F&& f, int calls) {
  const double start = seconds_now();
  for (int i = 0; i < calls; ++i) f();
  return (seconds_now() - start) / calls * 1e6;
}

template <class Ours, class Theirs>
Ratio compare(std::string name, double goal, double seconds, Ours&& ours, Theirs&& theirs) {
  ours(), theirs();
  const int calls = 1 + static_cast<int>(200 / (microseconds(theirs, 3) + 0.01));
  std::vector<double> a, b, ratio;
  const double end = seconds_now() + seconds;
  do {
    b.push_back(microseconds(theirs, calls));
    a.push_back(microseconds(ours, calls));
    ratio.push_back(a.back() / b.back());
  } while (seconds_now() < end);
  return {std::move(name), median(a), median(b), median(ratio), goal};
}

class Ratios {
public:
  Ratios(std::string ours, std::string theirs) : ours_(std::move(ours)), theirs_(std::move(theirs)) {}

  void heading(const std::string& text) {
    heading_ = text;
    fmt::print("\n{}\n  {:<36} {:>12} {:>12} {:>7}   goal\n", text, "", ours_ + " us", theirs_ + " us", "ratio");
  }
  void add(const Ratio& r) {
    const bool met = r.ratio <= r.goal;
    fmt::print("  {:<36} {:>12.2f} {:>12.2f} {:>7.2f}   {}\n", r.name, r.ours, r.theirs, r.ratio,
               r.goal == 0 ? "" : fmt::format("{:.2f}: {}", r.goal, met ? "met" : "MISSED"));
    std::fflush(stdout);
    nlohmann::json row{
        {"group", heading_}, {"name", r.name}, {"ours_us", r.ours}, {"theirs_us", r.theirs}, {"ratio", r.ratio}};
    if (r.goal != 0) row["goal"] = r.goal, row["goal_met"] = met;
    rows_.push_back(std::move(row));
  }
  void write(const std::string& json_file) const {
    if (!json_file.empty()) std::ofstream(json_file) << rows_.dump(2) << '\n';
  }

private:
  std::string ours_, theirs_, heading_;
  nlohmann::json rows_ = nlohmann::json::array();
};

}  // namespace bench
