#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include <tenon/data/dataset.hpp>
#include <tenon/error.hpp>
#include <tenon/metrics/bound.hpp>
#include <tenon/metrics/metric.hpp>
#include <tenon/model/arena.hpp>
#include <tenon/options.hpp>
#include <tenon/shape.hpp>
#include <tenon/train/arguments.hpp>
#include <tenon/train/evaluate.hpp>
#include <tenon/train/together.hpp>

namespace tenon {

/// A metric has nothing to compare with: it takes classes, or target numbers, or more classes than there are.
template <class Metric, class Takes, class... ButGets>
struct metric_mismatch;
struct data_with_classes;
struct data_with_target_numbers;
template <size_t Count>
struct at_least_so_many_classes;

namespace detail {

template <class D>
struct answer_of {
  using type = void;
};
template <class D>
  requires requires { typename D::answer; }
struct answer_of<D> {
  using type = typename D::answer;
};

/// What a metric takes instead of these answers and outputs of this width; void where it takes them.
template <class Metric, class Answer, size_t Width>
constexpr auto judge_answers() {
  if constexpr (requires { requires(Metric::least_classes > (Width == 1 ? 2 : Width)); }) {
    return std::type_identity<takes<at_least_so_many_classes<Metric::least_classes>>>{};
  } else if constexpr (requires {
                         requires !std::is_void_v<Answer> && Metric::compares_classes != (Answer::classes > 0);
                       }) {
    return std::type_identity<
        takes<std::conditional_t<Metric::compares_classes, data_with_classes, data_with_target_numbers>>>{};
  } else {
    return std::type_identity<void>{};
  }
}

/// The answers that a row of an output is: one, or one for every step.
template <class Output>
inline constexpr size_t answers_a_sample = Output::rank == 2 ? Output::dims[0] : 1;

/// The mistake in a metric of a network's output, or void.
template <class Net, class R>
struct judge_output_metric {
  using type = std::conditional_t<
      number_of_outputs<Net> == 1, void,
      metric_mismatch<R, takes<one_output_or_say_on>, there_are_outputs<Net>, write<"on<\"name\">(metric)">>>;
};
template <class Net, fixed_string Name, fixed_string Column, class R>
struct judge_output_metric<Net, OutputMetric<Name, Column, R>> {
  static constexpr const auto& names = port_names<Net>::outputs;
  static constexpr size_t port = find_name(names, Name.view());
  static consteval auto judge() {
    if constexpr (port == names.size()) {
      return std::type_identity<no_such_output<asked_for<Name>, known_ports<names>>>{};
    } else {
      using Output = output_shape_at<Net, port>;
      using Taken = typename decltype(judge_answers<plain<R>, void, Output::dims[Output::rank - 1]>())::type;
      if constexpr (std::is_void_v<Taken>) return std::type_identity<void>{};
      else return std::type_identity<metric_mismatch<plain<R>, Taken, but_gets<Output>, from_output<Name>>>{};
    }
  }
  using type = typename decltype(judge())::type;
};

/// Whether a metric goes with the call, so that nobody could ask it afterwards: `on<"value">(MAE{})`.
template <class R>
inline constexpr bool is_lost_metric = false;
template <fixed_string Name, fixed_string Column, class R>
inline constexpr bool is_lost_metric<OutputMetric<Name, Column, R>> = !std::is_lvalue_reference_v<R>;

/// The mistake in one thing that is to be a metric, or void.
template <class M, class D, class R>
constexpr auto judge_metric() {
  using Answer = typename answer_of<D>::type;
  if constexpr (is_lost_metric<R>) {
    return std::type_identity<wrong_argument<argument<"measure", "metrics">, takes<a_metric_that_is_a_variable>,
                                             but_gets<R>, write<"MAE a; measure(m, data, on<...>(a));">>>{};
  } else if constexpr (is_output_metric<plain<R>> ||
                       (Metric<plain<R>> && number_of_outputs < typename M::network >> 1)) {
    return std::type_identity<typename judge_output_metric<typename M::network, plain<R>>::type>{};
  } else if constexpr (!Metric<plain<R>> || !std::is_lvalue_reference_v<R> ||
                       std::is_const_v<std::remove_reference_t<R>>) {
    return std::type_identity<wrong_argument<argument<"measure", "metrics">, takes<a_metric_that_is_a_variable>,
                                             but_gets<R>, write<"Accuracy a; measure(model, data, a);">>>{};
  } else {
    constexpr size_t width = M::output::dims[M::output::rank - 1];
    using Taken = typename decltype(judge_answers<plain<R>, Answer, width>())::type;
    if constexpr (std::is_void_v<Taken>) return std::type_identity<void>{};
    else return std::type_identity<metric_mismatch<plain<R>, Taken, but_gets<Answer, typename M::output>>>{};
  }
}

template <class M, class D, class... R>
struct judge_measure : first_mistake<typename decltype(judge_model<"measure", M>())::type,
                                     typename decltype(judge_data_set<"measure", D>())::type> {};
template <IsModel M, IsData D, class... R>
struct judge_measure<M, D, R...> : first_mistake<typename decltype(judge_metric<M, D, R>())::type...> {};

/// What a metric of an output asks of the data's columns.
template <class Net, class R>
struct MetricDemand;
template <class Net, fixed_string Name, fixed_string Column, class R>
struct MetricDemand<Net, OutputMetric<Name, Column, R>> {
  using metric = OutputMetric<Name, Column, R>;
  static constexpr size_t port = Name.view().empty() ? 0 : find_name(port_names<Net>::outputs, Name.view());
  using output = output_shape_at<Net, port>;
  static constexpr TargetKind kind = [] {
    if constexpr (requires { plain<R>::compares_classes; })
      return plain<R>::compares_classes ? TargetKind::labels : TargetKind::values;
    else return TargetKind::either;
  }();
  static const ColumnInfo& column(const char* who, std::span<const ColumnInfo> columns) {
    return find_answers(who,
                        {.output = metric::output,
                         .column = metric::column,
                         .by_name = metric::names_column,
                         .target = kind,
                         .size = output::size,
                         .answers = answers_a_sample<output>,
                         .ignores = true,
                         .who = "metric"},
                        columns, number_of_outputs<Net>);
  }
};

/// Shows a metric what a network gave for some samples at its output, row by row of `all`.
template <class Net, class R, class T>
void show_output(R& metric, Rows<const T> all, size_t offset, const Samples<T>& samples, std::vector<T>& outputs,
                 std::vector<std::int32_t>& labels) {
  using Demand = MetricDemand<Net, R>;
  const ColumnInfo& column = Demand::column("measure", samples.columns);
  const bool classes = column.kind == ColumnKind::labels;
  const size_t answers = classes ? column.size : 1, width = Demand::output::size / answers;
  const std::span<const std::int32_t> given = classes ? samples.labels_of(column) : std::span<const std::int32_t>{};
  outputs.clear();
  labels.clear();
  for (size_t i = 0; i < samples.count * answers; ++i) {
    if (classes && given[i] == ignore_index) continue;
    const T* const row = all[i / answers] + offset + i % answers * width;
    outputs.insert(outputs.end(), row, row + width);
    if (classes) labels.push_back(given[i]);
  }
  Predictions<T> p{.outputs = {outputs.data(), outputs.size() / width, width}, .width = width};
  if (classes) p.labels = labels;
  else p.targets = samples.numbers_of(column);
  metric.metric.update(p);
}

template <class M>
void check_measured(const char* who, const Dataset<typename M::scalar>& data) {
  check_inputs(who, inputs_of<typename M::network, typename M::input>, offer_of(data));
}
/// Calls show(samples, outputs) for one piece of the data after the other, with what the model predicts for it. Several
/// ranks share the predictions, and each of them is shown all, in order.
template <class M, class F>
void for_each_prediction(const M& model, const Dataset<typename M::scalar>& data, F show) {
  using T = typename M::scalar;
  constexpr size_t size = M::output::size, most = 256;
  const size_t chunk = std::min(most, data.size());
  Communicator* const ranks = several_ranks();
  const size_t several = ranks ? ranks->size() : 1, own = ranks ? ranks->rank() : 0;
  Arena<T> outputs(several * chunk * size);
  const auto count_at = [&](size_t first) { return first < data.size() ? std::min(chunk, data.size() - first) : 0; };
  StreamReader<T> stream("measure", data, chunk);
  if (ranks) meet(*ranks, Phase::measure);
  for (size_t start = 0; start < data.size(); start += several * chunk) {
    const size_t mine = start + own * chunk, count = count_at(mine);
    T* const place = outputs.data() + own * chunk * size;
    Samples<T> samples;
    if (count > 0) {
      samples = samples_of(data, mine, count, stream);
      model.predict({samples.features.data, count * M::input::size}, {place, count * size});
    }
    if (ranks) ranks->all_gather(place, outputs.data(), chunk * size * sizeof(T));
    for (size_t r = 0; r < several; ++r)
      if (const size_t first = start + r * chunk; count_at(first) > 0) {
        if (ranks) samples = samples_of(data, first, count_at(first), stream, true);
        show(samples, outputs.data() + r * chunk * size);
      }
  }
}

/// `measure` for metrics that say of which outputs they are.
template <class M, class... R>
void show_outputs(const M& model, const Dataset<typename M::scalar>& data, R&&... metrics) {
  using T = typename M::scalar;
  using Net = typename M::network;
  using Out = typename M::output;
  if (data.augmentation()) return show_outputs(model, data.prepared(), metrics...);
  (check_options(metrics), ...);
  check_measured<M>("measure", data);
  (MetricDemand<Net, plain<R>>::column("measure", data.columns()), ...);
  std::vector<T> shown;
  std::vector<std::int32_t> labels;
  for_each_prediction(model, data, [&](const Samples<T>& samples, const T* outputs) {
    (show_output<Net>(metrics, Rows<const T>{outputs, samples.count, Out::size},
                      port_offset<Out>(MetricDemand<Net, plain<R>>::port), samples, shown, labels),
     ...);
  });
}
/// A metric that says nothing is of the only output.
template <class R>
auto as_output_metric(R& metric) {
  if constexpr (is_output_metric<std::remove_const_t<R>>) {
    return []<fixed_string N, fixed_string C, class Q>(OutputMetric<N, C, Q>& m) {
      return OutputMetric<N, C, std::remove_reference_t<Q>&>{m.metric};
    }(metric);
  } else {
    return OutputMetric<"", "", R&>{metric};
  }
}

/// `measure`, once its arguments are what it takes.
template <class M, class... Metrics>
void show_predictions(const M& model, const Dataset<typename M::scalar>& data, Metrics&... metrics) {
  using T = typename M::scalar;
  constexpr size_t size = M::output::size;
  const size_t answers = data.has_labels() ? data.label_size() : 1;
  const size_t width = size / answers;
  if (data.augmentation()) return show_predictions(model, data.prepared(), metrics...);
  (check_options(metrics), ...);
  if (data.size() > 0 && data.sample_size() != M::input::size)
    throw Error("measure: expected samples of " + std::to_string(M::input::size) + " numbers, got " +
                std::to_string(data.sample_size()));
  if (width * answers != size || (answers > 1 && (M::output::rank != 2 || M::output::dims[0] != answers)))
    throw Error("measure: expected samples with as many labels as the network gives answers, got " +
                std::to_string(answers));
  if (detail::describe_several(data.given_columns()).size() > 0)
    throw Error("measure: " + detail::describe_several(data.given_columns()));
  if (const size_t numbers = data.answers_itself() ? data.sample_size() : data.target_size();
      !data.has_labels() && numbers != width)
    throw Error(
        "measure: expected targets of " + std::to_string(width) + " numbers, got " +
        std::to_string(data.target_size()) +
        (data.answers_itself() ? ", and samples of " + std::to_string(numbers) + " to be reproduced" : std::string()));
  std::vector<std::int32_t> known;
  for_each_prediction(model, data, [&](const Samples<T>& samples, T* outputs) {
    Predictions<T> p{.outputs = {outputs, samples.count * answers, width}, .width = width};
    if (data.has_labels()) p.labels = samples.labels.subspan(samples.first * answers, samples.count * answers);
    else p.targets = samples.targets;
    if (detail::count_answered(p.labels) != p.labels.size()) {
      known.clear();
      for (size_t i = 0; i < p.labels.size(); ++i) {
        if (p.labels[i] == ignore_index) continue;
        std::copy_n(outputs + i * width, width, outputs + known.size() * width);
        known.push_back(p.labels[i]);
      }
      p.outputs.count = known.size();
      p.labels = known;
    }
    (metrics.update(p), ...);
  });
}

/// The same for metrics of either kind, and for data of either precision.
template <class M, class D, class... R>
void measure_on(const M& model, const D& data, R&... metrics) {
  if constexpr (!std::is_base_of_v<Dataset<typename M::scalar>, D>)
    measure_on(model, data.template as<typename M::scalar>(), metrics...);
  else if constexpr (number_of_inputs<typename M::network> > 1 || (is_output_metric<std::remove_const_t<R>> || ...))
    show_outputs(model, data, as_output_metric(metrics)...);
  else show_predictions(model, data, metrics...);
}

}  // namespace detail

/// Shows a model's predictions for a whole data set to metrics, in one pass and in evaluation mode:
///
///     ConfusionMatrix confusion;
///     RocAuc auc;
///     measure(model, test, confusion, auc);
///
/// A metric of one of several outputs is bound to it by its name, and compares with the data's column of that name or
/// of another one that it names:
///
///     Accuracy accuracy;
///     MAE error;
///     measure(model, test, on<"digit">(accuracy), on<"value", "price">(error));
///
/// A metric that is no variable, `on<"value">(MAE{})`, could not be asked afterwards and does not compile.
///
/// In a world of several ranks all of them call, share the work, and their metrics see the same.
///
/// Metrics add to what they have seen before. Throws an Error where data and network do not fit, or the data lack what
/// a metric compares with. Of a network that answers at every step each step counts as a sample, and steps whose label
/// is ignored count as none.
template <class M, class D, class... Metrics>
void measure(const M& model, const D& data, Metrics&&... metrics) {
  using Mistake = typename detail::judge_measure<M, D, Metrics...>::type;
  if constexpr (!std::is_void_v<Mistake>) detail::refuse<Mistake>();
  else detail::measure_on(model, data, metrics...);
}

}  // namespace tenon
