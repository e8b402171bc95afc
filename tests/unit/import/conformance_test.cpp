#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <span>
#include <string>
#include <vector>

#include <unistd.h>

#include <catch2/catch.hpp>

#include <tenon/error.hpp>

#include "import/interpret.hpp"
#include "import/onnx.hpp"

/// ONNX's own tests: a model, its inputs and what has to come out. TENON_CONFORMANCE is the folder where they are
/// unpacked; with TENON_DATA alone a few are unpacked for the test. TENON_VERBOSE says of each one refused why.
namespace fs = std::filesystem;
using namespace tenon::importing;

namespace {

std::string bytes_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

Array tensor_of(const fs::path& path) {
  const std::string bytes = bytes_of(path);
  return parse_onnx_tensor(std::as_bytes(std::span(bytes)), path.filename().string());
}

/// In ONNX's own tests: rtol 1e-3, atol 1e-7. "" where both agree.
std::string difference(const Array& found, const Array& expected) {
  if (found.type != expected.type)
    return "type " + std::string(type_name(found.type)) + " instead of " + std::string(type_name(expected.type));
  if (found.dims != expected.dims || found.values.size() != expected.values.size()) return "other axes";
  for (std::size_t i = 0; i < found.values.size(); ++i) {
    const double a = found.values[i], b = expected.values[i];
    const bool agrees = a == b || (std::isnan(a) && std::isnan(b)) || std::abs(a - b) <= 1e-7 + 1e-3 * std::abs(b);
    if (!agrees) return "at " + std::to_string(i) + " " + std::to_string(a) + " instead of " + std::to_string(b);
  }
  return "";
}

struct Outcome {
  enum class Kind { passed, refused, wrong } kind = Kind::passed;
  std::string why{};
};

Outcome run_data(const Graph& graph, const fs::path& data) {
  std::map<std::string, Array> inputs;
  for (std::size_t i = 0; i < graph.inputs.size(); ++i)
    if (const fs::path file = data / ("input_" + std::to_string(i) + ".pb"); fs::exists(file))
      inputs.emplace(graph.inputs[i].name, tensor_of(file));
  const std::vector<Array> outputs = interpret(graph, inputs);
  if (!fs::exists(data / "output_0.pb")) return {Outcome::Kind::wrong, "there is nothing to compare with"};
  for (std::size_t i = 0; i < outputs.size(); ++i)
    if (const fs::path file = data / ("output_" + std::to_string(i) + ".pb"); fs::exists(file))
      if (const std::string why = difference(outputs[i], tensor_of(file)); !why.empty())
        return {Outcome::Kind::wrong, graph.outputs[i].name + ": " + why};
  return {};
}

Outcome run_test(const fs::path& folder) {
  try {
    const std::string bytes = bytes_of(folder / "model.onnx");
    const Graph graph = parse_onnx(std::as_bytes(std::span(bytes)), folder.filename().string(), folder.string());
    for (const auto& entry : fs::directory_iterator(folder))
      if (entry.is_directory())
        if (const Outcome outcome = run_data(graph, entry.path()); outcome.kind != Outcome::Kind::passed)
          return outcome;
    return {};
  } catch (const tenon::Error& error) {
    return {Outcome::Kind::refused, error.what()};
  }
}

/// What runs where not all of them are unpacked: every group of operators. All of these agree.
constexpr std::array some{"abs",
                          "and_bcast4v2d",
                          "argmax_default_axis_random",
                          "averagepool_2d_ceil",
                          "averagepool_2d_same_lower",
                          "batchnorm_example",
                          "cast_FLOAT_to_FLOAT16",
                          "clip_default_int8_max",
                          "concat_3d_axis_negative_2",
                          "convinteger_without_padding",
                          "conv_with_strides_and_asymmetric_padding",
                          "convtranspose_output_shape",
                          "cumsum_1d_reverse_exclusive",
                          "depthtospace_example",
                          "dequantizelinear_axis",
                          "div_int32_trunc",
                          "dynamicquantizelinear",
                          "einsum_batch_diagonal",
                          "gemm_all_attributes",
                          "group_normalization_epsilon",
                          "gru_with_initial_bias",
                          "instancenorm_example",
                          "layer_normalization_4d_axis_negative_3",
                          "lrn",
                          "lstm_with_peepholes",
                          "matmul_bcast",
                          "maxpool_with_argmax_2d_precomputed_pads",
                          "onehot_with_axis",
                          "pow_types_float32_int32",
                          "prelu_example",
                          "qlinearconv",
                          "quantizelinear_int16",
                          "reduce_log_sum_exp_keepdims_random",
                          "resize_tf_crop_and_resize",
                          "resize_downsample_sizes_cubic_antialias",
                          "rms_normalization_3d_axis1_epsilon",
                          "scatternd_add",
                          "slice_neg",
                          "softmax_large_number",
                          "split_variable_parts_2d_opset18",
                          "top_k_smallest",
                          "tril_neg"};

/// Where the tests are. A folder made for them goes away again.
class Tests {
public:
  Tests() {
    if (const char* const folder = std::getenv("TENON_CONFORMANCE")) path_ = folder;
    const char* const data = std::getenv("TENON_DATA");
    if (!path_.empty() || data == nullptr) return;
    const fs::path archive = fs::path(data) / "onnx" / "conformance.tar.xz";
    if (!fs::exists(archive)) return;
    made_ = fs::temp_directory_path() / ("tenon-conformance-" + std::to_string(::getpid()));
    fs::create_directories(made_);
    std::string command = "tar -xJf '" + archive.string() + "' -C '" + made_.string() + "' --wildcards";
    for (const std::string name : some) command += " '*/test_" + name + "/*'";
    if (std::system(command.c_str()) == 0) path_ = made_;
  }
  ~Tests() {
    if (!made_.empty()) fs::remove_all(made_);
  }
  Tests(const Tests&) = delete;
  Tests& operator=(const Tests&) = delete;

  const fs::path& path() const { return path_; }
  bool all() const { return made_.empty(); }

private:
  fs::path path_, made_;
};

/// All folders with a model, in the same order everywhere.
std::vector<fs::path> folders(const fs::path& top) {
  std::vector<fs::path> found;
  for (const char* const group : {"node", "simple", "pytorch-operator", "pytorch-converted"})
    if (fs::exists(top / group))
      for (const auto& entry : fs::directory_iterator(top / group))
        if (fs::exists(entry.path() / "model.onnx")) found.push_back(entry.path());
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace

TEST_CASE("all of ONNX's tests agree or are refused") {
  const Tests tests;
  if (tests.path().empty()) {
    WARN("skipped: neither TENON_CONFORMANCE nor TENON_DATA has ONNX's tests");
    return;
  }
  const bool verbose = std::getenv("TENON_VERBOSE") != nullptr;
  std::map<Outcome::Kind, int> counts;
  for (const fs::path& test : folders(tests.path())) {
    const Outcome outcome = run_test(test);
    ++counts[outcome.kind];
    const std::string line = test.filename().string() + ": " + outcome.why;
    if (outcome.kind == Outcome::Kind::wrong) FAIL_CHECK(line);
    if (outcome.kind == Outcome::Kind::refused && verbose) std::cout << line << "\n";
  }
  std::cout << "agree " << counts[Outcome::Kind::passed] << ", refused " << counts[Outcome::Kind::refused] << ", wrong "
            << counts[Outcome::Kind::wrong] << "\n";
  CHECK(counts[Outcome::Kind::passed] >= (tests.all() ? 740 : static_cast<int>(some.size())));
}
