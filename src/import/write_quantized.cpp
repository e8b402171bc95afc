#include "write_quantized.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <span>

#include <tenon/edge/checksum.hpp>
#include <tenon/edge/quantized_digest.hpp>
#include <tenon/error.hpp>
#include <tenon/io/weights_header.hpp>

#include "../io/words.hpp"
#include "interpret_int8.hpp"
#include "types/quantized_graph.hpp"
#include "types/quantized_plan.hpp"
#include "types/quantized_scales.hpp"
#include "types/type_text.hpp"

namespace tenon::importing {

namespace {

/// The numbers that the written program makes too: the upper byte, or the upper two, of a linear congruential generator
/// (Numerical Recipes').
class Integers {
public:
  explicit Integers(bool wide) : wide_(wide) {}
  int next() {
    state_ = (state_ * 1664525U + 1013904223U) & 0xffffffffU;
    return wide_ ? static_cast<int>(state_ >> 16) - 32768 : static_cast<int>(state_ >> 24) - 128;
  }

private:
  bool wide_;
  std::uint64_t state_ = 1;  // of 32 bits
};

/// Images of a file that has the channels last: int8 has them last too, so the network takes them as they are, and what
/// turns them goes.
bool take_channels_last(Structure& structure, const std::vector<std::string>& inputs, Units& units) {
  Piece& first = structure.pieces.front();
  Dims& takes = units.shapes.at(inputs[0]);
  if (structure.pieces.size() > 1 || inputs.size() > 1 || takes.size() != 3) return false;
  const auto layer = std::ranges::find_if(
      first.parts, [](const Part& p) { return p.kind != Part::layer || p.own.kind != Layer::scale; });
  if (layer == first.parts.end() || layer->kind != Part::layer || layer->own.text != "Permute<2, 0, 1>") return false;
  takes = layer->gives;
  first.parts.erase(layer);
  return true;
}

std::string numbers_text(const std::vector<double>& values) {
  std::string all;
  std::size_t column = 0;
  for (const double value : values) {
    const std::string one = fmt::format("{},", value);
    if (column == 0 || column + one.size() > 120) all += "\n    ", column = 4;
    all += one;
    column += one.size();
  }
  return all;
}

struct Samples {
  std::vector<double> expected{};  // all outputs of a sample, one sample after the other
  std::size_t size = 0;            // of the outputs together
};

/// The file's numbers for each input byte: floats where it takes floats.
Samples expected_bytes(const Graph& original, const std::vector<Value>& inputs, const QuantizedLayout& layout,
                       std::size_t samples, Rounding rounding) {
  Integers integers(layout.plan().wide);
  Samples all;
  for (std::size_t s = 0; s < samples; ++s) {
    std::map<std::string, Array> given;
    for (std::size_t k = 0; k < inputs.size(); ++k) {
      const Value& own = *std::ranges::find(original.inputs, inputs[k].name, &Value::name);
      Array x{own.type, *inputs[k].dims, {}};
      for (std::int64_t i = count_of(x.dims); i > 0; --i) {
        const double q = integers.next();
        x.values.push_back(own.type == Type::int8 || own.type == Type::int16 ? q
                           : own.type == Type::uint8                         ? q + 128
                                                     : static_cast<double>(layout.scale[k]) * (q - layout.zero[k]));
      }
      given.emplace(inputs[k].name, std::move(x));
    }
    for (const Array& y : interpret_int8(original, given, rounding))
      all.expected.insert(all.expected.end(), y.values.begin(), y.values.end());
    all.size = all.expected.size() / (s + 1);
  }
  return all;
}

/// How many steps a network's outputs may be from the file's. Between its roundings a file computes normalisations and
/// attention in float, the kernels in integers: they are a step apart now and then, which becomes more in what stands
/// behind.
int most_apart(const QuantizedLayout::Plan& plan) {
  const auto steps = std::span(plan.steps).first(plan.count);
  const bool in_float = std::ranges::any_of(steps, [](const edge::QuantizedStep& step) {
    return step.pattern.kind == edge::StepKind::norm || step.attends();
  });
  return in_float ? 4 : 0;
}

std::string header_text(const std::string& name, TypeText type, const QuantizedLayout& layout, const Graph& graph,
                        WrittenQuantized& written, Rounding rounding) {
  const QuantizedLayout::Plan& plan = layout.plan();
  WeightsHeader header;
  header.by = "tenon import";
  header.name = "net_int8";
  header.network = name;
  header.definitions = fmt::format(
      "{}/// Imported from a file in the format {}{}.\nusing {} = {}{}{};\n\n", type.definitions, graph.format,
      graph.name.empty() ? "" : ", where it is called " + detail::quoted_text(detail::behind_last('/', graph.name)),
      name, plan.wide ? "StoreActivations<" : "", type.body, plan.wide ? ", activation_bits<16>>" : "");
  header.includes = "#include <tenon/edge/quantized_digest.hpp>\n#include <tenon/edge/quantized_self_test.hpp>\n";
  header.checksum = crc32(std::as_bytes(std::span(layout.weights)));
  header.weight_bytes = written.weight_bytes = plan.weight_bytes;
  header.ram_bytes = written.ram_bytes = plan.arena * plan.number_bytes();
  written.activation_bits = plan.wide ? 16 : 8;
  header.macs = written.macs = plan.macs;
  for (const auto& [weight, array] : type.weights) header.parameter_count += array.values.size();
  WeightsHeader::Member weights{"weights", {}}, bias{"bias", {}}, scales{"weight_scale", {}};
  for (std::size_t k = 0; k < plan.count; ++k) {
    const edge::QuantizedStep& step = plan.steps[k];
    if (step.has_factors()) {
      const std::size_t rows = kernels::in_fours(step.factors);
      const bool norm = step.pattern.kind == edge::StepKind::norm;
      const std::string about = fmt::format("step {}, {}", k, norm ? "factors of a normalisation" : "slopes");
      bias.blocks.push_back({about, std::span(layout.bias).subspan(step.row, rows)});
      scales.blocks.push_back({about, std::span(layout.weight_scale).subspan(step.row, rows)});
    }
    if (step.pattern.kind == edge::StepKind::recurrent) {
      const std::string about = fmt::format("step {}, {} to {} and back, i f g o", k, step.cell.features,
                                            step.cell.hidden);
      const std::size_t rows = step.cell.scales();
      weights.blocks.push_back({about + ", packed four rows by four columns",
                                std::span(layout.weights).subspan(step.weights, step.cell.weight_bytes())});
      bias.blocks.push_back({about, std::span(layout.bias).subspan(step.row, rows)});
      scales.blocks.push_back({about, std::span(layout.weight_scale).subspan(step.row, rows)});
    }
    if (!step.multiplies()) continue;
    const std::string about = fmt::format("step {}, {} to {}", k, step.columns(), step.outputs());
    const char* const packed = step.pattern.kind == edge::StepKind::depthwise ? ", packed four channels"
                                                                              : ", packed four rows by four columns";
    weights.blocks.push_back({about + packed, std::span(layout.weights).subspan(step.weights, step.packed_bytes())});
    bias.blocks.push_back({about, std::span(layout.bias).subspan(step.row, step.packed_rows())});
    scales.blocks.push_back({about, std::span(layout.weight_scale).subspan(step.row, step.packed_rows())});
  }
  WeightsHeader::Member gate_bits{"gate_bits", {}}, cell_bits{"cell_bits", {}};
  if (plan.cells > 0) {
    gate_bits.blocks.push_back({"of recurrent layers", std::span(layout.gate_bits)});
    cell_bits.blocks.push_back({"of recurrent layers", std::span(layout.cell_bits)});
  }
  WeightsHeader::Member functions{"functions", {}}, has_functions{"has_functions", {}};
  static constexpr std::int8_t yes[]{1};
  if (!layout.functions.empty()) {
    for (std::size_t k = 0; k < layout.functions.size(); k += 256)
      functions.blocks.push_back({"of one number, as a table", std::span(layout.functions).subspan(k, 256)});
    has_functions.blocks.push_back({"they are the file's", std::span<const std::int8_t>(yes)});
  }
  WeightsHeader::Member whole_multipliers{"whole_multipliers", {}}, counts_far{"counts_far", {}};
  if (layout.whole_multipliers.value_or(false))
    whole_multipliers.blocks.push_back({"biases have 32 bits", std::span<const std::int8_t>(yes)});
  if (plan.wide) counts_far.blocks.push_back({"as LiteRT does", std::span<const std::int8_t>(yes)});
  header.constants.push_back({plan.wide
                                  ? "The network with weights of 8 bits and activations of 16, with the file's own "
                                    "integers and scales."
                                  : "The network in int8, with the file's own integers and scales.",
                              "QuantizedNumbers<Net> numbers",
                              {weights,
                               bias,
                               scales,
                               {"scale", {{"of the input and of every step's output", std::span(layout.scale)}}},
                               {"zero", {{"their zero points", std::span(layout.zero)}}},
                               gate_bits,
                               cell_bits,
                               functions,
                               has_functions,
                               whole_multipliers,
                               counts_far}});
  if (rounding == Rounding::twice)
    header.checks = "static_assert(kernels::rounds_twice,\n              \"imported with --rounding double: define "
                    "TENON_DOUBLE_ROUNDING for the whole program\");\n";
  header.checks += fmt::format("static_assert(edge::plan_digest(edge::quantized_plan<Net>) == 0x{:08x},\n"
                               "              \"the steps of this network are not those that these numbers were "
                               "written for: import the file again\");\n\n",
                               edge::plan_digest(plan));
  return weights_header_text(header);
}

std::string check_text(const std::string& name, const Samples& samples, bool by_places,
                       const QuantizedLayout::Plan& plan, std::size_t count, Rounding rounding) {
  const bool wide = plan.wide;
  const int apart = most_apart(plan);
  return fmt::format(
      R"(// Compares {0} in {7} with the network that it was imported from: its {8} for {1} random inputs, as an
// interpreter of the file has computed them by LiteRT's rules ({9}, rounded {5}).
// Ends with 1 where {14}.
{6}#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "net_int8.hpp"

namespace {{

using namespace tenon;
using Net = net_int8::Net;

constexpr const auto& plan = edge::quantized_plan<Net>;
constexpr std::size_t samples = {1}, outputs = {2};
constexpr int most_apart = {15};
constexpr {11} expected[samples * outputs]{{{3}
}};

std::uint32_t random_state = 1;
{11} random_number() {{
  random_state = random_state * 1664525U + 1013904223U;
  return static_cast<{11}>(static_cast<int>(random_state >> {12}) - {13});
}}

Quantized<Net, net_int8::numbers> net;

/// Number i of input K, in the file's order.
template <std::size_t K>
void fill() {{
  for (std::size_t i = 0; i < net.input<K>().size(); ++i) net.input<K>()[{4}] = random_number();
}}

struct Difference {{
  std::size_t count = 0;
  int most = 0;
}};
/// Of output K, with its numbers in the file's order.
template <std::size_t K>
void compare(const {11}* expects, Difference& all) {{
  for (std::size_t i = 0; i < net.output<K>().size(); ++i) {{
    const int got = net.output<K>()[plan.orders[plan.output_tensor(K)].place(i)], apart = std::abs(got - expects[i]);
    if (apart > 0) ++all.count;
    all.most = std::max(all.most, apart);
  }}
}}

template <std::size_t... Input, std::size_t... Output>
Difference check(std::index_sequence<Input...>, std::index_sequence<Output...>) {{
  Difference all;
  for (std::size_t s = 0; s < samples; ++s) {{
    (fill<Input>(), ...);
    net.run();
    (compare<Output>(expected + s * outputs + plan.output_offset(Output), all), ...);
  }}
  return all;
}}

}}  // namespace

int main() {{
  const Difference all = check(std::make_index_sequence<plan.inputs>(), std::make_index_sequence<plan.outputs()>());
  std::printf("%lu of %lu {8} differ{16}\n", static_cast<unsigned long>(all.count),
              static_cast<unsigned long>(samples * outputs){17});
  return all.most <= most_apart ? 0 : 1;
}}
)",
      name, count, samples.size, numbers_text(samples.expected), by_places ? "plan.orders[K].place(i)" : "i",
      rounding == Rounding::twice ? "twice" : "once",
      rounding == Rounding::twice ? "#if !defined(TENON_DOUBLE_ROUNDING)\n#define TENON_DOUBLE_ROUNDING\n#endif\n" : "",
      wide ? "16 bits" : "int8", wide ? "numbers" : "bytes",
      wide ? "what is no sum of products" : "sums times a multiplier of 31 bits", wide ? "number" : "byte",
      wide ? "std::int16_t" : "std::int8_t", wide ? 16 : 24, wide ? 32768 : 128,
      apart == 0 ? fmt::format("one {} differs", wide ? "number" : "byte")
                 : fmt::format("one is more than {} steps off: the file computes normalisations and attention in float",
                               apart),
      apart, apart == 0 ? "" : ", by at most %d", apart == 0 ? "" : ", all.most");
}

}  // namespace

bool is_quantized(const Graph& simplified) {
  return std::ranges::any_of(simplified.nodes,
                             [](const Node& node) { return node.domain.empty() && node.op == "QuantizeLinear"; });
}

WrittenQuantized write_quantized(const Graph& original, const Graph& simplified, const std::string& name,
                                 std::size_t samples, Rounding rounding) {
  check_type_name(name);
  std::set<std::string> means;
  for (const Node& node : original.nodes)
    if (original.format == "TFLite" && node.op == "ReduceMean") means.insert(node.name);
  Units units = quantized_units(simplified, means);
  std::vector<std::string> refused = simplified.refused;
  refused.insert(refused.end(), units.refused.begin(), units.refused.end());
  for (const Node& node : original.nodes)
    if (rounding == Rounding::twice && means.contains(node.name))
      refused.push_back(describe(node) + ": with double rounding MEAN is not imported");
  const bool wide = has_wide_activations(simplified);
  for (const Node& node : original.nodes)
    if (wide && means.contains(node.name) && node.op == "ReduceMean")
      refused.push_back(describe(node) + ": with activations of 16 bits MEAN is not imported; an AVERAGE_POOL_2D is");
  for (const Node& node : original.nodes)
    if (!wide && means.contains(node.name) && node.op == "ReduceMean" && !is_mean_of_images(simplified, node))
      refused.push_back(describe(node) + ": MEAN is imported over the height and width of an image; others can be an "
                                         "AVERAGE_POOL_2D");
  const bool exact = simplified.format == "TFLite";
  const auto with_units = [&] {
    for (std::string& reason : refusals_of_units(units, exact, wide, rounding)) refused.push_back(std::move(reason));
    refuse_all(simplified, refused);
  };
  if (!refused.empty()) with_units();
  Structure structure = find_structure(simplified, units);
  refused = refusals(simplified, structure, units);
  if (!refused.empty()) with_units();

  std::vector<std::string> inputs;
  for (const Value& input : simplified.inputs) inputs.push_back(input.name);
  const bool last = take_channels_last(structure, inputs, units);
  const QuantizedLayout layout = lay_out_quantized(structure, inputs, units, exact, rounding, wide);
  refuse_all(simplified, layout.refused);
  const Samples expected = expected_bytes(original, simplified.inputs, layout, samples, rounding);
  remove_scales(structure, units);
  WrittenQuantized written;
  TypeText type = write_type(simplified, std::move(structure), units,
                             std::string_view("using  = ").size() + name.size());
  check_type_name(name, type);
  written.header = header_text(name, std::move(type), layout, simplified, written, rounding);
  written.check = check_text(name, expected, !last, layout.plan(), samples, rounding);
  return written;
}

}  // namespace tenon::importing
