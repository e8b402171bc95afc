#pragma once

#include <tenon/net/refuse.hpp>  // first: compilers print the path of includes that leads to an error

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <tenon/edge/blob.hpp>
#include <tenon/edge/frozen.hpp>
#include <tenon/error.hpp>
#include <tenon/io/atomic_file.hpp>
#include <tenon/io/weights_header.hpp>
#include <tenon/model/arguments.hpp>
#include <tenon/model/model.hpp>
#include <tenon/net/ports.hpp>
#include <tenon/net/type_name.hpp>
#include <tenon/random.hpp>

/// From a trained model to a firmware.
namespace tenon {

struct ExportOptions {
  std::string name{};           // of the namespace; the file's name if empty
  std::string network{};        // the network as C++ spells it; its own name if empty
  std::string includes{};       // include lines for layers of your own
  std::string trained{};        // the safetensors file the model was saved to; its checksum goes into the header
  std::vector<float> sample{};  // input of the self-test; random numbers from 0 to 1 if empty
  bool
      c_api = false;  // digits.h and digits_c.cpp too, for programs in C: digits_run, digits_classify, digits_self_test
};

/// The numbers of a model as a constant for `Frozen`.
template <class M>
std::unique_ptr<Weights<typename M::network>> frozen_weights(const M& model) {
  auto weights = std::make_unique<Weights<typename M::network>>();
  for (const ParameterEntry& entry : parameter_table<typename M::network>) {
    const auto values = model.values(entry);
    float* to = (entry.trainable ? weights->parameters : weights->buffers) + entry.offset;
    for (size_t i = 0; i < entry.size; ++i) to[i] = static_cast<float>(values[i]);
  }
  return weights;
}

namespace detail {

/// Whether a network's name has a formula in it: compilers print its value, which is no C++.
constexpr bool has_formula(std::string_view name) {
  for (size_t at = name.find("Map<"); at != name.npos; at = name.find("Map<", at + 1))
    if (at == 0 || !is_word(name[at - 1])) return true;
  return false;
}

/// What every exported header says of a model.
template <class M>
WeightsHeader describe_export(const M& model, const std::string& path, const ExportOptions& options,
                              const std::string& by) {
  using Net = typename M::network;
  WeightsHeader header;
  header.by = by;
  header.name = options.name.empty() ? namespace_from_path(path, by) : options.name;
  header.network = options.network.empty() ? std::string(type_name<Net>()) : options.network;
  if (header.network.ends_with("..."))
    throw Error(by + ": the type of the network is too long to be written; expected it in .network, as the program has "
                     "it");
  if (options.network.empty() && has_formula(header.network))
    throw Error(by + ": a network with a formula cannot be spelt; expected it in .network, as the program has it");
  header.includes = options.includes;
  header.parameter_count = parameter_count<Net>;
  header.inputs = M::input::size;
  header.outputs = M::output::size;
  header.c_classes = number_of_outputs<Net> == 1 && M::output::size > 1;
  if constexpr ((number_of_inputs<Net>) > 1 || (number_of_outputs<Net>) > 1) {
    each_number<number_of_inputs<Net>>([&]<size_t K>(std::integral_constant<size_t, K>) {
      header.input_ports.push_back({std::string(port_names<Net>::inputs[K]), input_shape_at<Net, K>::size});
    });
    each_number<number_of_outputs<Net>>([&]<size_t K>(std::integral_constant<size_t, K>) {
      header.output_ports.push_back({std::string(port_names<Net>::outputs[K]), output_shape_at<Net, K>::size});
    });
  }
  if (options.trained.empty()) return header;
  Model<Net, typename M::scalar> saved;  // a part of a model has no numbers of its own
  saved.load(options.trained);
  for (const ParameterEntry& entry : parameter_table<Net>) {
    const auto expected = model.values(entry);
    const auto got = saved.values(entry);
    if (!std::equal(expected.begin(), expected.end(), got.begin()))
      throw Error(by + ": expected the model's own numbers in " + options.trained + ", but " + std::string(entry.name) +
                  " has others there");
  }
  header.source = options.trained.substr(options.trained.find_last_of('/') + 1);
  header.source_checksum = file_checksum(options.trained);
  return header;
}

/// The self-test's input: the sample given, or random numbers from 0 to 1 (where these are no tokens, zeros).
template <size_t Size>
std::array<float, Size> export_sample(const ExportOptions& options, const std::string& by) {
  std::array<float, Size> input{};
  if (options.sample.empty()) {
    Stream random(0, Purpose::user, 0);
    for (float& number : input) number = random.uniform<float>();
  } else if (options.sample.size() != Size) {
    throw Error(by + ": expected a sample of " + std::to_string(Size) + " numbers, got " +
                std::to_string(options.sample.size()));
  } else {
    std::copy(options.sample.begin(), options.sample.end(), input.begin());
  }
  return input;
}

}  // namespace detail

/// Writes a header that holds the model: its type, its weights in readable decimals that read back as
/// the same floats, checksums, and a self-test.
///
///     export_header(model, "digits.hpp", {.trained = "digits.safetensors"});
///
/// With `.c_api` a header and a source for programs in C go beside it. Files are replaced atomically. Error: a number
/// is not finite, the file's name names no namespace, the trained file does not hold this model's numbers, the
/// network's type is too long to be spelt, or has a formula.
template <detail::IsModel M>
void export_header(const M& model, const std::string& path, const ExportOptions& options = {}) {
  using Net = typename M::network;
  const auto weights = frozen_weights(model);
  WeightsHeader header = detail::describe_export(model, path, options, "export_header");
  header.checksum = crc32(std::as_bytes(std::span(weights.get(), 1)));
  header.weight_bytes = Frozen<Net>::weight_bytes;
  header.ram_bytes = Frozen<Net>::ram_bytes;
  header.macs = Frozen<Net>::macs;
  WeightsHeader::Member parameters{"parameters", {}}, buffers{"buffers", {}};
  for (const ParameterEntry& entry : parameter_table<Net>) {
    std::string shape;
    for (size_t i = 0; i < entry.rank; ++i) shape += (i > 0 ? ", " : "") + std::to_string(entry.dims[i]);
    const float* from = (entry.trainable ? weights->parameters : weights->buffers) + entry.offset;
    (entry.trainable ? parameters : buffers)
        .blocks.push_back({std::string(entry.name) + " (" + shape + ")", std::span(from, aligned(entry.size))});
  }
  header.constants.push_back(
      {"The trained numbers, at the offsets of parameter_table.", "Weights<Net> weights", {parameters, buffers}});

  auto input = detail::export_sample<M::input::size>(options, header.by);
  std::array<float, M::output::size> output{};
  const auto net = std::make_unique<Frozen<Net>>(*weights);
  (*net)(input, output);
  const bool tokens = options.sample.empty() &&
                      std::any_of(output.begin(), output.end(), [](float y) { return std::isnan(y); });
  if (tokens) {  // an embedding has no row for 0.4
    input.fill(0.0F);
    net->reset();
    (*net)(input, output);
  }
  header.constants.push_back({"One sample and what the network gives for it.",
                              "SelfTest<Net> self_test",
                              {{"input", {{"a sample", std::span<const float>(input)}}},
                               {"output", {{"its output", std::span<const float>(output)}}}}});
  if (options.c_api) header.c_network = "tenon::Frozen<NAMESPACE::Net, NAMESPACE::weights>";
  write_weights_header(path, header);
}
template <detail::NoModel M, class Path, class Options = ExportOptions>
void export_header(const M&, const Path&, const Options& = {}) {
  detail::refuse_no_model<"export_header", M>();
}

/// Writes the model as a blob for `open_weights`.
template <detail::IsModel M>
void export_blob(const M& model, const std::string& path) {
  using Net = typename M::network;
  const auto weights = frozen_weights(model);
  const auto body = std::as_bytes(std::span(weights.get(), 1));
  const BlobHeader header{
      .network = network_fingerprint<Net>, .length = static_cast<std::uint32_t>(body.size()), .checksum = crc32(body)};
  const std::span<const std::byte> pieces[] = {std::as_bytes(std::span(&header, 1)), body};
  write_file_atomically(path, pieces);
}
template <detail::NoModel M, class Path>
void export_blob(const M&, const Path&) {
  detail::refuse_no_model<"export_blob", M>();
}

}  // namespace tenon
