#pragma once

#include <tenon/net/refuse.hpp>  // first: compilers print the path of includes that leads to an error

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include <tenon/edge/quantized_blob.hpp>
#include <tenon/edge/quantized_self_test.hpp>
#include <tenon/model/export.hpp>

/// From a network's int8 numbers to a firmware.
namespace tenon {

namespace detail {

/// How many tokens there are in an input.
template <class Net>
constexpr size_t tokens_of(size_t input) {
  constexpr const auto& plan = edge::quantized_plan<Net>;
  size_t fewest = 0;
  for (size_t k = 0; k < plan.count; ++k) {
    if (plan.steps[k].pattern.kind != edge::StepKind::embedding) continue;
    size_t from = plan.steps[k].source;
    while (from >= plan.inputs) from = plan.steps[from - 1].source;  // pieces of it
    if (from == input && (fewest == 0 || plan.steps[k].tokens < fewest)) fewest = plan.steps[k].tokens;
  }
  return fewest == 0 ? 1 : fewest;
}

}  // namespace detail

/// Writes a header for `Quantized`; options and errors are those of `export_header`.
///
///     export_quantized_header(model, *quantize(model, loader), "digits_int8.hpp");
template <class M>
void export_quantized_header(const M& model, const QuantizedNumbers<typename M::network>& q, const std::string& path,
                             const ExportOptions& options = {}) {
  using Net = typename M::network;
  constexpr const auto& plan = edge::quantized_plan<Net>;
  WeightsHeader header = detail::describe_export(model, path, options, "export_quantized_header");
  header.includes += "#include <tenon/edge/quantized_self_test.hpp>\n";
  header.checksum = crc32(std::as_bytes(std::span(q.weights, plan.weight_bytes)));
  header.weight_bytes = Quantized<Net>::weight_bytes;
  header.ram_bytes = Quantized<Net>::ram_bytes;
  header.macs = Quantized<Net>::macs;
  WeightsHeader::Member weights{"weights", {}}, bias{"bias", {}}, scales{"weight_scale", {}};
  for (size_t k = 0; k < plan.count; ++k) {
    const edge::QuantizedStep& step = plan.steps[k];
    if (step.has_factors()) {
      const std::string name = "step " + std::to_string(k) +
                               (step.pattern.kind == edge::StepKind::norm ? ", factors of a normalisation"
                                                                          : ", slopes");
      const size_t filled = kernels::in_fours(step.factors);
      bias.blocks.push_back({name, std::span(q.bias + step.row, filled)});
      scales.blocks.push_back({name, std::span(q.weight_scale + step.row, filled)});
    }
    if (step.pattern.kind == edge::StepKind::recurrent) {
      const edge::CellPass& c = step.cell;
      const std::string name = "step " + std::to_string(k) + ", gates of ";
      const auto add = [&](const std::string& what, size_t first, size_t size, size_t row) {
        weights.blocks.push_back(
            {name + what + ", packed four rows by four columns", std::span(q.weights + step.weights + first, size)});
        bias.blocks.push_back({name + what, std::span(q.bias + step.row + row, c.rows())});
        scales.blocks.push_back({name + what, std::span(q.weight_scale + step.row + row, c.rows())});
      };
      add("the input", 0, c.input_bytes(), 0);
      add("the state", c.input_bytes(), c.state_weight_bytes(), c.rows());
      const size_t behind = c.input_bytes() + c.state_weight_bytes();
      if (c.is_full()) add("the memory", behind, c.memory_bytes(), 2 * c.rows());
      if (c.is_diagonal()) {
        weights.blocks.push_back({name + "the memory, 16 bits for each of i, f and o",
                                  std::span(q.weights + step.weights + behind, c.memory_bytes())});
        bias.blocks.push_back({name + "the memory: none", std::span(q.bias + step.row + c.all_rows(), 4)});
        scales.blocks.push_back({name + "the memory", std::span(q.weight_scale + step.row + c.all_rows(), 4)});
      }
    }
    if (step.constants() > 0) {
      const std::string name = "step " + std::to_string(k) + ", ";
      const bool table = step.pattern.kind == edge::StepKind::embedding;
      weights.blocks.push_back({name + (table ? std::to_string(step.tokens) + " rows of " + std::to_string(step.width)
                                        : step.attends() ? "weights of scores"
                                                         : "what is added"),
                                std::span(q.weights + step.weights, kernels::in_fours(step.constants()))});
      if (!table) {
        bias.blocks.push_back({name + "none", std::span(q.bias + step.row, 4)});
        scales.blocks.push_back({name + "of these", std::span(q.weight_scale + step.row, 4)});
      }
    }
    if (!step.multiplies()) continue;
    const char* const packed = step.pattern.kind == edge::StepKind::depthwise ? ", packed four channels"
                               : step.stored().in_four_bits ? ", four bits each, packed four rows by four columns"
                               : plan.wide ? ", packed four rows by four columns, of which the middle two are swapped"
                                           : ", packed four rows by four columns";
    const std::string name = "step " + std::to_string(k) + ", " + std::to_string(step.columns()) + " to " +
                             std::to_string(step.outputs());
    weights.blocks.push_back({name + packed, std::span(q.weights + step.weights, step.packed_bytes())});
    bias.blocks.push_back({name, std::span(q.bias + step.row, step.packed_rows())});
    scales.blocks.push_back({name, std::span(q.weight_scale + step.row, step.packed_rows())});
  }
  std::vector<WeightsHeader::Member> members{
      weights,
      bias,
      scales,
      {"scale", {{"of the input and of every step's output", std::span(q.scale, plan.count + 1)}}},
      {"zero", {{"their zero points", std::span(q.zero, plan.count + 1)}}}};
  if (plan.features > 0) {
    const std::string of = "of each feature that an input's Standardize scales";
    members.push_back({"feature_center", {{of, std::span(q.feature_center, plan.features)}}});
    members.push_back({"feature_step", {{of + ": the scale", std::span(q.feature_step, plan.features)}}});
  }
  if (plan.unscaled.features > 0) {
    const std::string of = "of each feature of the output's Unstandardize";
    members.push_back({"output_center", {{of, std::span(q.output_center, plan.unscaled.features)}}});
    members.push_back({"output_step", {{of + ": the scale", std::span(q.output_step, plan.unscaled.features)}}});
  }
  if (plan.cells > 0) {
    members.push_back({"gate_bits", {{"of recurrent layers", std::span(q.gate_bits, plan.cells)}}});
    members.push_back({"cell_bits", {{"of recurrent layers", std::span(q.cell_bits, plan.cells)}}});
  }
  header.constants.push_back({"The network in int8.", "QuantizedNumbers<Net> numbers", members});

  auto sample = detail::export_sample<M::input::size>(options, header.by);
  if (options.sample.empty())
    detail::each_number<plan.inputs>([&]<size_t K>(std::integral_constant<size_t, K>) {
      if constexpr (plan.tokens[K])
        for (size_t i = 0; i < plan.sizes[K] / 2; ++i)
          sample[detail::port_offset<input_shape<Net>>(K) + i] = static_cast<float>(i % detail::tokens_of<Net>(K));
    });
  const auto tables = std::make_unique<edge::QuantizedTables<Net>>(edge::make_tables(q));
  if (!tables->sums_fit)
    throw Error("export_quantized_header: a row's weights are so large that its sum may exceed 32 bits");
  const auto net = std::make_unique<Quantized<Net>>(*tables);
  const auto test = std::make_unique<QuantizedSelfTest<Net>>();
  detail::each_number<plan.inputs>([&]<size_t K>(std::integral_constant<size_t, K>) {
    edge::write_input<Net, K>(q.scale[K], q.zero[K], tables->features,
                              sample.data() + detail::port_offset<input_shape<Net>>(K),
                              test->input + plan.input_offset(K));
    std::copy_n(test->input + plan.input_offset(K), plan.sizes[K], net->template input<K>().begin());
  });
  net->run();
  detail::each_number<plan.outputs()>([&]<size_t K>(std::integral_constant<size_t, K>) {
    std::ranges::copy(net->template output<K>(), test->output + plan.output_offset(K));
  });
  header.constants.push_back({"One sample and what the network gives for it.",
                              "QuantizedSelfTest<Net> self_test",
                              {{"input", {{"a sample", std::span<const edge::Activation<Net>>(test->input)}}},
                               {"output", {{"its output", std::span<const edge::Activation<Net>>(test->output)}}}}});
  for (size_t k = 0; k < header.input_ports.size(); ++k)
    header.input_ports[k].scale = q.scale[k], header.input_ports[k].zero = q.zero[k];
  for (size_t k = 0; k < header.output_ports.size(); ++k) {
    const size_t t = plan.output_tensor(k);
    header.output_ports[k].scale = q.scale[t], header.output_ports[k].zero = q.zero[t];
  }
  if (options.c_api) header.c_network = "tenon::Quantized<NAMESPACE::Net, NAMESPACE::numbers>";
  header.c_exact = true;
  if (plan.unscaled.features > 0) header.c_classes = false;  // answers of different units are no scores
  write_weights_header(path, header);
}
template <detail::NoModel M, class... A>
void export_quantized_header(const M&, const A&...) {
  detail::refuse_no_model<"export_quantized_header", M>();
}

/// Writes the numbers as a blob for `open_quantized`: what firmware keeps of them, ready to run. Files are replaced
/// atomically. Error: a row's weights are so large that its sum may exceed 32 bits.
template <class Net>
void export_quantized_blob(const QuantizedNumbers<Net>& q, const std::string& path) {
  using Tables = edge::QuantizedTables<Net>;
  static_assert(std::is_trivially_copyable_v<Tables>);
  const auto tables = std::make_unique<Tables>(edge::make_tables(q));
  if (!tables->sums_fit)
    throw Error("export_quantized_blob: a row's weights are so large that its sum may exceed 32 bits");
#if defined(__has_builtin)
#if __has_builtin(__builtin_clear_padding)
  __builtin_clear_padding(tables.get());
#endif
#endif
  const auto body = std::as_bytes(std::span(tables.get(), 1));
  const QuantizedBlobHeader header{.network = quantized_fingerprint<Net>,
                                   .length = static_cast<std::uint32_t>(body.size()),
                                   .checksum = crc32(body)};
  const std::span<const std::byte> pieces[] = {std::as_bytes(std::span(&header, 1)), body};
  write_file_atomically(path, pieces);
}

}  // namespace tenon
