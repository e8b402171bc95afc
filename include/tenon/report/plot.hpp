#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace tenon {

/// A diagram as SVG: lines, points, bars and coloured areas in one frame, with ticks at round numbers.
///
///     Plot plot{.title = "loss", .x_label = "epoch"};
///     plot.line("training", losses).line("validation", validation_losses);
///     plot.save("loss.svg");
///
/// Points that are NaN, infinite or beyond 1e300 (and, on a logarithmic axis, not positive) are left out, and a line
/// has a gap there. x and y of a series have to be equally many, or an Error says so. A plot without points is an
/// empty frame.
struct Plot {
  enum class Kind { line, points, bars };
  struct Series {
    Kind kind = Kind::line;
    std::string name{};  // in the legend; empty: not there
    std::vector<double> x{}, y{};
    int color = -1;  // of the palette; -1: the next one
  };
  /// Equal cells, columns x rows of them, coloured by their values, under everything else. Error: bounds that are not
  /// finite.
  struct Area {
    double x0 = 0, x1 = 1, y0 = 0, y1 = 1;
    size_t columns = 1, rows = 1;
    std::vector<double> values{};  // row after row, the lowest first
    bool classes = false;          // values are numbers of classes, coloured like series
  };

  std::string title{}, x_label{}, y_label{};
  bool log_x = false, log_y = false;
  double width = 640, height = 400;  // pixels
  std::vector<Series> series{};
  std::vector<Area> areas{};

  /// y over 0, 1, 2, ..., counted from `first`.
  Plot& line(std::string name, std::vector<double> y, double first = 0);
  Plot& line(std::string name, std::vector<double> x, std::vector<double> y);
  Plot& points(std::string name, std::vector<double> x, std::vector<double> y);
  /// Bars of equal width around x, from 0 to y.
  Plot& bars(std::string name, std::vector<double> x, std::vector<double> y);
  /// f(x, y) as colours, dark to light, or as those of classes; at most 1000 cells on a side.
  Plot& area(double x0, double x1, double y0, double y1, const std::function<double(double, double)>& f,
             bool classes = false, size_t cells = 80);
  /// A histogram of the values in so many equal bins, 100000 at most.
  Plot& histogram(std::string name, const std::vector<double>& values, size_t bins = 30);

  std::string svg() const;
  /// Written atomically.
  void save(const std::string& path) const;
};

/// f at `count` points from `from` to `to`.
Plot& draw_function(Plot& plot, std::string name, double from, double to, const std::function<double(double)>& f,
                    size_t count = 200);

namespace detail {

/// Round numbers within [low, high], about `wanted` of them: 1, 2 or 5 times a power of ten apart.
std::vector<double> round_ticks(double low, double high, size_t wanted);
/// Whether a number can be drawn: differences of two such numbers are finite, too.
inline constexpr double largest_drawn = 1e300;
bool drawable(double v);
/// The place of a value on an axis, from 0 (low) to 1 (high).
double share_between(double v, double low, double high);
/// Text as XML has it between tags and in attributes.
std::string escape_xml(const std::string& text);

}  // namespace detail
}  // namespace tenon
