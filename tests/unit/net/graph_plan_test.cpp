#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <tenon/net/graph_run.hpp>
#include <tenon/net/graph_units.hpp>
#include <tenon/random.hpp>

#include "support/guarded.hpp"

/// Graphs drawn at random, planned at run time, against an interpreter in which every value and every gradient has an
/// array of its own. All memory that the plan asked for holds NaN before each pass and has guards around it.

using namespace tenon;
using namespace tenon::detail;

namespace {

constexpr std::size_t inputs = 2, nodes = 9, most_edges = 4 * nodes + 20, most_outputs = 3;
using Plan = GraphPlan<inputs, nodes, most_edges, most_outputs>;

/// The layers, whose sizes are only known when they run.
enum class Layer { reads_input, reads_output, product };
std::size_t in_size, out_size;

/// y[i] = sin(sum of x / (1 + i)); reads x, and may add to dx.
struct ReadsInput {
  using input = Shape<1>;
  using output = Shape<1>;
  template <class Mode, class Ctx, class T>
  static void forward(Ctx&, const Memory<T>&, Rows<const T> x, Rows<T> y, Mode) {
    for (std::size_t s = 0; s < y.count; ++s)
      for (std::size_t i = 0; i < out_size; ++i) {
        T sum = 0;
        for (std::size_t j = 0; j < in_size; ++j) sum += x[s][j];
        y[s][i] = std::sin(sum / static_cast<T>(1 + i));
      }
  }
  template <class Ctx, class T>
  static void backward(Ctx&, const Memory<T>& m, Rows<const T> x, Rows<const T>, Rows<const T> dy, Rows<T> dx) {
    for (std::size_t s = 0; dx && s < dy.count; ++s) {
      T slope = 0, sum = 0;
      for (std::size_t j = 0; j < in_size; ++j) sum += x[s][j];
      for (std::size_t i = 0; i < out_size; ++i)
        slope += dy[s][i] * std::cos(sum / static_cast<T>(1 + i)) / static_cast<T>(1 + i);
      for (std::size_t j = 0; j < in_size; ++j) dx[s][j] = (m.written.dx ? dx[s][j] : T(0)) + slope;
    }
  }
};
/// y = tanh(x); reads y.
struct ReadsOutput {
  using input = Shape<1>;
  using output = Shape<1>;
  template <class Mode, class Ctx, class T>
  static void forward(Ctx&, const Memory<T>&, Rows<const T> x, Rows<T> y, Mode) {
    for (std::size_t s = 0; s < y.count; ++s)
      for (std::size_t i = 0; i < out_size; ++i) y[s][i] = std::tanh(x[s][i]);
  }
  template <class Ctx, class T>
  static void backward(Ctx&, const Memory<T>&, Rows<const T>, Rows<const T> y, Rows<const T> dy, Rows<T> dx) {
    for (std::size_t s = 0; dx && s < dy.count; ++s)
      for (std::size_t i = 0; i < out_size; ++i) dx[s][i] = (1 - y[s][i] * y[s][i]) * dy[s][i];
  }
};
/// y = a b, but nothing is sent back to b.
struct Product {
  using input = Inputs<Shape<1>, Shape<1>>;
  using output = Shape<1>;
  static constexpr std::uint32_t sends = 1;
  template <class Mode, class Ctx, class T>
  static void forward(Ctx&, const Memory<T>&, const RowsOf<const T, 2>& x, Rows<T> y, Mode) {
    for (std::size_t s = 0; s < y.count; ++s)
      for (std::size_t i = 0; i < out_size; ++i) y[s][i] = x[0][s][i] * x[1][s][i];
  }
  template <class Ctx, class T>
  static void backward(Ctx&, const Memory<T>&, const RowsOf<const T, 2>& x, Rows<const T>, Rows<const T> dy,
                       const RowsOf<T, 2>& dx) {
    if (!dx[0]) return;
    for (std::size_t s = 0; s < dy.count; ++s)
      for (std::size_t i = 0; i < out_size; ++i) dx[0][s][i] = x[1][s][i] * dy[s][i];
  }
};

struct RandomGraph {
  std::vector<GraphNode> node;
  std::vector<Layer> layer;
  std::vector<std::size_t> sources, sizes, outputs;
  std::vector<std::size_t> input_sizes;

  std::size_t size(std::size_t v) const { return v < inputs ? input_sizes[v] : node[v - inputs].size; }
  GraphShape shape() const {
    return {node.data(),        node.size(), sources.data(), sources.size(),
            input_sizes.data(), inputs,      outputs.data(), outputs.size()};
  }

  explicit RandomGraph(std::uint64_t seed) {
    Stream stream{seed};
    const auto below = [&](std::size_t n) {
      return static_cast<std::size_t>(stream.uniform(0.0, static_cast<double>(n))) % n;
    };
    input_sizes = {1 + below(5), 1 + below(20)};
    std::vector<bool> read(inputs + nodes);
    while (node.size() + 1 < nodes) {
      GraphNode n{.source = sources.size()};
      n.layout.needs = {.backward_reads_input = 0};
      Layer kind = Layer::reads_input;
      const std::size_t known = inputs + node.size(), a = known - 1 - below(std::min<std::size_t>(known, 4));
      std::vector<std::size_t> from{a};
      const auto same_size = [&](std::size_t most) {
        for (std::size_t tries = 0; tries < 12 && from.size() < most; ++tries)
          if (const std::size_t b = below(known); size(b) == size(a)) from.push_back(b);
      };
      switch (below(8)) {
      case 0:
        n.kind = NodeKind::same, n.size = size(a);
        break;
      case 1:
        n.kind = NodeKind::slice, n.begin = below(size(a)), n.size = 1 + below(size(a) - n.begin);
        break;
      case 2:
        n.kind = NodeKind::sum, n.size = size(a), same_size(3);
        break;
      case 3:
      case 4:
        n.kind = NodeKind::join;
        while (from.size() < 3) from.push_back(below(known));
        for (const std::size_t v : from) n.size += size(v);
        break;
      case 5:
        same_size(2);
        if (from.size() == 2) {
          kind = Layer::product;
          n.size = size(a);
          n.sends = Product::sends;
          n.layout.needs.backward_reads_input = 3;
          break;
        }
        [[fallthrough]];
      case 6:
        kind = Layer::reads_output;
        n.size = size(a);
        n.layout.needs.backward_reads_output = true;
        break;
      default:
        n.size = 1 + below(9), n.layout.needs.backward_reads_input = 1, n.adds_to_dx = below(2) == 0;
      }
      if (n.kind == NodeKind::layer) {
        n.layout.needs.forward.sample = below(40);
        n.layout.needs.backward.sample = below(40);
        n.layout.needs.inference.sample = below(40);
        n.layout.trainable_size = below(3) == 0 ? 16 : 0;
      }
      n.sources = from.size();
      for (const std::size_t v : from) sources.push_back(v), read[v] = true;
      node.push_back(n);
      layer.push_back(kind);
    }
    // what nobody reads goes into a last node or out
    GraphNode last{.kind = NodeKind::join, .source = sources.size(), .sources = 0};
    const std::size_t direct = below(3);
    for (std::size_t v = 0; v + 1 < inputs + nodes; ++v)
      if (!read[v]) {
        if (outputs.size() < direct) outputs.push_back(v);
        else sources.push_back(v), ++last.sources, last.size += size(v);
      }
    if (last.sources == 0) sources.push_back(0), last.sources = 1, last.size = size(0);
    node.push_back(last);
    layer.push_back(Layer::reads_input);
    outputs.push_back(inputs + nodes - 1);
  }
};

struct Context {
  bool overwrite_gradients = true;
};

template <class Walk>
void step(Walk& walk, const RandomGraph& g, std::size_t k) {
  out_size = g.node[k].size;
  in_size = g.size(g.sources[g.node[k].source]);
  if (g.node[k].kind != NodeKind::layer) walk.template step<SumOf<Shape<1>>>();
  else if (g.layer[k] == Layer::product) walk.template step<Product>();
  else if (g.layer[k] == Layer::reads_output) walk.template step<ReadsOutput>();
  else walk.template step<ReadsInput>();
}

/// The same passes with an array for each value.
struct Reference {
  std::vector<std::vector<double>> value, gradient;

  Reference(const RandomGraph& g, const std::vector<std::vector<double>>& x, const std::vector<double>& dy,
            std::size_t sample)
      : value(inputs + nodes), gradient(inputs + nodes) {
    Context ctx;
    const Memory<double> none{};
    for (std::size_t i = 0; i < inputs; ++i) {
      const std::size_t n = g.input_sizes[i];
      value[i].assign(x[i].begin() + static_cast<std::ptrdiff_t>(sample * n),
                      x[i].begin() + static_cast<std::ptrdiff_t>((sample + 1) * n));
    }
    const auto rows = [](std::vector<double>& v) { return Rows<double>{v.data(), 1, v.size()}; };
    const auto source = [&](std::size_t k, std::size_t j) { return g.sources[g.node[k].source + j]; };
    for (std::size_t k = 0; k < nodes; ++k) {
      const GraphNode& n = g.node[k];
      std::vector<double>& y = value[inputs + k];
      y.assign(n.size, 0);
      out_size = n.size;
      in_size = g.size(source(k, 0));
      std::size_t part = 0;
      if (n.kind == NodeKind::layer) {
        if (g.layer[k] == Layer::product)
          Product::forward(ctx, none, {rows(value[source(k, 0)]), rows(value[source(k, 1)])}, rows(y), Evaluation{});
        else if (g.layer[k] == Layer::reads_output)
          ReadsOutput::forward(ctx, none, Rows<const double>(rows(value[source(k, 0)])), rows(y), Evaluation{});
        else ReadsInput::forward(ctx, none, Rows<const double>(rows(value[source(k, 0)])), rows(y), Evaluation{});
        continue;
      }
      for (std::size_t j = 0; j < n.sources; ++j) {
        const std::vector<double>& from = value[source(k, j)];
        for (std::size_t i = 0; i < (n.kind == NodeKind::slice ? n.size : from.size()); ++i)
          y[part + i] += from[n.begin + i];
        if (n.kind == NodeKind::join) part += from.size();
      }
    }
    for (std::size_t v = 0; v < inputs + nodes; ++v) gradient[v].assign(g.size(v), 0);
    std::size_t total = 0, at = 0;
    for (const std::size_t v : g.outputs) total += g.size(v);
    for (const std::size_t v : g.outputs)
      for (double& d : gradient[v]) d += dy[sample * total + at++];
    for (std::size_t k = nodes; k-- > 0;) {
      const GraphNode& n = g.node[k];
      std::vector<double>& d = gradient[inputs + k];
      out_size = n.size;
      in_size = g.size(source(k, 0));
      std::size_t part = 0;
      if (n.kind == NodeKind::layer) {
        std::vector<double> sent(in_size);
        const Rows<const double> x0 = rows(value[source(k, 0)]), y = rows(value[inputs + k]), slope = rows(d);
        if (g.layer[k] == Layer::product)
          Product::backward(ctx, none, {x0, Rows<const double>(rows(value[source(k, 1)]))}, y, slope,
                            RowsOf<double, 2>{rows(sent), Rows<double>{}});
        else if (g.layer[k] == Layer::reads_output) ReadsOutput::backward(ctx, none, x0, y, slope, rows(sent));
        else ReadsInput::backward(ctx, none, x0, y, slope, rows(sent));
        for (std::size_t i = 0; i < in_size; ++i) gradient[source(k, 0)][i] += sent[i];
        continue;
      }
      for (std::size_t j = 0; j < n.sources; ++j) {
        std::vector<double>& to = gradient[source(k, j)];
        for (std::size_t i = 0; i < (n.kind == NodeKind::slice ? n.size : to.size()); ++i)
          to[n.begin + i] += d[part + i];
        if (n.kind == NodeKind::join) part += to.size();
      }
    }
  }
};

/// One graph with random numbers, run by its plan in guarded memory and by the reference. Every function gives what is
/// wrong; nothing where all is right.
class Trial {
public:
  explicit Trial(std::uint64_t seed)
      : g_(seed),
        shape_(g_.shape()),
        plan_(planned(shape_)),
        saved_(plan_.layout.needs.saved.sample * batch),
        y_(batch, plan_.layout.output_size, 3),
        dy_(batch, plan_.layout.output_size, 5) {
    Stream stream{seed, Purpose::sampling};
    const auto uniform = [&](std::size_t count) {
      std::vector<double> numbers;
      for (std::size_t n = 0; n < count; ++n) numbers.push_back(stream.uniform(-1.0, 1.0));
      return numbers;
    };
    std::vector<std::vector<double>> x;
    for (std::size_t i = 0; i < inputs; ++i) x.push_back(uniform(batch * g_.input_sizes[i]));
    const std::vector<double> dy = uniform(batch * plan_.layout.output_size);
    for (std::size_t s = 0; s < batch; ++s) reference_.emplace_back(g_, x, dy, s);

    dy_.assign(dy);
    for (std::size_t i = 0; i < inputs; ++i) {
      x_.emplace_back(batch, g_.input_sizes[i], 2 + i);
      x_[i].assign(x[i]);
      dx_.emplace_back(batch, g_.input_sizes[i], 4 + i);
    }
  }

  std::string fault() {
    if (auto found = forward<Evaluation>(); !found.empty()) return found;
    if (auto found = forward<Training>(); !found.empty()) return found;
    for (const auto& [first, second] : {std::pair{true, true}, {true, false}, {false, true}, {false, false}})
      if (auto found = backward(first, second); !found.empty()) return found;
    return {};
  }

private:
  static constexpr std::size_t batch = 2;

  static Plan planned(const GraphShape& shape) {
    Plan plan;
    fill_graph_plan(shape, plan);
    return plan;
  }

  template <class Mode>
  std::string forward() {
    const Needs& needs = plan_.layout.needs;
    test::Guarded<double> scratch((Mode::training ? needs.forward.sample : needs.inference.sample) * batch);
    y_.spoil();
    if (Mode::training) saved_.spoil();
    Memory<double> memory{};
    memory.workspace.saved = Mode::training ? saved_.data() : nullptr;
    memory.workspace.scratch = scratch.data();
    const auto& table = Mode::training ? plan_.training : plan_.inference;
    const Rows<double> out = y_;
    GraphForward<Context, double, Mode, inputs> walk{
        ctx_, shape_, plan_.slots.data(), table.spots.data(), table.moves.data(), input_rows(), {&memory, out, batch}};
    for (std::size_t k = 0; k < nodes; ++k) step(walk, g_, k);
    walk.finish(table.output_moves.data());
    if (!gives_values()) return std::string(Mode::training ? "training" : "evaluation") + " gives another value";
    return out_of_bounds("forward", scratch);
  }

  /// The gradients of the inputs that are asked for.
  std::string backward(bool first, bool second) {
    const Needs& needs = plan_.layout.needs;
    test::Guarded<double> scratch(needs.backward.sample * batch);
    for (auto& d : dx_) d.spoil();
    Memory<double> memory{};
    memory.workspace.saved = saved_.data();
    memory.workspace.scratch = scratch.data();
    Rows<const double> out = y_;
    if (!needs.backward_reads_output) out.data = nullptr;
    RowsOf<const double, inputs> read = input_rows();
    RowsOf<double, inputs> asked{dx_[0], dx_[1]};
    for (std::size_t i = 0; i < inputs; ++i)
      if ((needs.backward_reads_input >> i & 1U) == 0) read[i].data = nullptr;
    if (!first) asked[0].data = nullptr;
    if (!second) asked[1].data = nullptr;
    GraphBackward<Context, double, Plan, inputs, nodes> walk{ctx_, shape_, plan_, read, asked, memory, out, dy_};
    walk.begin();
    for (std::size_t k = nodes; k-- > 0;) step(walk, g_, k);
    for (std::size_t i = 0; i < inputs; ++i)
      if (asked[i] && !gives_gradient(i)) return "backward gives another gradient of input " + std::to_string(i);
    return out_of_bounds("backward", scratch);
  }

  bool gives_values() const {
    std::size_t at = 0;
    for (const std::size_t v : g_.outputs) {
      for (std::size_t s = 0; s < batch; ++s)
        for (std::size_t i = 0; i < g_.size(v); ++i)
          if (y_(s, at + i) != reference_[s].value[v][i]) return false;
      at += g_.size(v);
    }
    return true;
  }

  bool gives_gradient(std::size_t input) const {
    for (std::size_t s = 0; s < batch; ++s)
      for (std::size_t j = 0; j < g_.input_sizes[input]; ++j) {
        const double expected = reference_[s].gradient[input][j];
        if (!(std::abs(dx_[input](s, j) - expected) <= 1e-12 * (1 + std::abs(expected)))) return false;
      }
    return true;
  }

  std::string out_of_bounds(const char* pass, const test::Guarded<double>& scratch) const {
    if (scratch.intact() && saved_.intact() && y_.intact() && dx_[0].intact() && dx_[1].intact()) return {};
    return std::string(pass) + " wrote out of bounds";
  }

  RowsOf<const double, inputs> input_rows() const { return {x_[0], x_[1]}; }

  RandomGraph g_;
  GraphShape shape_;
  Plan plan_;
  Context ctx_{};
  std::vector<Reference> reference_{};  // one for each sample
  test::Guarded<double> saved_;
  test::GuardedRows<double> y_, dy_;
  std::vector<test::GuardedRows<double>> x_{}, dx_{};
};

}  // namespace

TEST_CASE("graphs drawn at random give what an interpreter gives") {
  std::size_t faults = 0;
  for (std::uint64_t seed = 1; seed <= 20000 && faults < 5; ++seed) {
    const std::string fault = Trial(seed).fault();
    if (fault.empty()) continue;
    ++faults;
    FAIL_CHECK("graph " << seed << ": " << fault);
  }
  CHECK(faults == 0);
}

TEST_CASE("blocks do not overlap while both live, however many there are") {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    Stream stream{seed};
    std::vector<Block> blocks(seed <= 30 ? 20 : 200);
    std::vector<std::size_t> order(blocks.size());
    std::size_t largest = 0;
    for (Block& b : blocks) {
      const auto number = [&](double most) { return static_cast<std::size_t>(stream.uniform(0.0, most)); };
      b.size = 16 * (1 + number(20));
      b.first = number(50);
      b.last = b.first + number(6);
      largest = std::max(largest, b.size);
    }
    const std::size_t region = pack_blocks(blocks.data(), blocks.size(), order.data());
    std::size_t alive_at_once = 0;
    for (std::size_t time = 0; time < 60; ++time) {
      std::size_t alive = 0;
      for (const Block& b : blocks) alive += b.first <= time && time <= b.last ? b.size : 0;
      alive_at_once = std::max(alive_at_once, alive);
    }
    CHECK(region >= alive_at_once);
    CHECK(region <= 2 * alive_at_once);
    for (std::size_t a = 0; a < blocks.size(); ++a) {
      CHECK(blocks[a].place + blocks[a].size <= region);
      for (std::size_t b = 0; b < a; ++b)
        if (blocks[a].meets(blocks[b]))
          REQUIRE((blocks[a].place + blocks[a].size <= blocks[b].place ||
                   blocks[b].place + blocks[b].size <= blocks[a].place));
    }
  }
}
