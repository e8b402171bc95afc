#include <tenon/report/report.hpp>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <span>
#include <utility>

#include <fmt/format.h>

#include <tenon/io/atomic_file.hpp>
#include <tenon/report/picture.hpp>
#include <tenon/report/plot.hpp>
#include <tenon/train/callbacks/report.hpp>

#include "page.hpp"

namespace tenon {

namespace detail {

namespace {

template <class T>
double rms(std::span<const T> values) {
  double squares = 0;
  for (const T v : values) squares += static_cast<double>(v) * static_cast<double>(v);
  return values.empty() ? 0 : std::sqrt(squares / static_cast<double>(values.size()));
}

/// About as many as a histogram needs, evenly spread over all of them.
template <class T>
std::vector<double> even_sample(std::span<const T> values) {
  constexpr std::size_t most = 20000;
  const std::size_t stride = values.size() / most + 1;
  std::vector<double> sample;
  for (std::size_t i = 0; i < values.size(); i += stride) sample.push_back(static_cast<double>(values[i]));
  return sample;
}

template <class T>
void note(RunRecord& record, std::size_t number, std::string_view name, std::span<const T> values,
          std::span<const T> gradient) {
  if (record.parameters.size() == number) record.parameters.push_back({.name = std::string(name)});
  RunRecord::Parameter& p = record.parameters[number];
  p.value_rms.push_back(rms(values));
  p.gradient_rms.push_back(rms(gradient));
  p.values = even_sample(values);
  p.gradients = even_sample(gradient);
}

template <class T>
std::vector<RunRecord::Mistake> worst(const Dataset<T>& data, std::span<const T> outputs, std::size_t width,
                                      std::size_t most) {
  const ImageSize image = image_size(data.sample_shape());
  const auto predicted = [&](std::size_t i) { return decide(outputs.data() + i * width, width, 0.5); };
  const auto score = [&](std::size_t i, std::size_t c) {
    const T* row = outputs.data() + i * width;
    return static_cast<double>(width > 1 ? row[c] : c == 1 ? row[0] : 1 - row[0]);
  };
  std::vector<std::pair<double, std::size_t>> wrong;  // how much more it believed in what it predicted
  for (std::size_t i = 0; i < data.size(); ++i) {
    if (data.label(i) < 0) continue;  // ignored: nothing it says is wrong
    const auto truth = static_cast<std::size_t>(data.label(i));
    if (predicted(i) != truth) wrong.emplace_back(score(i, predicted(i)) - score(i, truth), i);
  }
  std::sort(wrong.begin(), wrong.end(), [](const auto& a, const auto& b) {
    return a.first > b.first || (a.first == b.first && a.second < b.second);
  });
  std::vector<RunRecord::Mistake> mistakes;
  for (std::size_t k = 0; k < std::min(most, wrong.size()); ++k) {
    const std::size_t i = wrong[k].second;
    RunRecord::Mistake m{.height = image.height,
                         .width = image.width,
                         .index = i,
                         .truth = data.label(i),
                         .predicted = static_cast<std::int32_t>(predicted(i)),
                         .confidence = score(i, predicted(i))};
    for (std::size_t j = 0; j < image.height * image.width; ++j)
      m.pixels.push_back(static_cast<float>(data.sample(i)[j]));
    mistakes.push_back(std::move(m));
  }
  return mistakes;
}

}  // namespace

void note_parameter(RunRecord& record, std::size_t number, std::string_view name, std::span<const float> values,
                    std::span<const float> gradient) {
  note(record, number, name, values, gradient);
}
void note_parameter(RunRecord& record, std::size_t number, std::string_view name, std::span<const double> values,
                    std::span<const double> gradient) {
  note(record, number, name, values, gradient);
}
std::vector<RunRecord::Mistake> worst_mistakes(const Dataset<float>& data, std::span<const float> outputs,
                                               std::size_t width, std::size_t most) {
  return worst(data, outputs, width, most);
}
std::vector<RunRecord::Mistake> worst_mistakes(const Dataset<double>& data, std::span<const double> outputs,
                                               std::size_t width, std::size_t most) {
  return worst(data, outputs, width, most);
}

RunRecord::Regression& note_regression(RunRecord& record, double r2, double rmse, double mae) {
  return record.regression.emplace(RunRecord::Regression{.r2 = r2, .rmse = rmse, .mae = mae});
}

void note_drawing(RunRecord& record, std::size_t epoch, Picture drawn) {
  constexpr std::size_t most = 24;
  std::vector<RunRecord::Drawing>& all = record.drawings;
  // Kept are epochs 1, 1 + apart, 1 + 2 apart, ..., and the one that came last.
  if (all.size() > 1 && (all.back().epoch - 1) % record.drawings_apart != 0) all.pop_back();
  all.push_back({epoch, std::move(drawn)});
  if (all.size() <= most) return;
  record.drawings_apart *= 2;
  std::erase_if(
      all, [&](const RunRecord::Drawing& d) { return (d.epoch - 1) % record.drawings_apart != 0 && d.epoch != epoch; });
}

ImageSize image_size(std::span<const std::size_t> shape) {
  if (shape.size() == 3 && shape[0] == 1) return {shape[1], shape[2]};
  if (shape.size() == 2) return {shape[0], shape[1]};
  if (shape.size() != 1) return {};
  const auto side = static_cast<std::size_t>(std::lround(std::sqrt(static_cast<double>(shape[0]))));
  return side >= 6 && side * side == shape[0] ? ImageSize{side, side} : ImageSize{};
}

}  // namespace detail

namespace {

using detail::base64;
using detail::page_style;

class Page {
public:
  explicit Page(const RunRecord& run) : run_(run) {}

  std::string text() {
    put("<!DOCTYPE html>\n<html lang=\"en\"><head><meta "
        "charset=\"utf-8\"><title>{0}</title><style>{1}</style></head>\n<body><h1>{0}</h1>\n",
        detail::escape_xml(run_.title), page_style);
    result();
    curves();
    drawings();
    classes();
    numbers();
    layers();
    mistakes();
    if (!run_.network.empty()) put("<h2>Network</h2>\n<div class=\"network\">{}</div>\n", run_.network);
    if (!run_.summary.empty()) put("<h2>Summary</h2>\n<pre>{}</pre>\n", detail::escape_xml(run_.summary));
    put("</body></html>\n");
    return std::move(out_);
  }

private:
  template <class... A>
  void put(fmt::format_string<A...> format, A&&... a) {
    fmt::format_to(std::back_inserter(out_), format, std::forward<A>(a)...);
  }
  template <class F>
  std::vector<double> column(F number) const {
    std::vector<double> v;
    for (const EpochRecord& r : run_.history.epochs) v.push_back(number(r));
    return v;
  }
  static bool any(const std::vector<double>& v) {
    return std::any_of(v.begin(), v.end(), [](double x) { return std::isfinite(x); });
  }

  void result() {
    if (run_.history.empty()) return put("<p>No epoch has ended.</p>\n");
    const EpochRecord& last = run_.history.last();
    put("<p>{} epochs", run_.history.epochs.size());
    const std::pair<const char*, double> numbers[]{{"loss", last.training.loss},
                                                   {"accuracy", last.training.accuracy},
                                                   {"validation loss", last.validation.loss},
                                                   {"validation accuracy", last.validation.accuracy}};
    for (const auto& [name, value] : numbers)
      if (!std::isnan(value)) put(", {} {:.4f}", name, value);
    for (const EpochRecord::Metric& m : last.metrics)
      if (!std::isnan(m.value)) put(", {} {:.4f}", detail::escape_xml(m.name), m.value);
    double seconds = 0;
    for (const EpochRecord& r : run_.history.epochs) seconds += r.seconds;
    put("; {:.1f} s of training.</p>\n", seconds);
    ranks();
  }

  /// Where several ranks have trained: what each did with its time, in the epochs that were run here.
  void ranks() {
    std::vector<RankSeconds> sums;
    double seconds = 0;
    for (const EpochRecord& r : run_.history.epochs) {
      const std::vector<RankSeconds> of_epoch = r.ranks();
      if (of_epoch.empty()) continue;
      if (sums.size() != of_epoch.size()) {
        sums.assign(of_epoch.size(), {});
        seconds = 0;
      }
      seconds += r.seconds;
      for (std::size_t k = 0; k < sums.size(); ++k) {
        sums[k].compute += of_epoch[k].compute;
        sums[k].wait += of_epoch[k].wait;
        sums[k].exchange += of_epoch[k].exchange;
      }
    }
    if (sums.empty()) return;
    put("<table><tr><th>rank</th><th>compute, s</th><th>wait, s</th><th>exchange, s</th><th>other, s</th></tr>\n");
    for (std::size_t k = 0; k < sums.size(); ++k)
      put("<tr><th>{}</th><td>{:.2f}</td><td>{:.2f}</td><td>{:.2f}</td><td>{:.2f}</td></tr>\n", k, sums[k].compute,
          sums[k].wait, sums[k].exchange, std::max(0.0, seconds - sums[k].compute - sums[k].wait - sums[k].exchange));
    put("</table>\n");
  }

  void curves() {
    put("<h2>Training</h2>\n<div class=\"row\">\n");
    Plot loss{.title = "loss", .x_label = "epoch", .width = 430, .height = 300}, accuracy = loss, rate = loss;
    accuracy.title = "accuracy";
    rate.title = "learning rate";
    const auto both = [&](Plot& plot, const std::vector<double>& training, const std::vector<double>& validation) {
      plot.line("training", training, 1);
      if (any(validation)) plot.line("validation", validation, 1);
    };
    both(loss, column([](const EpochRecord& r) { return r.training.loss; }),
         column([](const EpochRecord& r) { return r.validation.loss; }));
    out_ += loss.svg();
    const auto right = column([](const EpochRecord& r) { return r.training.accuracy; });
    if (any(right)) {
      both(accuracy, right, column([](const EpochRecord& r) { return r.validation.accuracy; }));
      out_ += accuracy.svg();
    }
    out_ += rate.line("", column([](const EpochRecord& r) { return r.lr; }), 1).svg();
    for (std::size_t k = 0; !run_.history.empty() && k < run_.history.last().metrics.size(); ++k) {
      Plot metric{.title = run_.history.last().metrics[k].name, .x_label = "epoch", .width = 430, .height = 300};
      const auto values = column(
          [k](const EpochRecord& r) { return k < r.metrics.size() ? r.metrics[k].value : std::nan(""); });
      out_ += metric.line("", values, 1).svg();
    }
    put("</div>\n");
  }

  void drawings() {
    if (run_.drawings.empty()) return;
    put("<h2>Drawn after each epoch</h2>\n<div class=\"row drawn\">\n");
    for (const RunRecord::Drawing& d : run_.drawings)
      put("<figure><img alt=\"epoch {0}\" src=\"data:image/png;base64,{1}\"><figcaption>epoch "
          "{0}</figcaption></figure>\n",
          d.epoch, base64(png(d.picture)));
    put("</div>\n");
  }

  void classes() {
    if (!run_.confusion || run_.confusion->classes() == 0) return;
    const ConfusionMatrix& m = *run_.confusion;
    put("<h2>Classes, {}</h2>\n<p>Accuracy {:.4f}, F1 {:.4f} (mean over classes).</p>\n<div "
        "class=\"row\"><table><tr><th>truth \\ predicted</th>",
        detail::escape_xml(run_.confusion_of), m.value(), m.f1(Average::macro));
    for (std::size_t c = 0; c < m.classes(); ++c) put("<th>{}</th>", c);
    put("</tr>\n");
    for (std::size_t t = 0; t < m.classes(); ++t) {
      put("<tr><th>{}</th>", t);
      const double all = static_cast<double>(std::max<std::uint64_t>(m.support(t), 1));
      for (std::size_t c = 0; c < m.classes(); ++c) {
        const double share = static_cast<double>(m.count(t, c)) / all;
        put("<td style=\"background:rgba({},{:.2f})\">{}</td>", t == c ? "0,158,115" : "213,94,0",
            std::min(1.0, t == c ? 0.6 * share : 6 * share), m.count(t, c));
      }
      put("</tr>\n");
    }
    put("</table>\n<table><tr><th>class</th><th>precision</th><th>recall</th><th>F1</th><th>samples</th></tr>\n");
    for (std::size_t c = 0; c < m.classes(); ++c)
      put("<tr><th>{}</th><td>{:.4f}</td><td>{:.4f}</td><td>{:.4f}</td><td>{}</td></tr>\n", c, m.precision(c),
          m.recall(c), m.f1(c), m.support(c));
    put("</table></div>\n");
  }

  void numbers() {
    if (!run_.regression) return;
    const RunRecord::Regression& r = *run_.regression;
    put("<h2>Numbers, {}</h2>\n<p>R2 {:.4f} (1 is perfect, 0 what their mean would score), RMSE {:.4g}, MAE "
        "{:.4g}.</p>\n",
        detail::escape_xml(run_.confusion_of), r.r2, r.rmse, r.mae);
    Plot plot{
        .title = "predicted against true", .x_label = "true", .y_label = "predicted", .width = 430, .height = 400};
    if (!r.truth.empty()) {
      const auto [low, high] = std::minmax_element(r.truth.begin(), r.truth.end());
      plot.line("", {*low, *high}, {*low, *high});
      plot.series.back().color = 6;  // where all points would be
    }
    plot.points("", r.truth, r.predicted);
    plot.series.back().color = 0;
    out_ += plot.svg();
  }

  void layers() {
    if (run_.parameters.empty()) return;
    put("<h2>Weights and gradients</h2>\n<p>Size is the root of the mean square. Gradients are those of an epoch's "
        "last step: where they shrink from "
        "layer to layer towards the input they vanish, where they grow they explode.</p>\n<div class=\"row\">\n");
    Plot weights{.title = "size of weights", .x_label = "epoch", .log_y = true, .width = 640, .height = 340},
        gradients = weights;
    gradients.title = "size of gradients";
    for (const RunRecord::Parameter& p : run_.parameters) {
      if (p.name.ends_with("bias") && run_.parameters.size() > 8) continue;  // a diagram of many lines shows none
      weights.line(p.name, p.value_rms, 1);
      gradients.line(p.name, p.gradient_rms, 1);
    }
    out_ += weights.svg() + gradients.svg();
    put("</div>\n<div class=\"row\">\n");
    for (const RunRecord::Parameter& p : run_.parameters) {
      Plot values{.title = p.name, .x_label = "weights at the end", .width = 310, .height = 220}, slopes = values;
      slopes.x_label = "gradients of the last step";
      values.histogram("", p.values);
      slopes.histogram("", p.gradients);
      slopes.series.back().color = 1;
      put("<div class=\"pair\">{}{}</div>\n", values.svg(), slopes.svg());  // never apart
    }
    put("</div>\n");
  }

  void mistakes() {
    if (run_.mistakes.empty()) return;
    put("<h2>Most wrong, {}</h2>\n<div class=\"row\">\n", detail::escape_xml(run_.confusion_of));
    for (const RunRecord::Mistake& m : run_.mistakes) {
      put("<figure>");
      if (!m.pixels.empty())
        put("<img alt=\"sample {}\" src=\"data:image/png;base64,{}\">", m.index,
            base64(png(picture(m.pixels, m.height, m.width, {.zoom = 1}))));
      put("<figcaption>{} taken for {}<br>with {:.3f} (no. {})</figcaption></figure>\n", m.truth, m.predicted,
          m.confidence, m.index);
    }
    put("</div>\n");
  }

  const RunRecord& run_;
  std::string out_;
};

}  // namespace

std::string report_html(const RunRecord& run) { return Page(run).text(); }

void write_report(const RunRecord& run, const std::string& path) {
  const std::string text = report_html(run);
  write_file_atomically(path, std::as_bytes(std::span(text)));
}

}  // namespace tenon
