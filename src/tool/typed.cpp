#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <tenon/error.hpp>
#include <tenon/io/atomic_file.hpp>

#include "commands.hpp"
#include "compile.hpp"
#include "phases.hpp"
#include "table.hpp"

namespace tenon::tool {

namespace {

namespace fs = std::filesystem;

// {0}: the header, {1}: the type, {2}: the header's name
constexpr char quantize_text[] = R"(// Quantises the network {1}:
//     quantize WEIGHTS DATA OUTPUT SCALE
#include <exception>
#include <cstdio>
#include <cstdlib>
#include <string>

#include <tenon/data/csv.hpp>
#include <tenon/data/idx.hpp>
#include <tenon/data/npy.hpp>
#include <tenon/model/fold.hpp>
#include <tenon/model/quantize.hpp>

#include "{0}"

namespace {{

using namespace tenon;

/// Samples, whose first axis counts them.
Dataset<float> samples(const std::string& path, float scale) {{
  if (path.ends_with(".csv")) return read_csv(path, {{.target = CsvTarget::none}});
  std::vector<float> numbers;
  std::vector<std::size_t> shape;
  if (path.ends_with(".npy")) {{
    const NpyArray array = read_npy(path);
    numbers = array.values<float>();
    shape = array.shape;
  }} else {{
    const IdxTensor tensor = read_idx_file(path);
    numbers = tensor.values<float>();
    shape = tensor.shape;
  }}
  if (shape.empty()) throw Error(path + ": expected several samples, got one number");
  for (float& number : numbers) number *= scale;
  shape.erase(shape.begin());
  if (shape.empty()) shape = {{1}};
  return Dataset<float>(shape, std::move(numbers));
}}

}}  // namespace

int main(int argc, char** argv) try {{
  if (argc != 5) throw Error("expected WEIGHTS DATA OUTPUT SCALE");
  Model<{1}> model;
  model.load(argv[1]);
  const auto folded = fold(model);
  const Dataset<float> data = samples(argv[2], std::strtof(argv[4], nullptr));
  DataLoader<float> loader(data, 64, 1);
  const auto numbers = quantize(folded, loader);
)";
/// As a header for Quantized, or as an ONNX file.
constexpr char header_text[] = R"(  ExportOptions options;
  if (type_name<Folded<{1}>>().ends_with("...")) {{
    options.network = "tenon::Folded<::{1}>";
    options.includes = "#include <tenon/model/fold.hpp>\n\n#include \"{2}\"\n";
  }}
  export_quantized_header(folded, *numbers, argv[3], options);
)";
constexpr char onnx_text[] = R"(  export_onnx(*numbers, argv[3]);
)";
constexpr char end_text[] = R"(}} catch (const std::exception& error) {{
  std::fprintf(stderr, "tenon: %s\n", error.what());
  return 2;
}}
)";

constexpr char export_text[] = R"(// Writes the network {1} as ONNX:
//     export WEIGHTS FILE
#include <cstdio>
#include <exception>

#include <tenon/model/export_onnx.hpp>

#include "{0}"

int main(int argc, char** argv) try {{
  if (argc != 3) throw tenon::Error("expected WEIGHTS FILE");
  tenon::Model<{1}> model;
  model.load(argv[1]);
  tenon::export_onnx(model, argv[2]);
)";

void demand_file(const std::string& path) {
  if (!fs::is_regular_file(path)) throw Error(fmt::format("{}: there is no such file", path));
}

/// A program for the type in a header, beside what it is to write.
struct Program {
  std::string source, weights;
  std::vector<std::string> arguments;

  Program(const Typed& what, const std::string& word, std::string_view text) {
    const fs::path header = what.header, output = what.output;
    const std::string all = program_for(what.header, what.name, text);
    weights = what.weights.empty() ? (header.parent_path() / "net.safetensors").string() : what.weights;
    demand_file(weights);
    const std::string folder = output.has_parent_path() ? output.parent_path().string() : ".";
    make_folder(folder);
    program_ = folder + "/" + word;
    source = program_ + ".cpp";
    write_file_atomically(source, std::as_bytes(std::span(all)));
  }

  /// Runs it where there is a compiler's command, and reports what there is now.
  int finish(const Typed& what, const char* form, const char* work) const {
    Phases phases;
    phases.begin("compiling");
    const std::string reason = compile(source, program_);
    const bool compiled = reason.empty();
    phases.begin(work);
    if (compiled && !run(program_, arguments)) return 2;
    phases.pause();
    if (what.json) {
      nlohmann::json j{{"program", source}, {"output", nullptr}};
      if (compiled) j["output"] = what.output;
      print_json(j);
    } else if (compiled) {
      fmt::print("{}: {} {}\n", what.output, what.name, form);
    } else {
      fmt::print("{}: {} writes {}: compile it with Tenon and run it with {}\n", reason, source, what.output,
                 fmt::join(arguments, " "));
    }
    return 0;
  }

private:
  std::string program_;
};

}  // namespace

int quantize_network(const Quantize& what) {
  demand_file(what.data);
  const bool onnx = what.output.ends_with(".onnx");
  std::string text = std::string(quantize_text) + (onnx ? onnx_text : header_text) + end_text;
  if (onnx) {
    constexpr std::string_view before = "#include <tenon/model/fold.hpp>\n";
    text.insert(text.find(before), "#include <tenon/model/export_onnx_int8.hpp>\n");
  }
  Program program(what, "quantize", text);
  program.arguments = {program.weights, what.data, what.output, fmt::format("{}", what.scale)};
  return program.finish(what, onnx ? "in int8, as ONNX" : "in int8", "quantising");
}

int export_network(const Typed& what) {
  Program program(what, "export", std::string(export_text) + end_text);
  program.arguments = {program.weights, what.output};
  return program.finish(what, "as ONNX", "exporting");
}

}  // namespace tenon::tool
