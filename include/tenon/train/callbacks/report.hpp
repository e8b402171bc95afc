#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <tenon/metrics/regression.hpp>
#include <tenon/options.hpp>
#include <tenon/report/network_graph.hpp>
#include <tenon/report/report.hpp>
#include <tenon/train/measure.hpp>
#include <tenon/train/summary.hpp>

namespace tenon {

namespace detail {

/// Adds the numbers of a parameter after an epoch; parameters come in the same order every time.
void note_parameter(RunRecord& record, size_t number, std::string_view name, std::span<const float> values,
                    std::span<const float> gradient);
void note_parameter(RunRecord& record, size_t number, std::string_view name, std::span<const double> values,
                    std::span<const double> gradient);

/// The regression's figures; what was predicted is still to be added.
RunRecord::Regression& note_regression(RunRecord& record, double r2, double rmse, double mae);

/// Adds a drawing. Of many, the first, the last, and evenly spread ones between them are kept.
void note_drawing(RunRecord& record, size_t epoch, Picture drawn);

/// Of a sample of one channel; 0 by 0 where it is no image. Numbers in a row that make a square are taken for one.
struct ImageSize {
  size_t height = 0, width = 0;
};
ImageSize image_size(std::span<const size_t> sample_shape);

/// The samples that were taken for another class than their own, those first where the network believed most in it.
std::vector<RunRecord::Mistake> worst_mistakes(const Dataset<float>& data, std::span<const float> outputs, size_t width,
                                               size_t most);
std::vector<RunRecord::Mistake> worst_mistakes(const Dataset<double>& data, std::span<const double> outputs,
                                               size_t width, size_t most);

}  // namespace detail

/// Writes a page about the run when it ends (and with `every_epoch`, so far, after each epoch): training and validation
/// curves, learning rate, confusion matrix and scores of each class, histograms of weights and gradients by layer
/// and how their size went (vanishing and exploding gradients show), the network as a picture, the summary, and the
/// most wrong examples, as pictures where they are images; for numbers, R2 and predictions against the truth. Of a
/// network with several outputs neither is shown: its metrics (Fit) have curves. Both are judged on the validation
/// data, or without any on the training data; numbers not where a callback changes the batches.
///
///     fit(model, train, Fit{..., .callbacks = callbacks(Report{"run.html"})});
///
/// A network that draws is asked for a picture after every epoch if `draw` says how; at most 24 are shown, from the
/// first epoch to the last:
///
///     Report{.path = "run.html", .draw = [&] { return picture(part<"decoder">(model)(codes), 8, 8); }}
/// PyTorch: none. Keras: none.
struct Report {
  std::string path;
  std::string title = "Training run";
  bool every_epoch = false;
  size_t mistakes = 24;
  std::function<Picture()> draw{};

  RunRecord record{};

  static constexpr void each_option(auto& o, auto visit) { visit("path", o.path, not_empty); }
  void on_epoch_end(auto& run) {
    size_t number = 0;
    run.trainer().for_each_parameter([&](std::string_view name, auto values, auto gradient) {
      detail::note_parameter(record, number++, name, values, gradient);
    });
    if (draw && run.leads()) detail::note_drawing(record, run.record().epoch, draw());
    if (every_epoch) write(run);
  }
  void on_train_end(auto& run) { write(run); }

private:
  void write(auto& run) {
    record.title = title;
    record.history = run.history();
    using Net = typename std::remove_cvref_t<decltype(run.model())>::network;
    record.summary = summary_text(run.model());
    record.network = to_svg<Net>();
    const auto& data = run.validation() ? *run.validation() : run.data();
    record.confusion_of = run.validation() ? "validation data" : "training data";
    if constexpr (number_of_outputs<Net> == 1) {
      // What a callback makes of a batch, diffusion's noise say, is not what stands in the training data.
      const bool answered = run.validation() || !std::remove_reference_t<decltype(run)>::changes_batches;
      const auto look = [&](const auto& samples) {
        using M = typename std::remove_reference_t<decltype(run)>::model_type;
        using L = typename std::remove_reference_t<decltype(run)>::loss_type;
        if (samples.label_size() == 1) judge(run.model(), samples);
        else if (!compares_classes<L> && !samples.has_labels() && samples.target_size() == M::output::size && answered)
          compare(run.model(), samples);
      };
      if (data.augmentation()) look(data.prepared());  // as evaluation takes them: normalised, cut
      else look(data);
    }
    if (run.leads()) write_report(record, path);
  }
  template <class M>
  void compare(const M& model, const Dataset<typename M::scalar>& data) {
    using T = typename M::scalar;
    R2 r2;
    RMSE rmse;
    MAE mae;
    measure(model, data, r2, rmse, mae);
    RunRecord::Regression& found = detail::note_regression(record, r2.value(), rmse.value(), mae.value());
    if (data.streamed()) return;  // points and mistakes are of data in memory
    constexpr size_t most = 200;  // samples; as many points as can be told apart
    const size_t shown = std::min(data.size(), std::max<size_t>(most / M::output::size, 1)),
                 stride = data.size() / shown;
    std::vector<T> predicted(M::output::size);
    for (size_t k = 0; k < shown; ++k) {
      model.predict(data.sample(k * stride), predicted);
      for (size_t j = 0; j < predicted.size(); ++j) {
        found.truth.push_back(static_cast<double>(data.target(k * stride)[j]));
        found.predicted.push_back(static_cast<double>(predicted[j]));
      }
    }
  }
  template <class M>
  void judge(const M& model, const Dataset<typename M::scalar>& data) {
    using T = typename M::scalar;
    constexpr size_t width = M::output::size;
    record.confusion.emplace();
    measure(model, data, *record.confusion);
    if (data.streamed()) return;

    std::vector<T> outputs(data.size() * width);
    model.predict(data.features(), outputs);
    record.mistakes = detail::worst_mistakes(data, {outputs.data(), outputs.size()}, width, mistakes);
  }
};

}  // namespace tenon
