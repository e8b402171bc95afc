#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include <tenon/error.hpp>

#include "interpret.hpp"
#include "work.hpp"
#include "write_network.hpp"

namespace tenon::importing {

namespace {

constexpr std::size_t most_compared = 4000;  // of an output that are compared; of larger ones every n-th

/// How much is computed: as many calls of the network, with so many of the samples of the batch that the file says.
struct Size {
  std::size_t batch = 1, calls = 2, rows = 1;
  bool rounded = true;  // and once more with rounding
};

/// As much of it as stays below the work that is allowed; no calls where not even one does.
Size affordable(const Graph& simplified, double most_work, bool first_axes) {
  const bool batched = has_batch(simplified) && !simplified.inputs.empty();
  Size size;
  size.batch = size.rows = static_cast<std::size_t>(batched ? simplified.inputs[0].dims->front() : 1);
  const double once = work_of(simplified);
  size.rounded = 3 * once <= most_work;
  if (2 * once > most_work) size.calls = 1;
  if (once > most_work) {
    size.rows = first_axes ? static_cast<std::size_t>(most_work / once * static_cast<double>(size.batch)) : 0;
    if (size.rows == 0) size.calls = 0;
  }
  return size;
}

/// The numbers that the written program makes too: a linear congruential generator (Knuth's MMIX), its upper bits.
class Generator {
public:
  std::uint64_t next() { return (state_ = state_ * 6364136223846793005U + 1442695040888963407U) >> 40; }
  double between_minus_one_and_one() { return static_cast<double>(next()) / (1 << 23) - 1; }

private:
  std::uint64_t state_ = 1;
};

/// How many tokens there are, where an input is looked up in a table; 0 elsewhere.
std::int64_t tokens(const Graph& graph, const std::string& input) {
  for (const Node& node : graph.nodes) {
    const bool reads = std::find(node.inputs.begin(), node.inputs.end(), input) != node.inputs.end();
    if (!reads) continue;
    if (node.op == "Gather" && node.inputs.at(1) == input && graph.constants.contains(node.inputs[0]))
      return graph.constants.at(node.inputs[0]).dims.at(0);
    const bool moves = node.op == "Cast" || node.op == "Reshape" || node.op == "Identity" || node.op == "Transpose";
    if (const std::int64_t behind = moves ? tokens(graph, node.outputs.at(0)) : 0; behind > 0) return behind;
  }
  return 0;
}

std::string numbers_text(const std::vector<double>& values, std::size_t step) {
  std::string all = "\n     ";
  std::size_t column = 5;
  for (std::size_t i = 0; i < values.size(); i += step) {
    const std::string one = fmt::format(" {:.9g},", values[i]);
    if (column + one.size() > 120) all += "\n     ", column = 5;
    all += one;
    column += one.size();
  }
  return all;
}

std::string rounding_text(double rounding) {
  return std::isfinite(rounding) ? fmt::format("{:.3g}", rounding) : "INFINITY";
}

/// The numbers with that axis in front.
std::vector<double> in_front(const Array& a, std::size_t axis) {
  const auto at = a.dims.begin() + static_cast<std::ptrdiff_t>(axis);
  const auto outer = static_cast<std::size_t>(count_of({a.dims.begin(), at})), length = static_cast<std::size_t>(*at),
             inner = static_cast<std::size_t>(count_of({at + 1, a.dims.end()}));
  std::vector<double> all;
  for (std::size_t k = 0; k < length; ++k)
    for (std::size_t o = 0; o < outer; ++o)
      for (std::size_t i = 0; i < inner; ++i) all.push_back(a.values[(o * length + k) * inner + i]);
  return all;
}

/// How the written program compares an output.
constexpr const char* compare_numbers =
    R"(  const auto compare = [&](int output, const std::vector<double>& expected, std::size_t step, std::size_t size,
                           double rounding) {
    double largest = 0, worst = 0;
    std::size_t finite = 0;
    for (const double e : expected)
      if (std::abs(e) <= most_float) largest = std::max(largest, std::abs(e)), ++finite;
    for (std::size_t i = 0; i < expected.size(); ++i) {
      const std::size_t place = i * step;
      const double got = static_cast<double>(y[place / size * (y.size() / samples) + offset + place % size]);
      const double e = std::abs(expected[i]) > most_float ? std::copysign(INFINITY, expected[i]) : expected[i];
      const double off = got == e || (std::isnan(got) && std::isnan(e)) ? 0 : std::abs(got - e);
      worst = std::isnan(off) || off > worst ? off : worst;
    }
    offset += size;
    const double relative = largest > 0 ? worst / largest : worst;
    std::printf("output %d: largest number %.6g, largest difference %.3g of it\n", output, largest, relative);
    comparison.add(output, relative, finite > 0 ? rounding : INFINITY);
  };
)";

/// The file gives the class, the type scores: another one may be the largest by so little alone.
constexpr const char* compare_classes =
    R"(  const auto compare_classes = [&](int output, const std::vector<double>& expected, std::size_t size) {
    double worst = 0;
    std::size_t same = 0;
    for (std::size_t s = 0; s < samples; ++s) {
      const float* const scores = y.data() + s * (y.size() / samples) + offset;
      const float* const best = std::max_element(scores, scores + size);
      const auto expected_class = static_cast<std::size_t>(expected[s]);
      same += static_cast<std::size_t>(best - scores) == expected_class ? 1U : 0U;
      double largest = 0;
      for (std::size_t i = 0; i < size; ++i) largest = std::max(largest, std::abs(static_cast<double>(scores[i])));
      const double off = static_cast<double>(*best) - static_cast<double>(scores[expected_class]);
      const double relative = largest > 0 ? off / largest : off;
      worst = std::isnan(relative) || relative > worst ? relative : worst;
    }
    offset += size;
    std::printf("output %d: %zu of %zu classes are the file's\n", output, same, samples);
    comparison.add(output, worst, 0);
  };
)";

/// How the written program judges what it has compared.
constexpr const char* comparison_text =
    R"(/// An output may differ by 1e-4 of its largest number. Of an ill-conditioned one rounding to float decides more: the
/// interpreter has tried how much (`rounding`), and it may differ by 32 times that.
class Comparison {
public:
  void add(int output, double off, double rounding) {
    const double allowed = std::max(1e-4, 32 * rounding);
    if (!(off <= allowed) && allowed < 1) right_ = false;
    if (!(off <= worst_ * allowed)) worst_ = off / allowed, off_ = off, allowed_ = allowed;
    if (off <= 1e-4 || allowed <= 1e-4) return;
    std::printf("output %d is ill-conditioned: rounding to float alone moves it by %.3g of its largest number, %s\n",
                output, rounding, allowed < 1 ? "32 times that is allowed" : "so it is not compared");
    allowed < 1 ? ++ill_ : ++undecided_;
  }
  /// Prints the result in one line, the last, and gives the exit code.
  int report(int outputs) const {
    if (!right_)
      std::printf("the outputs differ from the file's by %.3g of their largest number, %.3g is allowed\n", off_,
                  allowed_);
    else if (undecided_ == outputs)
      std::printf("undecided: the outputs are ill-conditioned, rounding to float alone moves them too far\n");
    else
      std::printf("the outputs differ from the file's by at most %.3g of their largest number%s%s\n", off_,
                  ill_ > 0 ? "; some are ill-conditioned" : "", undecided_ > 0 ? "; some are undecided" : "");
    return right_ ? 0 : 1;
  }

private:
  bool right_ = true;
  double worst_ = 0, off_ = 0, allowed_ = 1e-4;  // the worst by what is allowed
  int ill_ = 0, undecided_ = 0;
};
)";

/// How much rounding moves an output, in shares of its largest number.
double moved_by(const Array& exact, const Array& rounded) {
  double largest = 0, worst = 0;
  if (exact.values.size() != rounded.values.size()) return INFINITY;
  for (std::size_t i = 0; i < exact.values.size(); ++i) {
    const double a = exact.values[i], b = rounded.values[i];
    if (std::isfinite(a)) largest = std::max(largest, std::abs(a));
    if (a != b && !(std::isnan(a) && std::isnan(b)))
      worst = std::max(worst, std::isnan(a - b) ? INFINITY : std::abs(a - b));
  }
  return worst == 0 ? 0 : largest > 0 ? worst / largest : INFINITY;
}

std::map<std::string, Array> random_inputs(Generator& random, const Graph& simplified, const Size& size) {
  std::map<std::string, Array> inputs;
  const auto rows = static_cast<std::int64_t>(size.rows);
  for (const Value& input : simplified.inputs) {
    inputs[input.name] = {input.type, input.dims.value(), {}};
    if (size.batch != size.rows) inputs[input.name].dims.at(0) = rows;
  }
  for (std::size_t row = 0; row < size.rows; ++row)
    for (const Value& input : simplified.inputs) {
      Array& x = inputs.at(input.name);
      const std::int64_t count = tokens(simplified, input.name);
      for (std::int64_t i = count_of(x.dims) / rows; i > 0; --i)
        x.values.push_back(count > 0 ? static_cast<double>(random.next() % static_cast<std::uint64_t>(count))
                                     : random.between_minus_one_and_one());
    }
  return inputs;
}

/// What the file gives, sample after sample, by output.
struct Expected {
  std::vector<std::vector<double>> numbers;
  std::vector<double> rounding;  // how much it moves each output; 0 where that was too much to compute
};

Expected computed(const Graph& original, const Graph& simplified, const std::map<std::string, std::size_t>& batch_axes,
                  const Size& size) {
  Generator random;
  Expected all{std::vector<std::vector<double>>(simplified.outputs.size()),
               std::vector<double>(simplified.outputs.size(), 0)};
  for (std::size_t s = 0; s < size.calls; ++s) {
    std::map<std::string, Array> inputs = random_inputs(random, simplified, size);
    std::vector<Array> rounded;
    if (s == 0 && size.rounded) rounded = interpret_rounded(original, inputs);
    const std::vector<Array> outputs = interpret(original, std::move(inputs));
    if (outputs.size() != all.numbers.size())
      throw Error("the network gives another number of outputs than the file says");
    for (std::size_t k = 0; k < outputs.size(); ++k) {
      const auto axis = batch_axes.find(simplified.outputs[k].name);
      const bool moved = size.rows > 1 && axis != batch_axes.end() && axis->second > 0 &&
                         axis->second < outputs[k].dims.size();
      const std::vector<double> values = moved ? in_front(outputs[k], axis->second) : outputs[k].values;
      all.numbers[k].insert(all.numbers[k].end(), values.begin(), values.end());
      const bool classes = scores_of_classes(simplified, simplified.outputs[k].name) != nullptr;
      if (!rounded.empty() && !classes) all.rounding[k] = moved_by(outputs[k], rounded.at(k));
    }
  }
  return all;
}

/// Whether an output of fewer samples than the file's batch has its numbers for each of them.
bool fits(const Expected& expected, const Graph& simplified, const Size& size) {
  for (std::size_t k = 0; k < expected.numbers.size(); ++k) {
    const auto of_batch = static_cast<std::size_t>(count_of(simplified.outputs[k].dims.value()));
    if (expected.numbers[k].size() * size.batch != of_batch * size.rows * size.calls) return false;
  }
  return true;
}

}  // namespace

WrittenCheck write_check(const Graph& original, const Graph& simplified, const std::string& name,
                         const std::map<std::string, std::size_t>& batch_axes, double most_work) {
  const Size size = affordable(simplified, most_work, std::ranges::all_of(simplified.inputs, [&](const Value& input) {
                                 const auto axis = batch_axes.find(input.name);
                                 return axis == batch_axes.end() || axis->second == 0;
                               }));
  const std::string too_much = too_much_work(
      work_of(simplified), size.batch > 1 ? fmt::format("its batch of {}", size.batch) : "one sample", most_work);
  if (size.calls == 0) return {"", too_much};
  Expected all;
  try {
    all = computed(original, simplified, batch_axes, size);
  } catch (const Error&) {
    if (size.rows == size.batch) throw;
    return {"", too_much + ", and the file takes no smaller batch"};
  }
  if (size.rows != size.batch && !fits(all, simplified, size))
    return {"", too_much + ", and the file takes no smaller batch"};
  const std::vector<std::vector<double>>& expected = all.numbers;
  const std::size_t rows = size.calls * size.rows, batch = size.batch;

  std::string inputs, results, comparisons, functions;
  bool numbers = false, classes = false;
  for (std::size_t i = 0; i < simplified.inputs.size(); ++i) {
    inputs += fmt::format("{}{}", i > 0 ? ", " : "", tokens(simplified, simplified.inputs[i].name));
  }
  for (std::size_t k = 0; k < expected.size(); ++k) {
    const std::size_t step = (expected[k].size() + most_compared - 1) / most_compared;
    results += fmt::format("const std::vector<double> expected_{}{{{}\n}};\n", k,
                           numbers_text(expected[k], std::max<std::size_t>(step, 1)));
    const std::string* scores = scores_of_classes(simplified, simplified.outputs[k].name);
    (scores != nullptr ? classes : numbers) = true;
    if (scores != nullptr)
      comparisons += fmt::format("  compare_classes({}, expected_{}, {});\n", k, k,
                                 simplified.values.at(*scores).dims.value().back());
    else
      comparisons += fmt::format("  compare({}, expected_{}, {}, {}, {});\n", k, k, std::max<std::size_t>(step, 1),
                                 expected[k].size() / rows, rounding_text(all.rounding[k]));
  }
  if (numbers) functions += compare_numbers;
  if (classes) functions += compare_classes;

  return {
      fmt::format(
          R"(// Compares {0} with the network that it was imported from: outputs for {1} random inputs, which a plain interpreter of the
// file has computed in double. `check [folder of net.safetensors]` ends with 1 where they differ by more than rounding
// explains.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "net.hpp"

namespace {{

constexpr std::size_t samples = {1};
constexpr double most_float = 3.4028234663852886e38;
/// How many tokens each input knows; 0 for an input of numbers between -1 and 1.
constexpr std::uint64_t tokens[]{{{2}}};

{3}
std::uint64_t random_state = 1;
std::uint64_t next_random() {{
  return (random_state = random_state * 6364136223846793005U + 1442695040888963407U) >> 40;
}}
float random_number(std::uint64_t of) {{
  if (of > 0) return static_cast<float>(next_random() % of);
  return static_cast<float>(static_cast<double>(next_random()) / (1 << 23) - 1);
}}

{7}
}}  // namespace

int main(int argc, char** argv) try {{
  Model<{0}> model;
  model.load((argc > 1 ? std::string(argv[1]) : std::string(".")) + "/net.safetensors");
  std::vector<float> x(samples * input_shape<{0}>::size), y(samples * output_shape<{0}>::size);
  const std::vector<std::size_t> sizes{{{4}}};
  std::size_t at = 0;
  for (std::size_t s = 0; s < samples; ++s)
    for (std::size_t i = 0; i < sizes.size(); ++i)
      for (std::size_t j = 0; j < sizes[i]; ++j) x[at++] = random_number(tokens[i]);
  model.predict(x, y);

  Comparison comparison;
  std::size_t offset = 0;
{6}{5}  return comparison.report({8});
}} catch (const std::exception& error) {{
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}}
)",
          name, rows, inputs, results,
          [&] {
            std::string sizes;
            for (const Value& input : simplified.inputs)
              sizes += fmt::format("{}{}", sizes.empty() ? "" : ", ",
                                   count_of(*input.dims) / static_cast<std::int64_t>(batch));
            return sizes;
          }(),
          comparisons, functions, comparison_text, expected.size()),
      ""};
}

}  // namespace tenon::importing
