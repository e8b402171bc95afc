// Writes small imported networks, one for each kind of operator, and a program that runs the checking program of each:
//     make_networks FOLDER
// The types are compiled as a user's are, so what is compared is what a user gets.
#include <fmt/format.h>

#include <cmath>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include <tenon/io/atomic_file.hpp>

#include "import/onnx_write.hpp"
#include "import/simplify.hpp"
#include "import/write_network.hpp"
#include "unit/import/graph_builder.hpp"

namespace {

using namespace test;
using Ints = std::vector<std::int64_t>;

struct Sample {
  const char* name;
  std::function<void(GraphBuilder&)> build;
};

const std::vector<Sample> samples{
    {"images",
     [](GraphBuilder& g) {
       auto y = g.conv(g.input("x", {1, 3, 10, 10}), "first", {8, 3, 3, 3},
                       {{"pads", Ints{0, 0, 1, 1}}, {"strides", Ints{2, 2}}});
       y = g.node("Clip", {g.batch_norm(y, "norm", 8), g.constant("zero", {}, {0}), g.constant("six", {}, {6})});
       y = g.conv(y, "depthwise", {8, 1, 3, 3}, {{"pads", Ints{1, 1, 1, 1}}, {"group", std::int64_t{8}}}, false);
       y = g.node("HardSwish", {y});
       y = g.node("MaxPool", {y}, {{"kernel_shape", Ints{2, 2}}, {"strides", Ints{2, 2}}});
       y = g.node("Flatten", {y});
       g.gives({g.node("Softmax", {g.gemm(y, "classes", 32, 5)}, {{"axis", std::int64_t{1}}})});
     }},
    {"residual",
     [](GraphBuilder& g) {
       const std::map<std::string, Attribute> same{{"pads", Ints{1, 1, 1, 1}}};
       auto y = g.input("x", {1, 4, 6, 6});
       for (const std::string block : {"a", "b", "c"}) {
         auto inner = g.node("Relu", {g.batch_norm(g.conv(y, block + "1", {4, 4, 3, 3}, same, false), block + "n", 4)});
         y = g.node("Relu", {g.node("Add", {g.conv(inner, block + "2", {4, 4, 3, 3}, same), y})});
       }
       const auto wide = g.conv(y, "wide", {6, 4, 1, 1});
       const auto deep = g.node("Relu", {g.conv(y, "deep", {2, 4, 3, 3}, same)});
       y = g.node("Concat", {wide, deep}, {{"axis", std::int64_t{1}}});
       g.gives({g.node("Flatten", {g.node("GlobalAveragePool", {y})})});
     }},
    {"steep",  // rounding to float moves what it gives by more than 1e-4 of the largest number
     [](GraphBuilder& g) {
       const auto y = g.node("Mul", {g.gemm(g.input("x", {1, 4}), "wide", 4, 5), g.constant("far", {}, {3e4})});
       g.gives({g.node("Sin", {y})});
     }},
    {"graph",
     [](GraphBuilder& g) {
       const auto image = g.input("image", {1, 1, 6, 6}), table = g.input("table", {1, 4});
       const auto seen = g.node("Tanh", {g.gemm(g.node("Flatten", {image}), "seen", 36, 6)});
       const auto gate = g.node("Sigmoid", {g.gemm(table, "gate", 4, 6)});
       const auto both = g.node("Mul", {seen, gate}), more = g.node("Sub", {both, seen});
       g.gives({g.gemm(more, "kind", 6, 3), g.node("Relu", {g.gemm(both, "size", 6, 1)})});
     }},
    {"batches",  // of three samples, which the type takes one by one
     [](GraphBuilder& g) {
       const auto x = g.gemm(g.input("x", {3, 4}), "wide", 4, 5);
       const auto t = g.gemm(g.node("Flatten", {g.input("t", {3, 2, 4})}), "tall", 8, 5);
       g.gives({g.node("Tanh", {g.node("Add", {x, t})}), x});
     }},
    {"sequence",
     [](GraphBuilder& g) {
       const auto x = g.node("Transpose", {g.input("x", {1, 5, 3})}, {{"perm", Ints{1, 0, 2}}});
       auto y = g.nodes("LSTM",
                        {x, g.constant("lw", {1, 16, 3}), g.constant("lr", {1, 16, 4}), g.constant("lb", {1, 32})},
                        {{"hidden_size", std::int64_t{4}}}, {"states"}, "lstm")[0];
       y = g.node("Squeeze", {y, g.integers("directions", {1})});
       y = g.nodes("GRU", {y, g.constant("gw", {1, 6, 4}), g.constant("gr", {1, 6, 2}), g.constant("gb", {1, 12})},
                   {{"hidden_size", std::int64_t{2}}, {"linear_before_reset", std::int64_t{1}}}, {"all", "last"},
                   "gru")[1];
       g.gives({g.node("Squeeze", {y, g.integers("first", {0})})});
     }},
    {"tokens",
     [](GraphBuilder& g) {
       auto y = g.node("Gather", {g.constant("table", {7, 6}), g.input("words", {1, 4}, Type::int64)});
       y = g.node("LayerNormalization", {y, g.constant("scale", {6}), g.constant("shift", {6})},
                  {{"axis", std::int64_t{-1}}});
       y = g.node("Add", {g.node("MatMul", {y, g.constant("up", {6, 8})}), g.constant("up_bias", {8})});
       y = g.node("ReduceMean", {g.node("Gelu", {y})}, {{"axes", Ints{1}}, {"keepdims", std::int64_t{0}}});
       g.gives({y});
     }},
    {"signals",
     [](GraphBuilder& g) {
       auto y = g.conv(g.input("x", {1, 2, 12}), "first", {4, 2, 3}, {{"dilations", Ints{2}}, {"pads", Ints{2, 2}}});
       y = g.node("AveragePool", {g.node("LeakyRelu", {y}, {{"alpha", 0.2}})},
                  {{"kernel_shape", Ints{2}}, {"strides", Ints{2}}});
       y = g.node("Mul", {g.node("Add", {y, g.constant("half", {}, {0.5})}), g.constant("three", {}, {3})});
       g.gives({g.node("AveragePool", {g.node("Softplus", {y})}, {{"kernel_shape", Ints{7}}, {"pads", Ints{0, 1}}})});
     }},
    {"choices",
     [](GraphBuilder& g) {
       const auto x = g.input("x", {1, 6, 4, 4});
       auto y = g.node("LRN", {x}, {{"size", std::int64_t{3}}, {"alpha", 0.5}, {"bias", 2.0}});
       y = g.node("LRN", {y}, {{"size", std::int64_t{4}}, {"beta", 0.5}});
       const auto low = g.node("Less", {y, g.constant("limit", {6, 1, 1})});
       const auto both = g.node("And", {low, g.node("Not", {g.node("Greater", {x, y})})});
       y = g.node("Where", {both, y, g.node("Sinh", {x})});
       y = g.node("Where", {low, y, g.constant("nothing", {}, {-2})});
       const auto shape = std::map<std::string, Attribute>{{"keepdims", std::int64_t{0}}};
       const auto rows = g.integers("rows", {2, 3});
       std::vector<std::string> all;
       for (const char* op : {"ReduceL1", "ReduceL2", "ReduceSumSquare"}) all.push_back(g.node(op, {y, rows}, shape));
       const auto line = g.node("Slice",
                                {y, g.integers("from", {0, 0}), g.integers("to", {3, 1}), g.integers("axes", {2, 3})});
       all.push_back(g.node("ReduceProd", {line, rows}, shape));
       const auto joined = g.node("Concat", all, {{"axis", std::int64_t{1}}});
       g.gives({g.node("Tanh", {g.node("Add", {joined, g.node("Shrink", {joined}, {{"bias", 0.25}})})})});
     }},
    {"repeated",
     [](GraphBuilder& g) {
       auto y = g.node("Tile", {g.input("x", {1, 2, 3}), g.integers("times", {1, 2, 2})});
       y = g.node("Expand", {g.node("Unsqueeze", {y, g.integers("last", {3})}), g.integers("wide", {1, 4, 6, 2})});
       y = g.node("Pad", {y, g.integers("frame", {0, 0, 1, 0, 0, 0, 0, 2}), g.constant("value", {}, {1.5})});
       y = g.node("LpNormalization", {g.node("Flatten", {y})}, {{"p", std::int64_t{1}}});
       const auto nets = g.nodes("LayerNormalization", {y, g.constant("scale", {112}), g.constant("shift", {112})}, {},
                                 {"normal", "mean", "inverse"}, "norm");
       g.gives({g.node("Mul", {nets[0], nets[2]}), nets[1]});
     }},
    {"attention",
     [](GraphBuilder& g) {
       const auto cut = [&](const std::string& from, const std::string& name, Ints perm, std::int64_t steps) {
         const auto dense = g.node(
             "Add", {g.node("MatMul", {from, g.constant(name + ".w", {6, 6})}), g.constant(name + ".b", {6})});
         const auto heads = g.node("Reshape",
                                   {dense, g.integers(name + ".heads", {1, static_cast<double>(steps), 2, 3})});
         return g.node("Transpose", {heads}, {{"perm", std::move(perm)}});
       };
       const auto attention = [&](const std::string& x, const std::string& m, const std::string& name,
                                  std::int64_t steps, bool masked) {
         const auto q = cut(x, name + ".q", {0, 2, 1, 3}, 3), k = cut(m, name + ".k", {0, 2, 3, 1}, steps),
                    v = cut(m, name + ".v", {0, 2, 1, 3}, steps);
         auto scores = g.node("Div", {g.node("MatMul", {q, k}), g.constant(name + ".root", {}, {std::sqrt(3.0)})});
         if (masked)
           scores = g.node("Add", {scores, g.constant(name + ".mask", {3, 3}, {0, -1e9, -1e9, 0, 0, -1e9, 0, 0, 0})});
         const auto shares = g.node("Softmax", {scores}, {{"axis", std::int64_t{-1}}});
         const auto sums = g.node("Transpose", {g.node("MatMul", {shares, v})}, {{"perm", Ints{0, 2, 1, 3}}});
         const auto rows = g.node("Reshape", {sums, g.integers(name + ".rows", {1, 3, 6})});
         return g.node("Add",
                       {g.node("MatMul", {rows, g.constant(name + ".o", {6, 6})}), g.constant(name + ".p", {6})});
       };
       const auto x = g.input("written", {1, 3, 6}), m = g.input("read", {1, 4, 6});
       const auto y = g.node("Add", {x, attention(x, x, "itself", 3, true)});
       g.gives({g.node("Add", {y, attention(y, m, "memory", 4, false)})});
     }},
    {"classes",
     [](GraphBuilder& g) {
       const auto kinds = g.gemm(g.input("x", {1, 5}), "kinds", 5, 7);
       const auto which = g.node("ArgMax", {kinds}, {{"axis", std::int64_t{1}}, {"keepdims", std::int64_t{0}}});
       g.gives({which, g.node("Tanh", {kinds})});
     }},
    {"decoder",
     [](GraphBuilder& g) {
       auto y = g.node("Relu", {g.gemm(g.input("code", {1, 3}), "up", 3, 16)});
       y = g.node("Reshape", {y, g.integers("image", {1, 4, 2, 2})});
       y = g.node("ConvTranspose", {y, g.constant("w", {4, 2, 2, 2}), g.constant("b", {2})}, {{"strides", Ints{2, 2}}});
       y = g.node("Resize", {y, "", g.constant("scales", {4}, {1, 1, 2, 2})},
                  {{"mode", std::string("nearest")},
                   {"coordinate_transformation_mode", std::string("asymmetric")},
                   {"nearest_mode", std::string("floor")}});
       g.gives({g.node("Sigmoid", {y})});
     }},
};

void write(const std::string& path, const std::string& text) {
  tenon::write_file_atomically(path, std::as_bytes(std::span(text)));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const std::string folder = argv[1];
  std::string includes, calls;
  for (const Sample& sample : samples) {
    GraphBuilder builder(sample.name);
    sample.build(builder);
    Graph graph = builder.g;
    simplify(graph);
    const Written written = write_network(graph, "Net");
    const std::string own = folder + "/" + sample.name;
    std::filesystem::create_directories(own);
    write(own + "/net.onnx", to_onnx(builder.g));
    write(own + "/net.hpp", written.header);
    write(own + "/check.cpp", write_check(builder.g, graph, "Net").program);
    write_weights(own + "/net.safetensors", written.weights);
    includes += fmt::format("namespace {0} {{\n#include \"{0}/check.cpp\"\n}}\n", sample.name);
    calls += fmt::format("  wrong += run({0}::check, \"{0}\");\n", sample.name);
  }
  write(folder + "/imported.cpp", fmt::format(R"(#include <tenon/tenon.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#define main check
{}#undef main

namespace {{
int run(int (*check)(int, char**), const char* name) {{
  std::string program = "check", folder = std::string("{}/") + name;
  char* arguments[] = {{program.data(), folder.data()}};
  const int failed = check(2, arguments);
  std::printf("%s: %s\n", name, failed == 0 ? "equal" : "WRONG");
  return failed;
}}
}}  // namespace

int main() {{
  int wrong = 0;
{}  return wrong;
}}
)",
                                              includes, folder, calls));
}
