#include <CLI/CLI.hpp>

#include <cstdint>
#include <cstdio>
#include <exception>
#include <new>
#include <string>

#include <tenon/version.hpp>

#include "commands.hpp"
#include "operators.hpp"

namespace {

using namespace tenon::tool;

constexpr char exit_codes[] = R"(
Exit codes: 0 done, 1 a difference was found (diff, import), 2 an error, written to stderr.)";

void add_look(CLI::App& app, const char* name, const char* about, Look& what, int (*run)(const Look&), int& code,
              bool json = true) {
  CLI::App* command = app.add_subcommand(name, about);
  command->add_option("FILE", what.file, ".onnx, .tflite, .safetensors or .pth")->required();
  command->add_option("--shape", what.shapes, "Axes that the file leaves open: input=1x3x224x224");
  command->add_option("--set", what.sets, "Inputs that are always the same: sr=16000");
  if (json) command->add_flag("--json", what.json, "Write JSON");
  command->callback([&what, run, &code] { code = run(what); });
}

CLI::App* add_typed(CLI::App& app, const char* name, const char* about, Typed& what) {
  CLI::App* command = app.add_subcommand(name, about);
  command->add_option("HEADER", what.header, "The header with the network's type, such as net.hpp")->required();
  command->add_option("--name", what.name, "What the type is called")->capture_default_str();
  command->add_option("--weights", what.weights, "Its numbers; net.safetensors beside the header if not given");
  command->add_option("-o,--output", what.output, "What is written")->capture_default_str();
  command->add_flag("--json", what.json, "Write JSON");
  command->footer(exit_codes);
  return command;
}

/// Says which commands there are.
int without_command(const CLI::App& app, int argc, char** argv) {
  std::string commands;
  for (const CLI::App* command : app.get_subcommands({}))
    commands += (commands.empty() ? "" : ", ") + command->get_name();
  if (argc > 1) std::fprintf(stderr, "tenon: there is no command %s; there are %s\n", argv[1], commands.c_str());
  else std::fprintf(stderr, "tenon: expected a command: %s; tenon --help says more\n", commands.c_str());
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Neural networks as C++ types: what other tools have made, and what is in their files."};
  app.name("tenon");
  app.footer(exit_codes);
  app.set_version_flag("--version", "tenon " TENON_VERSION_STRING, "Print the version and exit");
  app.require_subcommand(1);

  int code = 0;
  Import import;
  CLI::App* importing = app.add_subcommand(
      "import",
      "Write a network as a C++ type: net.hpp and net.safetensors, or net_int8.hpp, and check.cpp, which compares it");
  importing->add_option("FILE", import.file, ".onnx or .tflite; with --into .safetensors or .pth")->required();
  importing->add_option("--name", import.name, "What the type is called")->capture_default_str();
  importing->add_option("-o,--output", import.folder, "The folder, which is made")->capture_default_str();
  importing->add_option("--shape", import.shapes, "Axes that the file leaves open: input=1x3x224x224");
  importing->add_option("--set", import.sets, "Inputs that are always the same: sr=16000");
  importing->add_flag_function(
      "--no-check", [&import](std::int64_t) { import.check = false; },
      "Do not compile and run check.cpp. Else the compiler is that in CXX or one that is found; TENON_CHECK may hold a "
      "command line, as \"c++ ... {source} -o {program}\"");
  importing
      ->add_option("--rounding", import.rounding,
                   "Of networks of integers: single, or double as TensorFlow Lite Micro rounds by default")
      ->check(CLI::IsMember({"single", "double"}))
      ->capture_default_str();
  importing->add_flag("--json", import.json, "Write JSON");
  importing->add_flag_function(
      "--operators",
      [](std::int64_t) {
        std::fputs(operators_text().c_str(), stdout);
        throw CLI::Success();
      },
      "List the operators that can be imported, as tables in Markdown");
  importing->footer(exit_codes);
  Into into;
  importing->add_option("--into", into.header,
                        "A header with a type: say which of the file's weights fit into it; nothing is written");
  importing->add_option("--prefix", into.prefix, "With --into: what names in the file begin with, and lose");
  importing->add_option("--rename", into.renames, "With --into: beginnings of names, as fc=head.0");
  importing->callback([&] {
    if (into.header.empty()) {
      if (!into.prefix.empty() || !into.renames.empty())
        throw CLI::ValidationError("--prefix and --rename need --into");
      code = import_network(import);
      return;
    }
    into.file = import.file, into.name = import.name, into.json = import.json;
    code = import_into(into);
  });

  Quantize quantize;
  quantize.output = "net_int8.hpp";
  CLI::App* quantizing = add_typed(app, "quantize",
                                   "Write a network in int8, as a header or, to a file .onnx, as ONNX: calibrated with "
                                   "samples, by a program that is "
                                   "compiled",
                                   quantize);
  quantizing->add_option("--data", quantize.data, "Samples: .npy, .csv of features alone, or an IDX file")->required();
  quantizing->add_option("--scale", quantize.scale, "What numbers of .npy and IDX are multiplied by")
      ->capture_default_str();
  quantizing->callback([&] { code = quantize_network(quantize); });

  Typed exported;
  exported.output = "net.onnx";
  add_typed(app, "export", "Write a network as ONNX, by a program that is compiled", exported)->callback([&] {
    code = export_network(exported);
  });

  Look summary, dot, info;
  add_look(app, "summary", "A table of what a file holds: operators, shapes, parameters, multiplications, bytes",
           summary, summarize, code);
  add_look(app, "dot", "The network in Graphviz' language", dot, draw, code, false);
  add_look(app, "info", "What kind of file it is, its inputs, outputs and operators", info, inform, code);

  Diff diff;
  CLI::App* diffing = app.add_subcommand("diff", "Compare the tensors of two files .safetensors or .pth");
  diffing->add_option("A", diff.first, "A file .safetensors or .pth")->required();
  diffing->add_option("B", diff.second, "The file that it is compared with")->required();
  diffing->add_option("--tolerance", diff.tolerance, "Differences up to this are none")->capture_default_str();
  diffing->add_flag("--json", diff.json, "Write JSON");
  diffing->footer(exit_codes);
  diffing->callback([&] { code = compare_tensors(diff); });

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);
    if (app.get_subcommands().empty()) return without_command(app, argc, argv);
    std::fprintf(stderr, "tenon: %s\n", error.what());
    return 2;
  } catch (const std::bad_alloc&) {
    std::fprintf(stderr, "tenon: expected memory for what the file says it holds, got none\n");
    return 2;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "tenon: %s\n", error.what());
    return 2;
  }
  return code;
}
