#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include <tenon/error.hpp>

#include "interpret.hpp"
#include "write_network.hpp"

namespace tenon::importing {

namespace {

constexpr std::size_t samples = 2;
constexpr std::size_t most_compared = 4000;  // of an output that are compared; of larger ones every n-th

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
    R"(  const auto compare = [&](int output, const std::vector<double>& expected, std::size_t step, std::size_t size) {
    double largest = 0, worst = 0;
    for (const double e : expected) largest = std::max(largest, std::abs(e));
    for (std::size_t i = 0; i < expected.size(); ++i) {
      const std::size_t place = i * step;
      const double got = static_cast<double>(y[place / size * (y.size() / samples) + offset + place % size]);
      const double off = std::abs(got - expected[i]);
      worst = std::isnan(off) || off > worst ? off : worst;
    }
    offset += size;
    const double relative = largest > 0 ? worst / largest : worst;
    std::printf("output %d: largest number %.6g, largest difference %.3g of it\n", output, largest, relative);
    difference = std::isnan(relative) || relative > difference ? relative : difference;
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
    difference = std::isnan(worst) || worst > difference ? worst : difference;
  };
)";

}  // namespace

std::string write_check(const Graph& original, const Graph& simplified, const std::string& name,
                        const std::map<std::string, std::size_t>& batch_axes) {
  Generator random;
  // Of a file whose batch has a size each call has so many samples, which the type takes one by one.
  const bool batched = has_batch(simplified) && !simplified.inputs.empty();
  const auto batch = static_cast<std::size_t>(batched ? simplified.inputs[0].dims->front() : 1), rows = samples * batch;
  std::vector<std::vector<double>> expected(simplified.outputs.size());  // sample after sample
  for (std::size_t s = 0; s < samples; ++s) {
    std::map<std::string, Array> inputs;
    for (const Value& input : simplified.inputs) inputs[input.name] = {input.type, input.dims.value(), {}};
    for (std::size_t row = 0; row < batch; ++row)
      for (const Value& input : simplified.inputs) {
        Array& x = inputs.at(input.name);
        const std::int64_t count = tokens(simplified, input.name);
        for (std::int64_t i = count_of(x.dims) / static_cast<std::int64_t>(batch); i > 0; --i)
          x.values.push_back(count > 0 ? static_cast<double>(random.next() % static_cast<std::uint64_t>(count))
                                       : random.between_minus_one_and_one());
      }
    const std::vector<Array> outputs = interpret(original, std::move(inputs));
    if (outputs.size() != expected.size())
      throw Error("the network gives another number of outputs than the file says");
    for (std::size_t k = 0; k < outputs.size(); ++k) {
      const auto axis = batch_axes.find(simplified.outputs[k].name);
      const bool moved = batch > 1 && axis != batch_axes.end() && axis->second > 0 &&
                         axis->second < outputs[k].dims.size();
      const std::vector<double> values = moved ? in_front(outputs[k], axis->second) : outputs[k].values;
      expected[k].insert(expected[k].end(), values.begin(), values.end());
    }
  }

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
      comparisons += fmt::format("  compare({}, expected_{}, {}, {});\n", k, k, std::max<std::size_t>(step, 1),
                                 expected[k].size() / rows);
  }
  if (numbers) functions += compare_numbers;
  if (classes) functions += compare_classes;

  return fmt::format(
      R"(// Compares {0} with the network that it was imported from: outputs for {1} random inputs, which a plain interpreter of the
// file has computed in double. `check [folder of net.safetensors]` ends with 1 where they differ by more than 1e-4 of
// the largest.
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

  double difference = 0;
  std::size_t offset = 0;
{6}{5}  return difference <= 1e-4 ? 0 : 1;
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
      comparisons, functions);
}

}  // namespace tenon::importing
