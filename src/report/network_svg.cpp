#include <algorithm>
#include <cstddef>
#include <iterator>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <tenon/error.hpp>
#include <tenon/io/atomic_file.hpp>
#include <tenon/report/network_graph.hpp>
#include <tenon/report/plot.hpp>

#include "../backwards.hpp"
#include "network_scene.hpp"

namespace tenon::detail {

namespace {

using Kind = NetworkScene::Kind;

constexpr double gap_x = 26, gap_y = 34, pad = 14, heading = 20, letter = 6.7;

struct Point {
  double x = 0, y = 0;
};
struct Box {
  double x = 0, y = 0, width = 0, height = 0;  // x and y of the upper left corner, within the frame around it
};

/// Places the items of each frame in rows (Sugiyama, Tagawa and Toda 1981), the inner frames first; in the frame around
/// it, a frame is one box. An arrow that passes rows has a free column in each of them.
class Placement {
public:
  explicit Placement(const NetworkScene& scene)
      : scene_(scene), boxes_(scene.items.size()), ways_(scene.arrows.size()) {
    for (const std::size_t i : detail::backwards(scene.items.size())) {  // what is in a frame comes behind it
      if (scene.items[i].kind == Kind::frame) place(static_cast<int>(i));
      else size(i);
    }
    place(-1);
    for (std::size_t i = 0; i < boxes_.size(); ++i)  // and the frames around are in front of it
      if (const int f = scene.items[i].frame; f >= 0) boxes_[i].x += at(f).x, boxes_[i].y += at(f).y;
    for (std::size_t a = 0; a < ways_.size(); ++a)
      if (ways_[a].frame >= 0)
        for (Point& p : ways_[a].points) p.x += at(ways_[a].frame).x, p.y += at(ways_[a].frame).y;
  }

  double width() const { return whole_.width; }
  double height() const { return whole_.height; }
  const Box& box(std::size_t i) const { return boxes_[i]; }
  /// Points that an arrow passes: down through the rows between its ends.
  const std::vector<Point>& way(std::size_t arrow) const { return ways_[arrow].points; }

private:
  struct Way {
    int frame = -1;
    std::vector<Point> points{};
  };
  /// A box in a row, or a place for an arrow.
  struct Cell {
    int item = -1;
    std::size_t row = 0;
    double width = 0, height = 0, x = 0;  // x of the middle
    std::vector<std::size_t> above{}, below{};
  };

  Box& at(int item) { return boxes_[static_cast<std::size_t>(item)]; }
  void size(std::size_t i) {
    const NetworkScene::Item& item = scene_.items[i];
    Box& b = boxes_[i];
    const auto letters = static_cast<double>(std::max(item.title.size(), item.type.size()));
    switch (item.kind) {
    case Kind::fork:
      b.width = b.height = 7;
      break;
    case Kind::joint:
      b.width = 20 + letter * letters, b.height = 26;
      break;
    case Kind::port:
      b.width = std::max(50.0, 26 + letter * letters), b.height = 26;
      break;
    default:
      b.width = std::max(60.0, 20 + letter * letters), b.height = item.title.empty() ? 28 : 40;
    }
  }

  /// The item of `frame` that holds this one; -1 where it is elsewhere.
  int holder(int item, int frame) const {
    while (item >= 0 && scene_.items[static_cast<std::size_t>(item)].frame != frame)
      item = scene_.items[static_cast<std::size_t>(item)].frame;
    return item;
  }

  void place(int frame) {
    std::vector<Cell> cells;
    std::vector<int> cell_of(scene_.items.size(), -1);
    for (std::size_t i = 0; i < scene_.items.size(); ++i) {
      if (scene_.items[i].frame != frame) continue;
      cell_of[i] = static_cast<int>(cells.size());
      cells.push_back({static_cast<int>(i), 0, boxes_[i].width, boxes_[i].height});
    }
    struct Link {
      std::size_t from, to, arrow;
    };
    std::vector<Link> links;
    for (std::size_t a = 0; a < scene_.arrows.size(); ++a) {
      const int from = holder(scene_.arrows[a].from, frame), to = holder(scene_.arrows[a].to, frame);
      if (from < 0 || to < 0 || from == to) continue;
      links.push_back({static_cast<std::size_t>(cell_of[static_cast<std::size_t>(from)]),
                       static_cast<std::size_t>(cell_of[static_cast<std::size_t>(to)]), a});
    }
    std::sort(links.begin(), links.end(), [](const Link& a, const Link& b) { return a.to < b.to; });
    for (const Link& l : links) cells[l.to].row = std::max(cells[l.to].row, cells[l.from].row + 1);
    std::vector<std::vector<std::size_t>> passed(links.size());
    for (std::size_t k = 0; k < links.size(); ++k) {
      std::size_t before = links[k].from;
      for (std::size_t row = cells[links[k].from].row + 1; row < cells[links[k].to].row; ++row) {
        cells.push_back({-1, row, 8, 0});
        connect(cells, before, cells.size() - 1);
        passed[k].push_back(before = cells.size() - 1);
      }
      connect(cells, before, links[k].to);
    }
    arrange(cells);

    std::vector<double> top{pad + (frame < 0 ? 0 : heading)};
    for (const auto& row : rows_) {
      double height = 0;
      for (const std::size_t c : row) height = std::max(height, cells[c].height);
      top.push_back(top.back() + height + gap_y);
    }
    double left = 1e300, right = -1e300;
    for (const Cell& c : cells) left = std::min(left, c.x - c.width / 2), right = std::max(right, c.x + c.width / 2);
    for (Cell& c : cells) {
      c.x += pad - left;
      const double height = top[c.row + 1] - top[c.row] - gap_y;
      if (c.item >= 0) at(c.item).x = c.x - c.width / 2, at(c.item).y = top[c.row] + (height - c.height) / 2;
    }
    for (std::size_t k = 0; k < links.size(); ++k)
      for (const std::size_t c : passed[k]) {
        ways_[links[k].arrow].frame = frame;
        ways_[links[k].arrow].points.push_back({cells[c].x, top[cells[c].row]});
        ways_[links[k].arrow].points.push_back({cells[c].x, top[cells[c].row + 1] - gap_y});
      }
    Box& b = frame < 0 ? whole_ : at(frame);
    b.width = (cells.empty() ? 0 : right - left) + 2 * pad;
    b.height = top.back() - (rows_.empty() ? 0 : gap_y) + pad;
    if (frame >= 0) {
      const double title = 2 * pad +
                           letter * static_cast<double>(scene_.items[static_cast<std::size_t>(frame)].title.size());
      for (Cell& c : cells)
        if (c.item >= 0 && title > b.width) at(c.item).x += (title - b.width) / 2;
      for (std::size_t a = 0; a < ways_.size() && title > b.width; ++a)
        if (ways_[a].frame == frame)
          for (Point& p : ways_[a].points) p.x += (title - b.width) / 2;
      b.width = std::max(b.width, title);
    }
  }
  static void connect(std::vector<Cell>& cells, std::size_t above, std::size_t below) {
    cells[above].below.push_back(below);
    cells[below].above.push_back(above);
  }

  static double mean(const std::vector<Cell>& cells, const std::vector<std::size_t>& of, double otherwise) {
    double sum = 0;
    for (const std::size_t c : of) sum += cells[c].x;
    return of.empty() ? otherwise : sum / static_cast<double>(of.size());
  }
  /// Cells into rows, and each as near as can be to what it is connected with.
  void arrange(std::vector<Cell>& cells) {
    rows_.clear();
    for (std::size_t c = 0; c < cells.size(); ++c) {
      if (rows_.size() <= cells[c].row) rows_.resize(cells[c].row + 1);
      rows_[cells[c].row].push_back(c);
    }
    for (auto& row : rows_) pack(cells, row);
    for (int sweep = 0; sweep < 8; ++sweep) {
      const bool down = sweep % 2 == 0;
      for (std::size_t k = 0; k < rows_.size(); ++k) {
        auto& row = rows_[down ? k : rows_.size() - 1 - k];
        for (const std::size_t c : row) cells[c].x = mean(cells, down ? cells[c].above : cells[c].below, cells[c].x);
        std::sort(row.begin(), row.end(), [&](std::size_t a, std::size_t b) {
          return cells[a].x != cells[b].x ? cells[a].x < cells[b].x : a < b;
        });
        spread(cells, row);
      }
    }
  }
  static void pack(std::vector<Cell>& cells, const std::vector<std::size_t>& row) {
    double x = 0;
    for (const std::size_t c : row) cells[c].x = x + cells[c].width / 2, x += cells[c].width + gap_x;
    for (const std::size_t c : row) cells[c].x -= x / 2;
  }
  /// Neighbours that are too near push each other away, each as far: the mean of a pass from the left and one from the
  /// right.
  static void spread(std::vector<Cell>& cells, const std::vector<std::size_t>& row) {
    std::vector<double> left(row.size()), right(row.size());
    const auto apart = [&](std::size_t i) { return (cells[row[i]].width + cells[row[i + 1]].width) / 2 + gap_x; };
    for (std::size_t i = 0; i < row.size(); ++i)
      left[i] = i == 0 ? cells[row[i]].x : std::max(cells[row[i]].x, left[i - 1] + apart(i - 1));
    for (const std::size_t i : detail::backwards(row.size()))
      right[i] = i + 1 == row.size() ? cells[row[i]].x : std::min(cells[row[i]].x, right[i + 1] - apart(i));
    for (std::size_t i = 0; i < row.size(); ++i) cells[row[i]].x = (left[i] + right[i]) / 2;
  }

  const NetworkScene& scene_;
  std::vector<Box> boxes_;
  std::vector<Way> ways_;
  std::vector<std::vector<std::size_t>> rows_{};
  Box whole_{};
};

class Drawing {
public:
  explicit Drawing(const NetworkScene& scene) : scene_(scene), layout_(scene) {}

  std::string text() {
    put("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0:.0f}\" height=\"{1:.0f}\" viewBox=\"0 0 {0:.0f} "
        "{1:.0f}\" "
        "font-family=\"sans-serif\" font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n",
        layout_.width(), layout_.height());
    for (std::size_t i = 0; i < scene_.items.size(); ++i)
      if (scene_.items[i].kind == Kind::frame) frame(i);
    for (std::size_t a = 0; a < scene_.arrows.size(); ++a) arrow(a);
    for (std::size_t i = 0; i < scene_.items.size(); ++i) scene_.items[i].kind == Kind::frame ? heading_of(i) : item(i);
    put("</svg>\n");
    return std::move(out_);
  }

private:
  template <class... A>
  void put(fmt::format_string<A...> format, A&&... a) {
    fmt::format_to(std::back_inserter(out_), format, std::forward<A>(a)...);
  }
  void frame(std::size_t i) {
    const Box& b = layout_.box(i);
    put("<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" rx=\"8\" fill=\"#0072b2\" "
        "fill-opacity=\"0.05\" stroke=\"#8ab\"/>\n",
        b.x, b.y, b.width, b.height);
  }
  /// Over the arrows, with a rim that keeps them off.
  void heading_of(std::size_t i) {
    const Box& b = layout_.box(i);
    put("<text x=\"{:.1f}\" y=\"{:.1f}\" fill=\"#357\" stroke=\"#eef4f9\" stroke-width=\"4\" "
        "paint-order=\"stroke\">{}</text>\n",
        b.x + 10, b.y + 16, escape_xml(scene_.items[i].title));
  }
  void item(std::size_t i) {
    const NetworkScene::Item& item = scene_.items[i];
    const Box& b = layout_.box(i);
    const double x = b.x + b.width / 2, y = b.y + b.height / 2;
    const char* const fill = item.kind == Kind::port    ? "#f9e7bf"
                             : item.kind == Kind::joint ? "#d4d4d4"
                             : item.kind == Kind::fork  ? "#444"
                                                        : "white";
    put("<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" rx=\"{:.1f}\" fill=\"{}\" "
        "stroke=\"#444\"/>\n",
        b.x, b.y, b.width, b.height, item.kind == Kind::layer ? 4 : b.height / 2, fill);
    if (!item.title.empty())
      put("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\" font-size=\"11\" fill=\"#666\">{}</text>\n", x, y - 5,
          escape_xml(item.title));
    if (!item.type.empty())
      put("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\">{}</text>\n", x, y + (item.title.empty() ? 4 : 12),
          escape_xml(item.type));
  }
  /// Where the arrow meets the box: several are spread over its edge, in the order they come in.
  double enters(std::size_t a) const {
    const auto target = static_cast<std::size_t>(scene_.arrows[a].to);
    const Box& b = layout_.box(target);
    const auto comes_from = [&](std::size_t k) {
      const Box& from = layout_.box(static_cast<std::size_t>(scene_.arrows[k].from));
      return layout_.way(k).empty() ? from.x + from.width / 2 : layout_.way(k).back().x;
    };
    std::size_t before = 0, all = 0;
    for (std::size_t k = 0; k < scene_.arrows.size(); ++k) {
      if (static_cast<std::size_t>(scene_.arrows[k].to) != target) continue;
      ++all;
      before += comes_from(k) < comes_from(a) || (comes_from(k) == comes_from(a) && k < a) ? 1 : 0;
    }
    return b.x + b.width * static_cast<double>(before + 1) / static_cast<double>(all + 1);
  }
  void arrow(std::size_t a) {
    const NetworkScene::Item& item = scene_.items[static_cast<std::size_t>(scene_.arrows[a].from)];
    const Box& from = layout_.box(static_cast<std::size_t>(scene_.arrows[a].from));
    const Box& to = layout_.box(static_cast<std::size_t>(scene_.arrows[a].to));
    std::vector<Point> points{{from.x + from.width / 2, from.y + from.height}};
    points.insert(points.end(), layout_.way(a).begin(), layout_.way(a).end());
    points.push_back({enters(a), to.y});
    put("<path fill=\"none\" stroke=\"#444\" d=\"M{:.1f} {:.1f}", points[0].x, points[0].y);
    for (std::size_t k = 1; k < points.size(); ++k) {
      const Point &p = points[k - 1], &q = points[k];
      const double bend = (q.y - p.y) / 2;
      put(" C{:.1f} {:.1f} {:.1f} {:.1f} {:.1f} {:.1f}", p.x, p.y + bend, q.x, q.y - bend, q.x, q.y);
    }
    put("\"/>\n");
    if (scene_.items[static_cast<std::size_t>(scene_.arrows[a].to)].kind != Kind::fork)
      put("<path fill=\"#444\" d=\"M{0:.1f} {1:.1f} l-3.5 -7 h7 z\"/>\n", points.back().x, points.back().y);
    if (item.kind == Kind::fork || item.shape.empty()) return;
    for (std::size_t k = 0; k < a; ++k)
      if (scene_.arrows[k].from == scene_.arrows[a].from) return;  // drawn already
    put("<text x=\"{:.1f}\" y=\"{:.1f}\" font-size=\"10\" fill=\"#666\">{}</text>\n", points[0].x + 5, points[0].y + 12,
        escape_xml(item.shape));
  }

  const NetworkScene& scene_;
  Placement layout_;
  std::string out_;
};

}  // namespace

std::string network_svg(const NetworkView& network) { return Drawing(make_scene(network)).text(); }

void save_network(const NetworkView& network, const std::string& path) {
  const bool svg = path.ends_with(".svg");
  if (!svg && !path.ends_with(".dot") && !path.ends_with(".gv"))
    throw Error("save_graph: expected a path that ends with .svg, .dot or .gv, got " + path);
  const std::string text = svg ? network_svg(network) : network_dot(network);
  write_file_atomically(path, std::as_bytes(std::span(text)));
}

}  // namespace tenon::detail
