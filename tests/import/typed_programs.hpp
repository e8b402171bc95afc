#pragma once

// Programs in which imported networks are types, many to a file, each compared with numbers that are known: what
// make_conformance and make_roundtrip write.

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include <tenon/error.hpp>

#include "import/graph.hpp"
#include "import/layers/unit.hpp"
#include "import/write_network.hpp"

namespace tenon::importing {

inline std::string one_line(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c == '\n' || c == '\t'; }, ' ');
  return text;
}

inline void write_text(const std::filesystem::path& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file.write(text.data(), static_cast<std::streamsize>(text.size()));
  if (!file.flush()) throw Error("cannot write " + path.string());
}

/// The numbers of sample s, where axis `batch` counts samples; all of them where none does.
inline void append_sample(std::vector<float>& to, const Array& a, std::size_t batch, std::size_t s) {
  std::size_t inner = 1, count = 1;
  if (batch != no_batch) {
    count = static_cast<std::size_t>(a.dims.at(batch));
    for (std::size_t k = batch + 1; k < a.dims.size(); ++k) inner *= static_cast<std::size_t>(a.dims[k]);
  }
  for (std::size_t i = 0; i < a.values.size(); ++i)
    if (batch == no_batch || i / inner % count == s) to.push_back(static_cast<float>(a.values[i]));
}

/// How far a number may be from what is expected: so much, and so much of the largest number and of its own.
struct Allowed {
  double absolute = 0, of_largest = 0, relative = 0;
};

class TypedPrograms {
public:
  TypedPrograms(std::filesystem::path to, std::size_t in_a_program, Allowed allowed)
      : to_(std::move(to)), in_a_program_(in_a_program), allowed_(allowed) {
    std::filesystem::create_directories(to_);
  }

  /// A network, and the inputs of so many samples with what it has to give for them behind. Its weights and its numbers
  /// become files of its name. Gives "program<tab>number in it".
  std::string add(const std::string& name, const Written& net, std::size_t samples, const std::vector<float>& numbers) {
    const std::filesystem::path weights = to_ / (name + ".safetensors");
    std::filesystem::remove(weights);  // of an earlier run
    if (!net.weights.empty()) write_weights(weights.string(), net.weights);
    write_text(to_ / (name + ".bin"), {reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(float)});
    std::string space = "in_";
    for (const char c : name) space += std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
    parts_ += fmt::format("namespace {} {{\n{}}}\n", space,
                          net.header.substr(net.header.find("using namespace tenon;") + 22));
    calls_ += fmt::format("  run_test<{}::Net>({}, \"{}\", {});\n", space, count_, name, samples);
    std::string place = fmt::format("{}\t{}", programs_, count_);
    if (++count_ == in_a_program_) finish();
    return place;
  }

  /// Writes the last program.
  void finish() {
    if (count_ == 0) return;
    write_text(to_ / fmt::format("part_{}.cpp", programs_++),
               fmt::format("{}constexpr double absolute = {}, of_largest = {}, relative = {};\n{}{}"
                           "int main(int argc, char** argv) {{\n  if (argc > 1) only = std::atoi(argv[1]);\n{}  "
                           "return faults;\n}}\n",
                           head, allowed_.absolute, allowed_.of_largest, allowed_.relative, run_test, parts_, calls_));
    parts_.clear(), calls_.clear(), count_ = 0;
  }
  std::size_t programs() const { return programs_; }

private:
  static constexpr const char* head = R"(// Written by tests/import/typed_programs.hpp.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <tenon/tenon.hpp>

using namespace tenon;

static int only = -1, faults = 0;
)";
  // NaN is equal to NaN alone, infinity to itself. What passes says its largest difference in shares of the largest.
  static constexpr const char* run_test = R"(
template <class Net> void run_test(int number, const char* name, std::size_t samples) {
  if (only >= 0 && only != number) return;
  ++faults;
  try {
    Model<Net> model;
    if (std::ifstream(std::string(name) + ".safetensors")) model.load(std::string(name) + ".safetensors");
    std::ifstream file(std::string(name) + ".bin", std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), {}};
    std::vector<float> x(samples * input_shape<Net>::size), y(samples * output_shape<Net>::size), expected(y.size());
    if (bytes.size() != (x.size() + y.size()) * sizeof(float)) return void(std::printf("%s\twrong\tother sizes: %zu + %zu numbers are not %zu\n", name, x.size(), y.size(), bytes.size() / sizeof(float)));
    std::memcpy(x.data(), bytes.data(), x.size() * sizeof(float));
    std::memcpy(expected.data(), bytes.data() + x.size() * sizeof(float), y.size() * sizeof(float));
    model.predict(x, y);
    double largest = 0, worst = 0;
    for (const float e : expected)
      if (std::isfinite(e)) largest = std::max(largest, std::abs(static_cast<double>(e)));
    for (std::size_t i = 0; i < y.size(); ++i) {
      const double a = static_cast<double>(y[i]), b = static_cast<double>(expected[i]), off = std::abs(a - b);
      if (a == b || (std::isnan(a) && std::isnan(b))) continue;
      if (!(off <= absolute + of_largest * largest + relative * std::abs(b)) || std::isinf(off)) return void(std::printf("%s\twrong\tnumber %zu is %.7g instead of %.7g\n", name, i, a, b));
      worst = std::max(worst, off);
    }
    --faults;
    std::printf("%s\tpass\t%.3g\n", name, largest > 0 ? worst / largest : worst);
  } catch (const std::exception& error) {
    std::printf("%s\twrong\t%s\n", name, error.what());
  }
}

)";

  std::filesystem::path to_;
  std::size_t in_a_program_;
  Allowed allowed_;
  std::string parts_{}, calls_{};
  std::size_t count_ = 0, programs_ = 0;
};

}  // namespace tenon::importing
