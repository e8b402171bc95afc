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
#include <tenon/metrics/metric.hpp>
#include <tenon/model/arena.hpp>
#include <tenon/shape.hpp>
#include <tenon/train/arguments.hpp>
#include <tenon/train/evaluate.hpp>

namespace tenon {

/// A metric has nothing to compare with: it takes classes, or target numbers, or more classes than there are.
template <class Metric, class Takes, class ButGets>
struct metric_mismatch;
struct data_with_classes;
struct data_with_target_numbers;
template <std::size_t Count>
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

/// What a metric takes that these answers, and outputs of this width, are not; or void.
template <class Metric, class Answer, std::size_t Width>
constexpr auto judge_answers() {
  if constexpr (requires { requires (Metric::least_classes > (Width == 1 ? 2 : Width)); }) {
    return std::type_identity<takes<at_least_so_many_classes<Metric::least_classes>>>{};
  } else if constexpr (requires { requires !std::is_void_v<Answer> && Metric::compares_classes != (Answer::classes > 0); }) {
    return std::type_identity<takes<std::conditional_t<Metric::compares_classes, data_with_classes, data_with_target_numbers>>>{};
  } else {
    return std::type_identity<void>{};
  }
}

/// The mistake in one thing that is to be a metric, or void.
template <class M, class D, class R>
constexpr auto judge_metric() {
  using Answer = typename answer_of<D>::type;
  if constexpr (!Metric<plain<R>> || !std::is_lvalue_reference_v<R> || std::is_const_v<std::remove_reference_t<R>>) {
    return std::type_identity<
        wrong_argument<argument<"measure", "metrics">, takes<a_metric_that_is_a_variable>, but_gets<R>, write<"Accuracy a; measure(model, data, a);">>>{};
  } else {
    constexpr std::size_t width = M::output::dims[M::output::rank - 1];
    using Taken = typename decltype(judge_answers<plain<R>, Answer, width>())::type;
    if constexpr (std::is_void_v<Taken>) return std::type_identity<void>{};
    else return std::type_identity<metric_mismatch<plain<R>, Taken, but_gets<Answer, typename M::output>>>{};
  }
}

template <class M, class D, class... R>
struct judge_measure : first_mistake<typename decltype(judge_model<"measure", M>())::type, typename decltype(judge_data_set<"measure", D>())::type> {};
template <IsModel M, IsData D, class... R>
struct judge_measure<M, D, R...> : first_mistake<typename decltype(judge_metric<M, D, R>())::type...> {};

/// `measure`, once its arguments are what it takes.
template <class M, class... Metrics>
void show_predictions(const M& model, const Dataset<typename M::scalar>& data, Metrics&... metrics) {
  using T = typename M::scalar;
  constexpr std::size_t size = M::output::size;
  const std::size_t answers = data.has_labels() ? data.label_size() : 1;
  const std::size_t width = size / answers;
  if (data.augmentation()) return show_predictions(model, data.prepared(), metrics...);
  if (data.features().size() != data.size() * M::input::size)
    throw Error("measure: expected samples of " + std::to_string(M::input::size) + " numbers, got " +
                std::to_string(data.size() == 0 ? 0 : data.features().size() / data.size()));
  if (width * answers != size || (answers > 1 && (M::output::rank != 2 || M::output::dims[0] != answers)))
    throw Error("measure: expected samples with as many labels as the network gives answers, got " + std::to_string(answers));
  if (detail::describe_several(data.given_columns()).size() > 0)
    throw Error("measure: " + detail::describe_several(data.given_columns()));
  if (const std::size_t numbers = data.answers_itself() ? data.sample_size() : data.target_size(); !data.has_labels() && numbers != width)
    throw Error("measure: expected targets of " + std::to_string(width) + " numbers, got " + std::to_string(data.target_size()) +
                (data.answers_itself() ? ", and samples of " + std::to_string(numbers) + " to be reproduced" : std::string()));
  constexpr std::size_t chunk = 256;
  std::vector<std::int32_t> known;
  Arena<T> outputs(std::min(chunk, data.size()) * size);
  for (std::size_t first = 0; first < data.size(); first += chunk) {
    const std::size_t count = std::min(chunk, data.size() - first);
    model.predict(data.features().subspan(first * M::input::size, count * M::input::size), outputs.span().first(count * size));
    Predictions<T> p{.outputs = {outputs.data(), count * answers, width}, .width = width};
    if (data.has_labels()) p.labels = data.labels().subspan(first * answers, count * answers);
    else p.targets = detail::target_rows(data, first, count);
    if (detail::count_answered(p.labels) != p.labels.size()) {
      known.clear();
      for (std::size_t i = 0; i < p.labels.size(); ++i) {
        if (p.labels[i] == ignored_label) continue;
        std::copy_n(outputs.data() + i * width, width, outputs.data() + known.size() * width);
        known.push_back(p.labels[i]);
      }
      p.outputs.count = known.size();
      p.labels = known;
    }
    (metrics.update(p), ...);
  }
}

}  // namespace detail

/// Shows a model's predictions for a whole data set to metrics, in one pass and in evaluation mode:
///
///     ConfusionMatrix confusion;
///     RocAuc auc;
///     measure(model, test, confusion, auc);
///
/// Metrics add to what they have seen before. Throws an Error where data and network do not fit, or the data lack what
/// a metric compares with. Of a network that answers at every step each step counts as a sample, and steps whose label
/// is ignored count as none.
template <class M, class D, class... Metrics>
void measure(const M& model, const D& data, Metrics&&... metrics) {
  using Mistake = typename detail::judge_measure<M, D, Metrics...>::type;
  if constexpr (!std::is_void_v<Mistake>) detail::refuse<Mistake>();
  else if constexpr (std::is_base_of_v<Dataset<typename M::scalar>, D>) detail::show_predictions(model, data, metrics...);
  else detail::show_predictions(model, data.template as<typename M::scalar>(), metrics...);
}

}  // namespace tenon
