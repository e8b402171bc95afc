#include <catch2/catch.hpp>

#include <string>
#include <type_traits>
#include <vector>

#include <tenon/net/networks.hpp>

#include "support/network_rig.hpp"
#include "support/test_layers.hpp"

using namespace tenon;
using namespace test_layers;

namespace {

/// Affine followed by Scale in one pass, as a fused unit declares itself.
template <class Bound>
struct AffineScaleAt {
  using input = typename Bound::input;
  using output = typename Bound::output;
  static constexpr std::size_t weights = input::size * output::size;
  static constexpr std::array<ParameterSpec, 4> parameters{Bound::parameters[0], Bound::parameters[1],
                                                           ParameterSpec{"scale", {1}, 1},
                                                           ParameterSpec{"calls", {1}, 1, false}};
  static constexpr std::array<std::size_t, 4> parameter_layers{0, 0, 1, 1};
  using initializers = Initializers<Uniform, Zeros, Uniform, Zeros>;
  static constexpr Needs needs{.saved = {.sample = output::size},  // what Affine gave
                               .backward = {.sample = output::size}};

  template <class Mode, class Ctx, class T>
  static void forward(Ctx& ctx, Memory<T> memory, Rows<const T> x, Rows<T> y, Mode mode) {
    Bound::forward(ctx, memory, x, y, mode);
    const T scale = memory.parameters.values[aligned(weights) + aligned(output::size)];
    for (std::size_t s = 0; s < y.count; ++s) {
      for (std::size_t i = 0; i < output::size; ++i) {
        if constexpr (Mode::training) memory.workspace.saved[s * output::size + i] = y[s][i];
        y[s][i] *= scale;
      }
    }
    if constexpr (Mode::training) memory.parameters.buffers[0] += 1;
  }
  template <class Ctx, class T>
  static void backward(Ctx& ctx, Memory<T> memory, Rows<const T> x, Rows<const T> y, Rows<const T> dy, Rows<T> dx) {
    const std::size_t place = aligned(weights) + aligned(output::size);
    if (ctx.overwrite_gradients) memory.parameters.gradients[place] = 0;
    const Rows<T> inner{memory.workspace.scratch, dy.count, output::size};
    for (std::size_t s = 0; s < dy.count; ++s) {
      for (std::size_t i = 0; i < output::size; ++i) {
        memory.parameters.gradients[place] += memory.workspace.saved[s * output::size + i] * dy[s][i];
        inner[s][i] = memory.parameters.values[place] * dy[s][i];
      }
    }
    Bound::backward(ctx, memory, x, y, Rows<const T>(inner), dx);
  }
};

struct Fusing {};  // an Affine whose follower Scale joins it
template <std::size_t Out>
struct JoiningAffine {
  template <class In>
  struct at : AffineAt<In::size, Out> {
    using joins = Fusing;
  };
};

}  // namespace

template <class Bound>
  requires std::is_same_v<typename Bound::joins, Fusing>
struct tenon::fusion<Bound, Scale> {
  using type = AffineScaleAt<Bound>;
};

namespace {

using Fused = Sequential<Input<3>, JoiningAffine<4>, Scale, HyperTan, Flatten, JoiningAffine<2>, Named<"last", Scale>>;

std::string text(std::string_view view) { return std::string(view); }

template <class Net>
std::vector<std::string> names() {
  std::vector<std::string> all;
  for (const ParameterEntry& entry : parameter_table<Net>) all.push_back(text(entry.name));
  return all;
}

struct Visitor {
  std::vector<std::string> seen;
  void operator()(const ParameterEntry& entry, Uniform) { note(entry, " uniform"); }
  void operator()(const ParameterEntry& entry, Zeros) { note(entry, " zeros"); }
  void note(const ParameterEntry& entry, const char* what) { seen.push_back(text(entry.name) + what); }
};

}  // namespace

TEST_CASE("fused layers keep their names") {
  STATIC_REQUIRE(workspace<Fused>.units == 3);
  STATIC_REQUIRE(layer_count<Fused> == 6);
  CHECK(names<Fused>() == std::vector<std::string>{"0.weight", "0.bias", "1.scale", "1.calls", "4.weight", "4.bias",
                                                   "last.scale", "last.calls"});
  CHECK(parameter_entry<Fused, "1.scale">.offset == 32);
  CHECK(parameter_entry<Fused, "last.calls">.offset == alignment);
}

TEST_CASE("fused layers learn") {
  network_rig::Rig<Fused> rig{3};
  CHECK(rig.worst_gradient() < 1e-7);
}

TEST_CASE("fused layers have rows of their own and share a unit") {
  const auto& rows = layer_table<Fused>;
  REQUIRE(rows.size() == 6);
  CHECK(rows[0].type == "JoiningAffine<4>");
  CHECK(rows[0].parameter_count == 16);
  CHECK(rows[1].type == "Scale");
  CHECK(rows[1].path == "1");
  CHECK(rows[1].parameter_count == 1);
  CHECK(rows[3].type == "Flatten");
  CHECK(rows[4].parameter_count == 10);
  CHECK(rows[5].path == "last");
  CHECK(rows[5].parameter_count == 1);

  const auto& units = unit_table<Fused>;
  REQUIRE(units.size() == 3);
  CHECK(units[0].path == "0");
  CHECK(units[0].layers == 2);
  CHECK(units[1].type == "HyperTan");
  CHECK(units[1].layers == 1);
  CHECK(units[2].path == "4");
  CHECK(units[2].layers == 2);
}

TEST_CASE("every parameter is visited with its initialiser, copies too") {
  using Net = Sequential<Affine<2, 2>, Repeat<2, Residual<Scale>>, Concat<Identity, Affine<1>>>;
  Visitor visitor;
  visit_parameters<Net>(visitor);
  CHECK(visitor.seen == std::vector<std::string>{"0.weight uniform", "0.bias zeros", "1.0.0.scale uniform",
                                                 "1.0.0.calls zeros", "1.1.0.scale uniform", "1.1.0.calls zeros",
                                                 "2.1.weight uniform", "2.1.bias zeros"});
}

TEST_CASE("a table of layers shows the network as it is written") {
  using Net = Sequential<Input<3>, Named<"body", Sequential<Affine<4>, Square>>, Repeat<3, Sequential<Affine<4>>>,
                         Repeat<2, Repeat<2, Scale>>, Residual<HyperTan>, Add<Affine<2>, Named<"b", Affine<2>>>>;
  struct Expected {
    std::string path, type;
    std::size_t size, parameters, copies, depth;
    bool composition;
  };
  const std::vector<Expected> expected{
      {"body", "Sequential", 4, 16, 1, 0, true}, {"body.0", "Affine<4>", 4, 16, 1, 1, false},
      {"body.1", "Square", 4, 0, 1, 1, false},   {"1", "Repeat", 4, 60, 1, 0, true},
      {"1.0", "Sequential", 4, 20, 3, 1, true},  {"1.0.0", "Affine<4>", 4, 20, 3, 2, false},
      {"2", "Repeat", 4, 4, 1, 0, true},         {"2.0", "Repeat", 4, 2, 2, 1, true},
      {"2.0.0", "Scale", 4, 1, 4, 2, false},     {"3", "Residual", 4, 0, 1, 0, true},
      {"3.0", "HyperTan", 4, 0, 1, 1, false},    {"4", "Add", 2, 20, 1, 0, true},
      {"4.0", "Affine<2>", 2, 10, 1, 1, false},  {"4.b", "Affine<2>", 2, 10, 1, 1, false}};
  const auto& rows = layer_table<Net>;
  REQUIRE(rows.size() == expected.size());
  std::size_t total = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    INFO(expected[i].path);
    CHECK(rows[i].path == expected[i].path);
    CHECK(rows[i].type == expected[i].type);
    CHECK(rows[i].rank == 1);
    CHECK(rows[i].dims[0] == expected[i].size);
    CHECK(rows[i].parameter_count == expected[i].parameters);
    CHECK(rows[i].copies == expected[i].copies);
    CHECK(rows[i].depth == expected[i].depth);
    CHECK(rows[i].composition == expected[i].composition);
    if (!rows[i].composition) total += rows[i].copies * rows[i].parameter_count;
  }
  CHECK(total == parameter_count<Net>);
  CHECK(layer_count<Net> == 2 + 3 + 4 + 1 + 2);

  std::vector<std::string> units;
  for (const UnitRow& unit : unit_table<Net>) units.push_back(text(unit.path));
  CHECK(units == std::vector<std::string>{"body.0", "body.1", "1.0.0", "1.1.0", "1.2.0", "2.0.0", "2.0.1", "2.1.0",
                                          "2.1.1", "3.0", "4.0", "4.b"});
}

TEST_CASE("a plain layer is a network") {
  CHECK(names<Affine<3, 2>>() == std::vector<std::string>{"weight", "bias"});
  REQUIRE(layer_table<Affine<3, 2>>.size() == 1);
  CHECK(layer_table<Affine<3, 2>>[0].path == "");
  CHECK(layer_table<Affine<3, 2>>[0].type == "Affine<3, 2>");
  REQUIRE(unit_table<Affine<3, 2>>.size() == 1);
  CHECK(unit_table<Affine<3, 2>>[0].type == "Affine<3, 2>");
}

TEST_CASE("rows of a graph's nodes say what they read and whose parameters they work with") {
  using Net = Graph<In<"x", 3>, In<"y", 3>, Node<"a", Sequential<Affine<2>, Square>, "x">, Node<"b", Shared<"a">, "y">,
                    Node<"sum", Add<>, "a", "b">, Node<"c", Residual<Affine<2>>>, Out<"sum", "c">>;
  struct Expected {
    std::string path, sources, shares;
    std::size_t parameters;
  };
  const std::vector<Expected> expected{{"a", "x", "", 8},      {"a.0", "", "", 8},  {"a.1", "", "", 0},
                                       {"b", "y", "a", 0},     {"b.0", "", "", 0},  {"b.1", "", "", 0},
                                       {"sum", "a, b", "", 0}, {"c", "sum", "", 6}, {"c.0", "", "", 6}};
  const auto& rows = layer_table<Net>;
  REQUIRE(rows.size() == expected.size());
  std::size_t total = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    INFO(expected[i].path);
    CHECK(rows[i].path == expected[i].path);
    CHECK(rows[i].sources == expected[i].sources);
    CHECK(rows[i].shares == expected[i].shares);
    CHECK(rows[i].parameter_count == expected[i].parameters);
    CHECK_FALSE(rows[i].port);
    if (!rows[i].composition) total += rows[i].parameter_count;
  }
  CHECK(total == parameter_count<Net>);

  std::vector<std::string> ports;
  for (const LayerRow& row : port_table<Net>)
    if (row.port)
      ports.push_back(text(row.path) + " " + text(row.type) + " " + text(row.sources) + " " +
                      std::to_string(row.dims[0]));
  CHECK(ports == std::vector<std::string>{"x In  3", "y In  3", " Out sum 2", " Out c 2"});
  CHECK(port_table<Net>.size() == rows.size() + 4);
  CHECK(port_table<Sequential<Affine<3, 2>>>.size() == 1);
}
