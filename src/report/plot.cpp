#include <tenon/report/plot.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <limits>
#include <span>
#include <utility>

#include <fmt/format.h>

#include <tenon/error.hpp>
#include <tenon/io/atomic_file.hpp>

namespace tenon {

namespace detail {

std::vector<double> round_ticks(double low, double high, std::size_t wanted) {
  if (!(high > low) || wanted == 0 || !std::isfinite(high - low)) return {};
  const double rough = (high - low) / static_cast<double>(wanted), power = std::pow(10, std::floor(std::log10(rough)));
  double step = 10 * power;
  for (const double m : {1.0, 2.0, 5.0})
    if (m * power >= rough * (1 - 1e-9)) {
      step = m * power;
      break;
    }
  const double first = std::ceil(low / step - 1e-9);
  // beyond 2^53 the next whole number is no other number
  if (!(step > 0) || !(std::max(std::abs(low), std::abs(high)) / step < 9e15)) return {};
  std::vector<double> ticks;
  for (double k = first; k * step <= high + 1e-9 * step; ++k) ticks.push_back(k * step + 0.0);
  return ticks;
}

bool drawable(double v) { return std::abs(v) <= largest_drawn; }

double share_between(double v, double low, double high) { return high > low ? (v - low) / (high - low) : 0; }

std::string escape_xml(const std::string& text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
    case '&':
      out += "&amp;";
      break;
    case '<':
      out += "&lt;";
      break;
    case '>':
      out += "&gt;";
      break;
    case '"':
      out += "&quot;";
      break;
    default:
      out += static_cast<unsigned char>(c) < 0x20 && c != '\n' ? ' ' : c;
    }
  }
  return out;
}

}  // namespace detail

namespace {

using detail::escape_xml;

// Okabe and Ito's colours, which the colour-blind can tell apart, and two more: ten classes are common.
constexpr std::array<const char*, 10> palette{"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00",
                                              "#56b4e9", "#555555", "#b8a900", "#7a3db8", "#7a4a21"};
constexpr std::array<const char*, 10> pale{"#bfdcec", "#f5d6bf", "#bfe7dc", "#f2dde9", "#f9e7bf",
                                           "#d5edfa", "#d4d4d4", "#ede9bf", "#deceed", "#ded2c8"};

const char* color_of(const auto& colors, double number) {
  const double n = static_cast<double>(colors.size()), rest = std::fmod(std::round(number), n);  // -n < rest < n
  return colors[static_cast<std::size_t>(rest < 0 ? rest + n : rest)];
}

/// From dark blue over green to yellow, for t in [0, 1].
std::string heat(double t) {
  constexpr std::array<std::array<double, 3>, 5> stops{
      {{68, 1, 84}, {59, 82, 139}, {33, 145, 140}, {94, 201, 98}, {253, 231, 37}}};
  const double at = std::clamp(t, 0.0, 1.0) * (stops.size() - 1);
  const auto i = std::min<std::size_t>(static_cast<std::size_t>(at), stops.size() - 2);
  std::array<int, 3> c{};
  for (std::size_t k = 0; k < 3; ++k)
    c[k] = static_cast<int>(std::lround(stops[i][k] + (at - static_cast<double>(i)) * (stops[i + 1][k] - stops[i][k])));
  return fmt::format("#{:02x}{:02x}{:02x}", c[0], c[1], c[2]);
}

struct Axis {
  bool logarithmic = false;
  double low = std::numeric_limits<double>::infinity(), high = -std::numeric_limits<double>::infinity();
  double from = 0, to = 1;  // pixels

  bool shows(double v) const { return detail::drawable(v) && (!logarithmic || v > 0); }
  double scaled(double v) const { return logarithmic ? std::log10(v) : v; }
  void include(double v) {
    if (!shows(v)) return;
    low = std::min(low, scaled(v));
    high = std::max(high, scaled(v));
  }
  void settle(double margin) {
    if (!(low <= high)) low = 0, high = 1;
    // what is equal but for rounding is no range to be shown
    if (high - low <= 1e-12 * std::max(std::abs(low), std::abs(high)) + 1e-300) {
      const double half = low == 0 ? 1 : std::abs(low) / 2;
      low -= half, high += half;
    }
    const double more = margin * (high - low);
    low -= more, high += more;
  }
  /// Where nothing is (0 or less on a logarithmic axis) is the frame's edge.
  double pixel(double v) const {
    return from + (logarithmic && !(v > 0) ? 0 : (scaled(v) - low) / (high - low)) * (to - from);
  }
  std::vector<double> ticks(std::size_t wanted) const {
    if (!logarithmic) return detail::round_ticks(low, high, wanted);
    if (high - low < 1.5) return detail::round_ticks(std::pow(10, low), std::pow(10, high), wanted);
    std::vector<double> t;
    const double every = std::max(1.0, std::ceil((high - low) / static_cast<double>(wanted)));
    for (double k = std::ceil(low); k <= high; k += every) t.push_back(std::pow(10, k));
    return t;
  }
};

std::string number(double v) { return fmt::format("{:.5g}", std::abs(v) < 1e-12 ? 0.0 : v); }

double bar_width(const std::vector<double>& x) {
  double least = std::numeric_limits<double>::infinity();
  for (std::size_t i = 1; i < x.size(); ++i) least = std::min(least, std::abs(x[i] - x[i - 1]));
  return std::isfinite(least) && least > 0 ? least : 1;
}

class Drawing {
public:
  explicit Drawing(const Plot& plot) : p_(plot) {
    for (const Plot::Series& s : p_.series)
      if (s.x.size() != s.y.size())
        throw Error(
            fmt::format("plot: expected as many x as y in \"{}\", got {} and {}", s.name, s.x.size(), s.y.size()));
    for (const Plot::Area& a : p_.areas)
      if (a.columns > a.values.size() || a.rows > a.values.size() || a.values.size() != a.columns * a.rows)
        throw Error(
            fmt::format("plot: expected an area of {} x {} values, got {}", a.columns, a.rows, a.values.size()));
    if (!(p_.width >= 100 && p_.width <= 1e5 && p_.height >= 80 && p_.height <= 1e5))
      throw Error(fmt::format("plot: expected a width from 100 and a height from 80 to 100000 pixels, got {} and {}",
                              p_.width, p_.height));
    measure();
    for (const Plot::Area& a : p_.areas)
      for (const double v : {a.x0, a.x1, a.y0, a.y1})
        if (!detail::drawable(v))
          throw Error(fmt::format("plot: expected an area between finite numbers, got {} to {} and {} to {}", a.x0,
                                  a.x1, a.y0, a.y1));
  }

  std::string text() {
    put("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" height=\"{1}\" "
        "font-family=\"sans-serif\" "
        "font-size=\"12\">\n<rect width=\"{0}\" height=\"{1}\" fill=\"white\"/>\n",
        p_.width, p_.height);
    put("<svg x=\"{0:.1f}\" y=\"{1:.1f}\" width=\"{2:.1f}\" height=\"{3:.1f}\" viewBox=\"{0:.1f} {1:.1f} {2:.1f} "
        "{3:.1f}\">\n",
        x_.from, y_.to, x_.to - x_.from, y_.from - y_.to);
    for (const Plot::Area& a : p_.areas) area(a);
    put("</svg>\n");
    axes();
    put("<svg x=\"{0:.1f}\" y=\"{1:.1f}\" width=\"{2:.1f}\" height=\"{3:.1f}\" viewBox=\"{0:.1f} {1:.1f} {2:.1f} "
        "{3:.1f}\">\n",
        x_.from, y_.to, x_.to - x_.from, y_.from - y_.to);
    int next = 0;
    for (const Plot::Series& s : p_.series) one(s, color_of(palette, s.color >= 0 ? s.color : next++));
    put("</svg>\n");
    legend();
    put("</svg>\n");
    return std::move(out_);
  }

private:
  template <class... A>
  void put(fmt::format_string<A...> format, A&&... a) {
    fmt::format_to(std::back_inserter(out_), format, std::forward<A>(a)...);
  }

  void measure() {
    x_.logarithmic = p_.log_x;
    y_.logarithmic = p_.log_y;
    bool bars = false;
    for (const Plot::Series& s : p_.series)
      for (std::size_t i = 0; i < s.x.size(); ++i) {
        if (!x_.shows(s.x[i]) || !y_.shows(s.y[i])) continue;
        const double half = s.kind == Plot::Kind::bars ? bar_width(s.x) / 2 : 0;
        x_.include(s.x[i] - half), x_.include(s.x[i] + half);
        y_.include(s.y[i]);
        if (s.kind == Plot::Kind::bars) bars = true, y_.include(0);
      }
    for (const Plot::Area& a : p_.areas) x_.include(a.x0), x_.include(a.x1), y_.include(a.y0), y_.include(a.y1);
    const bool tight = !p_.areas.empty();
    x_.settle(tight || bars ? 0 : 0.02);
    const double floor = y_.low;
    y_.settle(tight ? 0 : 0.05);
    if (bars && floor == 0) y_.low = 0;  // bars stand on the frame
    x_.from = 70, x_.to = p_.width - 14;
    y_.from = p_.height - 44, y_.to = p_.title.empty() ? 12 : 32;
  }

  void axes() {
    const auto& [left, right, top, bottom] = std::array{x_.from, x_.to, y_.to, y_.from};
    for (const double t : y_.ticks(6)) {
      const double y = y_.pixel(t);
      put("<path d=\"M{:.1f} {:.1f}H{:.1f}\" stroke=\"#000\" stroke-opacity=\"0.12\"/><text x=\"{:.1f}\" y=\"{:.1f}\" "
          "text-anchor=\"end\">{}</text>\n",
          left, y, right, left - 6, y + 4, number(t));
    }
    for (const double t : x_.ticks(static_cast<std::size_t>(p_.width / 70))) {
      const double x = x_.pixel(t);
      put("<path d=\"M{:.1f} {:.1f}V{:.1f}\" stroke=\"#000\" stroke-opacity=\"0.12\"/><text x=\"{:.1f}\" y=\"{:.1f}\" "
          "text-anchor=\"middle\">{}</text>\n",
          x, top, bottom, x, bottom + 16, number(t));
    }
    put("<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" fill=\"none\" stroke=\"#444\"/>\n", left,
        top, right - left, bottom - top);
    if (!p_.title.empty())
      put("<text x=\"{:.1f}\" y=\"20\" text-anchor=\"middle\" font-size=\"15\" font-weight=\"bold\">{}</text>\n",
          (left + right) / 2, escape_xml(p_.title));
    if (!p_.x_label.empty())
      put("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\">{}</text>\n", (left + right) / 2, p_.height - 8,
          escape_xml(p_.x_label));
    if (!p_.y_label.empty())
      put("<text transform=\"translate(13 {:.1f}) rotate(-90)\" text-anchor=\"middle\">{}</text>\n", (top + bottom) / 2,
          escape_xml(p_.y_label));
  }

  void area(const Plot::Area& a) {
    double low = std::numeric_limits<double>::infinity(), high = -low;
    for (const double v : a.values)
      if (detail::drawable(v)) low = std::min(low, v), high = std::max(high, v);
    const auto fill = [&](double v) -> std::string {
      if (!detail::drawable(v)) return "#ffffff";
      if (a.classes) return color_of(pale, v);
      return heat(high > low ? std::floor(detail::share_between(v, low, high) * 48) / 48 : 0.5);
    };
    const double w = (a.x1 - a.x0) / static_cast<double>(a.columns), h = (a.y1 - a.y0) / static_cast<double>(a.rows);
    for (std::size_t r = 0; r < a.rows; ++r) {
      const double y1 = y_.pixel(a.y0 + h * static_cast<double>(r)),
                   y0 = y_.pixel(a.y0 + h * static_cast<double>(r + 1));
      for (std::size_t c = 0; c < a.columns;) {  // neighbours of one colour are one rectangle
        const std::string color = fill(a.values[r * a.columns + c]);
        std::size_t end = c + 1;
        while (end < a.columns && fill(a.values[r * a.columns + end]) == color) ++end;
        const double x0 = x_.pixel(a.x0 + w * static_cast<double>(c)),
                     x1 = x_.pixel(a.x0 + w * static_cast<double>(end));
        put("<rect x=\"{:.2f}\" y=\"{:.2f}\" width=\"{:.2f}\" height=\"{:.2f}\" fill=\"{}\"/>\n", x0, y0, x1 - x0 + 0.3,
            y1 - y0 + 0.3, color);
        c = end;
      }
    }
  }

  void one(const Plot::Series& s, const char* color) {
    if (s.kind == Plot::Kind::line) return line(s, color);
    const double half = bar_width(s.x) * 0.46;
    for (std::size_t i = 0; i < s.x.size(); ++i) {
      if (!x_.shows(s.x[i]) || !y_.shows(s.y[i])) continue;
      if (s.kind == Plot::Kind::points) {
        put("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"3\" fill=\"{}\" stroke=\"white\" stroke-width=\"0.6\"/>\n",
            x_.pixel(s.x[i]), y_.pixel(s.y[i]), color);
      } else {
        const double ground = y_.logarithmic ? y_.from : y_.pixel(0), top = y_.pixel(s.y[i]);
        put("<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" fill=\"{}\" fill-opacity=\"0.8\"/>\n",
            x_.pixel(s.x[i] - half), std::min(top, ground), x_.pixel(s.x[i] + half) - x_.pixel(s.x[i] - half),
            std::abs(ground - top), color);
      }
    }
  }

  void line(const Plot::Series& s, const char* color) {
    std::string path;
    bool down = false;
    for (std::size_t i = 0; i < s.x.size(); ++i) {
      if (!x_.shows(s.x[i]) || !y_.shows(s.y[i])) {
        down = false;
        continue;
      }
      path += fmt::format("{}{:.1f} {:.1f}", down ? "L" : "M", x_.pixel(s.x[i]), y_.pixel(s.y[i]));
      down = true;
    }
    if (!path.empty())
      put("<path d=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"2\" stroke-linejoin=\"round\"/>\n", path, color);
  }

  void legend() {
    std::size_t longest = 0, count = 0;
    for (const Plot::Series& s : p_.series)
      if (!s.name.empty()) longest = std::max(longest, s.name.size()), ++count;
    if (count == 0) return;
    const double w = 38 + 7.2 * static_cast<double>(longest), h = 8 + 17 * static_cast<double>(count);
    const auto [x, top] = emptiest_corner(w, h);
    double y = top;
    put("<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" fill=\"white\" fill-opacity=\"0.85\" "
        "stroke=\"#bbb\"/>\n",
        x, y, w, h);
    int next = 0;
    for (const Plot::Series& s : p_.series) {
      const char* color = color_of(palette, s.color >= 0 ? s.color : next++);
      if (s.name.empty()) continue;
      put("<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"16\" height=\"4\" fill=\"{}\"/><text x=\"{:.1f}\" "
          "y=\"{:.1f}\">{}</text>\n",
          x + 7, y + 11, color, x + 29, y + 17, escape_xml(s.name));
      y += 17;
    }
  }

  /// Where a box of that size hides the fewest points.
  std::pair<double, double> emptiest_corner(double w, double h) const {
    std::pair<double, double> best;
    std::size_t fewest = std::numeric_limits<std::size_t>::max();
    for (const double top : {y_.to + 8, y_.from - h - 8})
      for (const double left : {x_.to - w - 8, x_.from + 8}) {
        std::size_t hidden = 0;
        for (const Plot::Series& s : p_.series)
          for (std::size_t i = 0; i < s.x.size(); ++i) {
            if (!x_.shows(s.x[i]) || !y_.shows(s.y[i])) continue;
            const double x = x_.pixel(s.x[i]), y = y_.pixel(s.y[i]);
            hidden += x > left - 6 && x < left + w + 6 && y > top - 6 && y < top + h + 6 ? 1 : 0;
          }
        if (hidden < fewest) fewest = hidden, best = {left, top};
      }
    return best;
  }

  const Plot& p_;
  Axis x_, y_;
  std::string out_;
};

std::vector<double> counted(double first, std::size_t count) {
  std::vector<double> x(count);
  for (std::size_t i = 0; i < count; ++i) x[i] = first + static_cast<double>(i);
  return x;
}

}  // namespace

Plot& Plot::line(std::string name, std::vector<double> y, double first) {
  std::vector<double> x = counted(first, y.size());
  return line(std::move(name), std::move(x), std::move(y));
}
Plot& Plot::line(std::string name, std::vector<double> x, std::vector<double> y) {
  series.push_back({Kind::line, std::move(name), std::move(x), std::move(y)});
  return *this;
}
Plot& Plot::points(std::string name, std::vector<double> x, std::vector<double> y) {
  series.push_back({Kind::points, std::move(name), std::move(x), std::move(y)});
  return *this;
}
Plot& Plot::bars(std::string name, std::vector<double> x, std::vector<double> y) {
  series.push_back({Kind::bars, std::move(name), std::move(x), std::move(y)});
  return *this;
}

namespace {

void check_cells(const char* what, std::size_t got, std::size_t most) {
  if (got < 1 || got > most) throw Error(fmt::format("plot: expected from 1 to {} {}, got {}", most, what, got));
}
void check_function(bool given) {
  if (!given) throw Error("plot: expected a function, got an empty one");
}

}  // namespace

Plot& Plot::area(double x0, double x1, double y0, double y1, const std::function<double(double, double)>& f,
                 bool classes, std::size_t cells) {
  check_cells("cells on a side", cells, 1000);
  check_function(static_cast<bool>(f));
  Area a{x0, x1, y0, y1, cells, cells, std::vector<double>(cells * cells), classes};
  for (std::size_t r = 0; r < cells; ++r)
    for (std::size_t c = 0; c < cells; ++c)
      a.values[r * cells + c] = f(x0 + (x1 - x0) * (static_cast<double>(c) + 0.5) / static_cast<double>(cells),
                                  y0 + (y1 - y0) * (static_cast<double>(r) + 0.5) / static_cast<double>(cells));
  areas.push_back(std::move(a));
  return *this;
}

Plot& Plot::histogram(std::string name, const std::vector<double>& values, std::size_t bins) {
  check_cells("bins", bins, 100'000);
  double low = std::numeric_limits<double>::infinity(), high = -low;
  for (const double v : values)
    if (detail::drawable(v)) low = std::min(low, v), high = std::max(high, v);
  if (!(low <= high)) return bars(std::move(name), {}, {});
  // bins that differ: 1 wide where all values are equal, or differ by less than can be divided
  const double size = std::max(std::abs(low), std::abs(high));
  if (high - low <= 1e-12 * size + 1e-300) {
    const double half = std::max(0.5, 1e-9 * size);
    low -= half, high += half;
  }
  const double step = (high - low) / static_cast<double>(bins);
  std::vector<double> x(bins), count(bins);
  for (std::size_t b = 0; b < bins; ++b) x[b] = low + (static_cast<double>(b) + 0.5) * step;
  for (const double v : values)
    if (detail::drawable(v)) ++count[std::min(static_cast<std::size_t>((v - low) / step), bins - 1)];
  return bars(std::move(name), std::move(x), std::move(count));
}

std::string Plot::svg() const { return Drawing(*this).text(); }

void Plot::save(const std::string& path) const {
  const std::string text = svg();
  write_file_atomically(path, std::as_bytes(std::span(text)));
}

Plot& draw_function(Plot& plot, std::string name, double from, double to, const std::function<double(double)>& f,
                    std::size_t count) {
  check_cells("points of a function", count, 1'000'000);
  check_function(static_cast<bool>(f));
  std::vector<double> x(count), y(count);
  for (std::size_t i = 0; i < count; ++i) {
    x[i] = from + (to - from) * static_cast<double>(i) / static_cast<double>(count > 1 ? count - 1 : 1);
    y[i] = f(x[i]);
  }
  return plot.line(std::move(name), std::move(x), std::move(y));
}

}  // namespace tenon
