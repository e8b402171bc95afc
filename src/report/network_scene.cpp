#include "network_scene.hpp"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace tenon::detail {

namespace {

using Kind = NetworkScene::Kind;

std::string shape_text(const std::size_t* dims, std::size_t rank) {
  std::string text = "(";
  for (std::size_t i = 0; i < rank; ++i) text += (i == 0 ? "" : ", ") + std::to_string(dims[i]);
  return text + ")";
}
std::string shape_text(const ElementInfo& info) {
  if (info.part_count == 0) return shape_text(info.dims, info.rank);
  std::string text;
  for (std::size_t p = 0; p < info.part_count; ++p)
    text += (p == 0 ? "" : ", ") + shape_text(info.parts[p].dims, info.parts[p].rank);
  return text;
}

class SceneMaker {
public:
  NetworkScene run(const NetworkView& network) {
    const Tree& tree = *network.tree;
    std::vector<int> inputs;
    if (!tree.ports)
      for (const PartShape& shape : network.inputs)
        inputs.push_back(add(Kind::port, "", "input", shape_text(shape.dims, shape.rank)));
    const Branch all{.tree = &tree};
    const Tree around{
        .kind = TreeKind::loop, .elements = &network.whole, .element_count = 1, .units = &all, .unit_count = 1};
    const bool bare = tree.ports || (is_composition(tree) && network.whole.structure == Structure::chain);
    const int last = bare ? contents(network.whole, tree, inputs) : element(around, 0, inputs);
    if (!tree.ports) join(add(Kind::port, "", "output", ""), {last});
    return std::move(scene_);
  }

private:
  struct Output {
    std::string_view name;
    int box;
  };

  int add(Kind kind, std::string title, std::string type, std::string shape) {
    scene_.items.push_back({kind, frame_, std::move(title), std::move(type), std::move(shape)});
    return static_cast<int>(scene_.items.size()) - 1;
  }
  int join(int box, const std::vector<int>& from) {
    for (const int f : from) scene_.arrows.push_back({f, box});
    return box;
  }
  int layer(const ElementInfo& info, const std::string& name, const std::vector<int>& from) {
    return join(add(Kind::layer, name, std::string(info.type), shape_text(info)), from);
  }
  static std::string name_of(const ElementInfo& info, std::size_t index) {
    return info.name == inline_name ? std::string()
           : info.name.empty()      ? std::to_string(index)
                                    : std::string(info.name);
  }

  /// What a composition is made of; returns the box that gives what it gives.
  int contents(const ElementInfo& info, const Tree& tree, std::vector<int> from) {
    if (tree.kind == TreeKind::loop) return element(tree, 0, from);
    if (tree.ports) return graph(tree, from);
    const bool branched = is_branched(info.structure);
    const bool around = info.structure == Structure::residual || info.structure == Structure::gate;
    if (branched || around || info.structure == Structure::unpool) {
      const std::string shape = from.size() == 1 ? scene_.items[static_cast<std::size_t>(from[0])].shape : "";
      from = {join(add(Kind::fork, "", "", shape), from)};
    }
    std::vector<int> ends;
    std::vector<int> at = from;
    int first = -1;
    for (std::size_t e = 0; e < tree.element_count; ++e) {
      const int end = element(tree, e, branched ? from : at);
      if (first < 0) first = end;
      ends.push_back(end);
      at = {end};
    }
    if (branched)
      return join(add(Kind::joint, "", info.structure == Structure::sum ? "+" : "concat", shape_text(info)), ends);
    if (around)
      return join(add(Kind::joint, "", info.structure == Structure::residual ? "+" : "\u00d7", shape_text(info)),
                  {from[0], at[0]});
    if (info.structure == Structure::unpool && first != at[0])
      return join(add(Kind::joint, "", "unpool", shape_text(info)), {first, at[0]});
    if (at.size() == 1 && first >= 0) return at[0];
    return layer(info, "", from);  // nothing in it
  }

  int graph(const Tree& tree, const std::vector<int>& from) {
    std::vector<std::string> names;
    std::vector<int> boxes;
    const auto sources = [&](std::string_view text) {
      std::vector<int> found;
      while (!text.empty()) {
        const std::size_t end = text.find(", ");
        const std::string_view one = text.substr(0, end);
        for (std::size_t k = 0; k < names.size(); ++k)
          if (names[k] == one) found.push_back(boxes[k]);
        text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 2);
      }
      return found;
    };
    for (std::size_t p = 0; p < tree.input_count; ++p) {
      const ElementInfo& port = tree.ports[p];
      names.emplace_back(port.name);
      boxes.push_back(add(Kind::port, "", std::string(port.name), shape_text(port)));
      if (p < from.size()) join(boxes.back(), {from[p]});
    }
    for (std::size_t e = 0; e < tree.element_count; ++e) {
      const ElementInfo& info = tree.elements[e];
      // an output of a graph before it has a box already
      if (std::find(names.begin(), names.end(), info.name) != names.end()) continue;
      boxes.push_back(element(tree, e, sources(info.sources)));
      names.emplace_back(info.name);
      if (outputs_.size() != info.part_count) continue;
      for (const Output& output : outputs_) {
        boxes.push_back(output.box);
        names.push_back(fmt::format("{}.{}", info.name, output.name));
      }
    }
    if (frame_ >= 0 && tree.output_count == 1) return sources(tree.ports[tree.input_count].sources).at(0);
    std::vector<Output> outputs;
    for (std::size_t p = tree.input_count; p < tree.input_count + tree.output_count; ++p) {
      const std::string_view name = tree.ports[p].sources;
      outputs.push_back({name, join(add(Kind::port, "", std::string(name), ""), sources(name))});
    }
    outputs_ = std::move(outputs);
    return outputs_.back().box;
  }

  int element(const Tree& parent, std::size_t e, const std::vector<int>& from) {
    outputs_.clear();
    const ElementInfo& info = parent.elements[e];
    const Branch* unit = nullptr;
    for (std::size_t u = 0; u < parent.unit_count; ++u)
      if (parent.units[u].first <= e && e < parent.units[u].first + parent.units[u].count) unit = &parent.units[u];
    std::string name = parent.kind == TreeKind::loop ? std::string() : prefix_ + name_of(info, e);
    if (!info.shares.empty()) name += fmt::format(" (shared with {})", info.shares);
    if (!unit || !is_composition(*unit->tree)) return layer(info, name, from);

    const Tree& tree = *unit->tree;
    const bool plain = info.structure == Structure::chain && (info.name.empty() || info.name == inline_name);
    const int around = frame_;
    const std::string before = prefix_;
    prefix_ = plain && !name.empty() ? name + "." : std::string();  // within a frame names are short
    if (!plain || tree.frozen) {
      std::string title = fmt::format("{}{}{}", name, name.empty() ? "" : "  ", without_arguments(info.type));
      if (tree.kind == TreeKind::loop) title += fmt::format(" x {}", tree.copies);
      frame_ = add(Kind::frame, title, "", "");
    }
    const int end = contents(info, tree, from);
    frame_ = around;
    prefix_ = before;
    return end;
  }

  NetworkScene scene_{};
  int frame_ = -1;
  std::string prefix_{};
  std::vector<Output> outputs_{};  // of the element that was drawn last, if it is a graph of several
};

std::string dot_text(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

/// The items of a frame, and the frames in it.
void write_items(std::string& out, const NetworkScene& scene, int frame, std::size_t depth) {
  const std::string indent(2 * depth, ' ');
  for (std::size_t i = 0; i < scene.items.size(); ++i) {
    const NetworkScene::Item& item = scene.items[i];
    if (item.frame != frame) continue;
    switch (item.kind) {
    case Kind::frame:
      out += fmt::format("{}subgraph cluster_{} {{\n{}  label={};\n", indent, i, indent, dot_text(item.title));
      write_items(out, scene, static_cast<int>(i), depth + 1);
      out += indent + "}\n";
      break;
    case Kind::fork:
      out += fmt::format("{}n{} [shape=point];\n", indent, i);
      break;
    case Kind::joint:
      out += fmt::format("{}n{} [shape=ellipse, label={}];\n", indent, i, dot_text(item.type));
      break;
    case Kind::port:
      out += fmt::format("{}n{} [shape=ellipse, style=filled, label={}];\n", indent, i, dot_text(item.type));
      break;
    case Kind::layer:
      out += fmt::format("{}n{} [label={}];\n", indent, i,
                         dot_text(item.title.empty() ? item.type : item.title + "  " + item.type));
      break;
    }
  }
}

}  // namespace

NetworkScene make_scene(const NetworkView& network) { return SceneMaker().run(network); }

std::string network_dot(const NetworkView& network) {
  const NetworkScene scene = make_scene(network);
  std::string out = "digraph network {\n  node [shape=box, style=rounded, fontname=\"sans-serif\"];\n  edge "
                    "[fontname=\"sans-serif\", fontsize=10];\n";
  write_items(out, scene, -1, 1);
  for (const NetworkScene::Arrow& a : scene.arrows)
    out += fmt::format("  n{} -> n{} [label={}];\n", a.from, a.to,
                       dot_text(scene.items[static_cast<std::size_t>(a.from)].shape));
  return out + "}\n";
}

}  // namespace tenon::detail
