// Operators that become others: the same numbers, and nothing left that cannot be a type. What they are by themselves:
// operators_test.
#include <catch2/catch.hpp>

#include <cmath>
#include <string>
#include <vector>

#include "import/write_network.hpp"
#include "unit/import/simplify_rig.hpp"

using namespace tenon::test;
using tenon::importing::write_network;
using Ints = std::vector<std::int64_t>;

namespace {

Net net_of(std::int64_t opset) {
  Net net;
  net.graph.opset = opset;
  return net;
}

/// What the graph becomes: the same numbers, and a type.
std::string typed(const Net& net, const std::string& op, bool batched = true) {
  Graph after = net.graph;
  tenon::importing::simplify(after, {});
  for (const Node& node : after.nodes) CHECK(node.op != op);
  check_same(net.graph, after);
  return write_network(after, "Net", batched).header;
}

constexpr double nothing = -INFINITY;

}  // namespace

TEST_CASE("Attention is products and a softmax") {
  const auto build = [](const Dims& q, const Dims& k, const Attributes& attributes, const auto& more) {
    Net net = net_of(23);
    Names inputs{net.input(q), net.input(k), net.input(k)};
    more(net, inputs);
    return net.output(net.add("Attention", inputs, attributes));
  };
  const auto no_more = [](Net&, Names&) {};
  CHECK(typed(build({1, 4, 3, 2}, {1, 4, 5, 2}, {}, no_more), "Attention").find("MatMul<transposed>") !=
        std::string::npos);
  typed(build({1, 4, 3, 2}, {1, 2, 5, 2}, {{"softcap", 0.7}, {"scale", 0.3}}, no_more), "Attention");
  typed(build({1, 3, 8}, {1, 3, 4},
              {{"is_causal", std::int64_t{1}}, {"q_num_heads", std::int64_t{4}}, {"kv_num_heads", std::int64_t{2}}},
              no_more),
        "Attention");
  // a constant mask, of which a row sees nothing and whose last key is not spoken of
  const auto masked = [](Net& net, Names& inputs) {
    inputs.push_back(net.constant({Type::float32, {2, 2}, {0.5, -1, nothing, nothing}}));
  };
  const Net blind = build({1, 2, 2, 2}, {1, 2, 3, 2}, {}, masked);
  typed(blind, "Attention");
  const auto y = tenon::importing::interpret(blind.graph, random_inputs(blind.graph))[0];
  CHECK((y.values[2] == 0 && y.values[3] == 0 && y.values[0] != 0));
  // one that the network reads
  typed(build({1, 2, 3, 2}, {1, 2, 3, 2}, {{"is_causal", std::int64_t{1}}},
              [](Net& net, Names& inputs) {
                inputs.push_back(net.input({1, 1, 3, 3}));
              }),
        "Attention");
  // what came before, and all that Attention can give
  for (const std::int64_t mode : {0, 1, 2, 3}) {
    Net net = net_of(24);
    const Names all = net.many("Attention",
                               {net.input({1, 2, 2, 4}), net.input({1, 2, 3, 4}), net.input({1, 2, 3, 4}),
                                net.input({1, 1, 2, 5}), net.input({1, 2, 2, 4}), net.input({1, 2, 2, 4})},
                               4, {{"qk_matmul_output_mode", mode}, {"softcap", 2.0}});
    for (const std::string& name : all) net.output(name);
    typed(net, "Attention");
  }
}

TEST_CASE("a mask that Attention reads may take everything away") {
  for (const Type type : {Type::boolean, Type::float32}) {
    Net net = net_of(23);
    const Names inputs{net.input({1, 1, 2, 2}), net.input({1, 1, 2, 2}), net.input({1, 1, 2, 2}), net.input({2, 2})};
    net.graph.inputs.back().type = type;
    net.output(net.add("Attention", inputs));
    Graph after = net.graph;
    tenon::importing::simplify(after, {});
    auto given = random_inputs(after);
    const double no = type == Type::boolean ? 0 : nothing;
    given[inputs[3]] = {type, {2, 2}, {no, no, no, 1}};
    const auto y = tenon::importing::interpret(after, given)[0];
    const auto& values = given[inputs[2]].values;
    REQUIRE(y.values.size() == 4);
    CHECK((y.values[0] == 0 && y.values[1] == 0));
    CHECK(y.values[2] == Approx(values[2]));
    CHECK(y.values[3] == Approx(values[3]));
  }
}

TEST_CASE("RotaryEmbedding is products with cosines and sines") {
  for (const std::int64_t neighbours : {0, 1})
    for (const std::int64_t rotated : {0, 4}) {
      const std::int64_t half = rotated == 0 ? 3 : 2;
      const Attributes attributes{
          {"interleaved", neighbours}, {"rotary_embedding_dim", rotated}, {"num_heads", std::int64_t{2}}};
      Net net = net_of(23);
      const auto places = net.constant({Type::int64, {1, 3}, {4, 0, 2}});
      net.output(net.add("RotaryEmbedding",
                         {net.input({1, 2, 3, 6}), net.weights({5, half}), net.weights({5, half}), places},
                         attributes));
      typed(net, "RotaryEmbedding");
      Net flat = net_of(23);
      flat.output(flat.add("RotaryEmbedding",
                           {flat.input({1, 3, 12}), flat.input({1, 3, half}), flat.input({1, 3, half})}, attributes));
      typed(flat, "RotaryEmbedding");
    }
}

TEST_CASE("what is linear in an image or a signal is a product with a matrix") {
  Net grid = net_of(20);
  grid.output(grid.add("GridSample", {grid.input({1, 2, 3, 4}), grid.weights({1, 2, 5, 2})}, {{"mode", "cubic"}}));
  typed(grid, "GridSample");
  Net columns = net_of(18);
  columns.output(columns.add("Col2Im", {columns.input({1, 8, 6}), columns.integers({3, 4}), columns.integers({2, 2})}));
  typed(columns, "Col2Im");
  for (const std::int64_t inverse : {0, 1}) {
    Net signal = net_of(20);
    signal.output(signal.add("DFT", {signal.input({1, 5, 3, 2}), signal.integers({6}), signal.integers({1})},
                             {{"inverse", inverse}, {"onesided", inverse}}));
    typed(signal, "DFT");
  }
  // two groups of channels that are shifted by themselves
  Net shifted = net_of(19);
  shifted.output(shifted.add("DeformConv",
                             {shifted.input({1, 4, 3, 4}), shifted.weights({2, 4, 2, 2}),
                              shifted.weights({1, 16, 2, 3}), shifted.weights({2}), shifted.weights({1, 8, 2, 3})},
                             {{"offset_group", std::int64_t{2}}}));
  typed(shifted, "DeformConv");
  Net moving = net_of(20);  // a grid that the network computes
  moving.output(moving.add("GridSample", {moving.input({1, 2, 3, 4}), moving.input({1, 2, 5, 2})}));
  Graph after = moving.graph;
  tenon::importing::simplify(after, {});
  CHECK_THROWS_WITH(write_network(after, "Net"), Catch::Contains("GridSample"));
}

TEST_CASE("DeformConv reads beside its places") {
  const auto images = [](double shift) {
    Net net = net_of(19);
    const auto x = net.input({1, 2, 4, 5}), w = net.weights({2, 2, 2, 3});
    const Attributes how{{"pads", Ints{1, 0, 1, 0}}, {"strides", Ints{2, 1}}};
    const auto offsets = net.constant({Type::float32, {1, 12, 3, 3}, std::vector<double>(108, shift)});
    net.output(net.add("DeformConv", {x, w, offsets}, how)).output(net.add("Conv", {x, w}, how));
    Graph without = net.graph;
    return tenon::importing::interpret(without, random_inputs(without));
  };
  const auto same = images(0), between = images(0.5);
  double difference = 0, moved = 0;
  for (std::size_t i = 0; i < same[0].values.size(); ++i) {
    difference = std::max(difference, std::abs(same[0].values[i] - same[1].values[i]));
    moved = std::max(moved, std::abs(between[0].values[i] - between[1].values[i]));
  }
  CHECK(difference < 1e-12);
  CHECK(moved > 0.1);
  // half way between four pixels is their mean
  Net net = net_of(19);
  const auto half = net.constant({Type::float32, {1, 2, 1, 1}, {0.5, 0.5}});
  net.output(net.add("DeformConv", {net.input({1, 1, 2, 2}), net.constant({Type::float32, {1, 1, 1, 1}, {1}}), half},
                     {{"strides", Ints{2, 2}}}));
  const Array x{Type::float32, {1, 1, 2, 2}, {1, 2, 3, 6}};
  CHECK(tenon::importing::interpret(net.graph, {{"x", x}})[0].values == std::vector<double>{3});
}

TEST_CASE("values are broadcast as ONNX does") {
  const auto of = [](const std::string& op, const Dims& a, const Dims& b) {
    Net net;
    net.output(net.add(op, {net.input(a), net.input(b)}));
    return typed(net, "", false);
  };
  CHECK(of("Add", {2, 3, 4}, {2, 1, 4}).find("Take<") != std::string::npos);
  CHECK(of("Mul", {2, 3, 4}, {4}).find("Take<") == std::string::npos);
  CHECK(of("MatMul", {2, 3, 4, 5}, {3, 5, 2}).find("MatMul<>") != std::string::npos);
  CHECK(of("MatMul", {4}, {2, 4, 3}).find("MatMul<>") != std::string::npos);
  CHECK(of("MatMul", {2, 3, 4}, {4}).find("MatMul<>") != std::string::npos);
  CHECK(of("MatMul", {4}, {4}).find("MatMul<>") != std::string::npos);
}

TEST_CASE("attention as PyTorch exports it is a type") {
  Net net = net_of(14);
  const std::int64_t steps = 5, width = 8, heads = 2;
  const auto x = net.input({any, steps, width}, {"batch"});
  const auto linear = [&](const std::string& from, std::int64_t in, std::int64_t out) {
    return net.add("Add", {net.weights({out}), net.add("MatMul", {from, net.weights({in, out})})});
  };
  const auto cut = [&](const std::string& from, const Dims& perm) {
    const auto shaped = net.add("Reshape", {from, net.integers({-1, steps, heads, width / heads})});
    return net.transpose(shaped, perm);
  };
  const auto q = cut(linear(x, width, width), {0, 2, 1, 3}), k = cut(linear(x, width, width), {0, 2, 3, 1}),
             v = cut(linear(x, width, width), {0, 2, 1, 3});
  const auto scores = net.add("Div", {net.add("MatMul", {q, k}), net.number(2)});
  Array causal{Type::float32, {1, 1, steps, steps}, {}};
  for (int i = 0; i < steps; ++i)
    for (int j = 0; j < steps; ++j) causal.values.push_back(j > i ? nothing : 0);
  const auto weights = net.add("Softmax", {net.add("Add", {scores, net.constant(causal)})},
                               {{"axis", std::int64_t{-1}}});
  const auto seen = net.transpose(net.add("MatMul", {weights, v}), {0, 2, 1, 3});
  net.output(net.add("Add", {x, linear(net.add("Reshape", {seen, net.integers({-1, steps, width})}), width, width)}));
  CHECK(typed(net, "").find("Sequential<Input<5, 8>, Residual<MultiheadAttention<2, causal>>>") != std::string::npos);
}

TEST_CASE("Einsum is a product of matrices") {
  const auto of_two = [](const Dims& a, const Dims& b, const char* equation) {
    Net net = net_of(17);
    const Names inputs{net.input(a), net.input(b)};
    return typed(net.output(net.add("Einsum", inputs, {{"equation", std::string(equation)}})), "Einsum");
  };
  CHECK(of_two({1, 3, 4}, {1, 4, 2}, "bij, bjk -> bik").find("MatMul<>") != std::string::npos);
  CHECK(of_two({1, 5, 2, 3}, {1, 4, 2, 3}, "bqhd,bkhd->bhqk").find("MatMul<>") != std::string::npos);
  of_two({1, 3, 4}, {1, 4, 2}, "...ij,...jk");
  of_two({1, 3, 4}, {1, 2, 3, 4}, "bij,bkij->bk");
  of_two({1, 3, 4}, {1, 2}, "bij,bk->bkji");

  const auto with_constant = [](const Dims& a, const Dims& b, const char* equation, bool swapped) {
    Net net = net_of(17);
    const std::string x = net.input(a), w = net.weights(b);
    const Names inputs{swapped ? w : x, swapped ? x : w};
    return typed(net.output(net.add("Einsum", inputs, {{"equation", std::string(equation)}})), "Einsum");
  };
  CHECK(with_constant({1, 3, 4}, {4, 2}, "bij,jk->bik", false).find("Dense<2, bias<false>>") != std::string::npos);
  with_constant({1, 3, 6}, {6, 2, 4}, "btm,mhd->bthd", false);
  with_constant({1, 3, 2, 4}, {2, 4, 6}, "bthd,hdm->bmt", false);
  with_constant({1, 3, 4}, {5, 4}, "ji,bti->btj", true);

  // sums of one value, diagonals, and a batch that the matrices' axes stand in front of are no products
  for (const char* equation : {"bij,bkl->bk", "bii,bik->bk", "ibj,bjk->bik"}) {
    Net net = net_of(17);
    const Names inputs{net.input({1, 3, 3}), net.input({1, 3, 3})};
    net.output(net.add("Einsum", inputs, {{"equation", std::string(equation)}}));
    Graph after = net.graph;
    tenon::importing::simplify(after, {});
    CHECK_THROWS_WITH(write_network(after, "Net", true), Catch::Contains("Einsum"));
  }
}

namespace {

/// Attention of width 6 in two heads, over 4 steps, as files write it.
struct Pieces {
  double scale = 1 / std::sqrt(3.0);
  Array mask{};  // added to the scores
  bool chosen = false, gives_shares = false, memory = false;
  std::int64_t batch = any;

  static Array causal(double hidden) {
    Array later{Type::float32, {4, 4}, std::vector<double>(16)};
    for (std::size_t i = 0; i < 16; ++i) later.values[i] = i % 4 > i / 4 ? hidden : 0;
    return later;
  }

  std::string masked(Net& net, const std::string& scores) const {
    if (mask.values.empty()) return scores;
    if (!chosen) return net.add("Add", {scores, net.constant(mask)});
    Array seen = mask;
    seen.type = Type::boolean;
    for (double& value : seen.values) value = value == 0 ? 1 : 0;
    return net.add("Where", {net.constant(seen), scores, net.number(-1e9)});
  }
  std::string dense(Net& net, const std::string& x, std::int64_t outputs) const {
    return net.add("Add", {net.weights({outputs}), net.add("MatMul", {x, net.weights({6, outputs})})});
  }

  /// Three matrices, steps as (batch, time, width).
  Net three() const {
    Net net;
    const auto x = net.input({batch, 4, 6}), m = memory ? net.input({batch, 3, 6}) : x;
    const auto part = [&](const std::string& from, std::int64_t steps, const Dims& perm) {
      const auto cut = net.add("Reshape", {dense(net, from, 6), net.integers({-1, steps, 2, 3})});
      return net.transpose(cut, perm);
    };
    const auto keys = memory ? 3 : 4;
    const auto q = part(x, 4, {0, 2, 1, 3}), k = part(m, keys, {0, 2, 3, 1}), v = part(m, keys, {0, 2, 1, 3});
    const auto scores = net.add("Mul", {net.add("MatMul", {q, k}), net.number(scale)});
    const auto shares = net.add("Softmax", {masked(net, scores)}, {{"axis", std::int64_t{-1}}});
    const auto together = net.transpose(net.add("MatMul", {shares, v}), {0, 2, 1, 3});
    net.output(dense(net, net.add("Reshape", {together, net.integers({-1, 4, 6})}), 6));
    if (gives_shares) net.output(shares);
    return net;
  }

  /// One matrix, steps as (time, batch, width), as PyTorch's layer has it: with `four` axes of scores, the scale on
  /// queries and keys; without, samples and heads are one axis.
  Net packed(bool four) const {
    Net net;
    const auto x = net.transpose(net.input({batch, 4, 6}), {1, 0, 2});
    auto all = net.add("Reshape", {dense(net, x, 18), net.integers({4, -1, 3, 6})});
    all = net.add("Unsqueeze", {all, net.integers({0})});
    all = net.add("Squeeze", {net.transpose(all, {3, 1, 2, 0, 4}), net.integers({3})});
    const auto part = [&](double which) {
      const auto one = net.add("Gather", {all, net.constant({Type::int64, {}, {which}})}, {{"axis", std::int64_t{0}}});
      const auto heads = net.transpose(net.add("Reshape", {one, net.integers({4, -1, 3})}), {1, 0, 2});
      return four ? net.add("Reshape", {heads, net.integers({-1, 2, 4, 3})}) : heads;
    };
    auto q = part(0), k = part(1);
    const auto v = part(2);
    k = net.transpose(k, four ? Dims{0, 1, 3, 2} : Dims{0, 2, 1});
    if (four) k = net.add("Mul", {k, net.number(std::sqrt(scale))});
    q = net.add("Mul", {q, net.number(four ? std::sqrt(scale) : scale)});
    const auto shares = net.add("Softmax", {masked(net, net.add("MatMul", {q, k}))}, {{"axis", std::int64_t{-1}}});
    auto y = net.add("MatMul", {shares, v});
    y = net.transpose(y, four ? Dims{2, 0, 1, 3} : Dims{1, 0, 2});
    y = net.add("Gemm", {net.add("Reshape", {y, net.integers({-1, 6})}), net.weights({6, 6}), net.weights({6})},
                {{"transB", std::int64_t{1}}});
    y = net.transpose(net.add("Reshape", {y, net.integers({4, -1, 6})}), {1, 0, 2});
    return net.output(y);
  }
};

/// The type that a network becomes, by the interpreter equal to it.
std::string type_of(const Net& net, bool batched = true) {
  const std::string header = typed(net, "Attention", batched);
  return header.substr(header.find("using Net = ") + 12);
}

}  // namespace

TEST_CASE("attention is known from its pieces") {
  const std::string plain = "Sequential<Input<4, 6>, MultiheadAttention<2>>;\n",
                    causal = "Sequential<Input<4, 6>, MultiheadAttention<2, causal>>;\n";
  for (const std::int64_t batch : {any, std::int64_t{1}}) {
    CAPTURE(batch);
    CHECK(type_of(Pieces{.batch = batch}.three()) == plain);
    for (const bool four : {true, false}) {
      CAPTURE(four);
      CHECK(type_of(Pieces{.batch = batch}.packed(four)) == plain);
      CHECK(type_of(Pieces{.mask = Pieces::causal(nothing), .batch = batch}.packed(four)) == causal);
    }
    CHECK(type_of(Pieces{.mask = Pieces::causal(-1e9), .batch = batch}.three()) == causal);
    CHECK(type_of(Pieces{.mask = Pieces::causal(1), .chosen = true, .batch = batch}.three()) == causal);
    CHECK_THAT(type_of(Pieces{.memory = true, .batch = batch}.three()),
               Catch::Contains("CrossAttention<2>, \"x\", \"x0\""));
  }
  // three samples in every call
  CHECK(type_of(Pieces{.batch = 3}.three()) == plain);
  CHECK(type_of(Pieces{.batch = 3}.packed(true)) == plain);
}

TEST_CASE("pieces that are another attention stay pieces") {
  const auto stays = [](const Pieces& pieces) {
    const std::string type = type_of(pieces.three());
    CHECK(type.find("Attention") == std::string::npos);
    CHECK(type.find("Softmax") != std::string::npos);
  };
  stays({.scale = 0.5});
  stays({.scale = -1 / std::sqrt(3.0)});
  Array mask = Pieces::causal(-1e9);
  mask.values[4] = -1e9;  // one more is hidden
  stays({.mask = mask});
  stays({.mask = Pieces::causal(-3)});  // that is not hidden
  Array nearer = Pieces::causal(-1e9);
  nearer.values[5] = 0.5;
  stays({.mask = nearer});
  stays({.gives_shares = true});
}

TEST_CASE("the matrices of an attention are the file's, number by number") {
  const Net net = Pieces{}.packed(true);
  Graph graph = net.graph;
  tenon::importing::simplify(graph, {});
  const auto weights = write_network(graph, "Net").weights;
  REQUIRE(weights.size() == 4);
  const Array& in = weights.at("0.in_proj_weight");
  const Array& matrix = net.graph.constants.at(node_of(net.graph, "MatMul").inputs[1]);
  REQUIRE((in.dims == Dims{18, 6} && matrix.dims == Dims{6, 18}));
  for (std::size_t o = 0; o < 18; ++o)
    for (std::size_t i = 0; i < 6; ++i) CHECK(in.values[o * 6 + i] == matrix.values[i * 18 + o]);
  const Node& out = node_of(net.graph, "Gemm");
  CHECK(weights.at("0.in_proj_bias").values == net.graph.constants.at(node_of(net.graph, "Add").inputs[0]).values);
  CHECK(weights.at("0.out_proj.weight").values == net.graph.constants.at(out.inputs[1]).values);
  CHECK(weights.at("0.out_proj.bias").values == net.graph.constants.at(out.inputs[2]).values);
}
