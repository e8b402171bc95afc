#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

#include <tenon/data/stream_reader.hpp>
#include <tenon/error.hpp>
#include <tenon/losses/batch_weight.hpp>
#include <tenon/losses/joint.hpp>
#include <tenon/losses/loss_check.hpp>
#include <tenon/metrics/metric.hpp>
#include <tenon/net/ports.hpp>
#include <tenon/train/answers.hpp>
#include <tenon/train/data_check.hpp>

/// What training and evaluation want of a network and its loss, whether that is one loss of one output or the sum of
/// several.
namespace tenon::detail {

/// Some samples in a row, of a batch or of a data set.
template <class T>
struct Samples {
  Rows<const T> features{};
  std::span<const std::int32_t> labels{};  // those of one column behind those of the other, `in_columns` samples each
  Rows<const T> targets{};
  std::span<const T> weights{};
  std::span<const ColumnInfo> columns{};
  size_t count = 0, first = 0, in_columns = 0;

  std::span<const std::int32_t> labels_of(const ColumnInfo& c) const {
    return labels.subspan(in_columns * c.offset + first * c.size, count * c.size);
  }
  /// The numbers of a column of targets or features.
  Rows<const T> numbers_of(const ColumnInfo& c) const {
    const Rows<const T>& from = c.kind == ColumnKind::features ? features : targets;
    return {from.data + c.offset, count, from.stride};
  }
};

template <class T>
Samples<T> samples_of(const Batch<T>& batch) {
  const size_t n = std::max<size_t>(batch.count, 1);
  return {{batch.features.data(), batch.count, batch.features.size() / n},
          batch.labels,
          {batch.targets.data(), batch.count, batch.targets.size() / n},
          batch.weights,
          batch.columns,
          batch.count,
          0,
          batch.count};
}
template <class T>
Samples<T> samples_of(const Dataset<T>& data, size_t first, size_t count) {
  return {{data.features().data() + first * data.sample_size(), count, data.sample_size()},
          data.labels(),
          target_rows(data, first, count),
          data.has_weights() ? data.weights().subspan(first, count) : std::span<const T>{},
          data.columns(),
          count,
          first,
          data.size()};
}
/// The same where the data may be a stream, of which the samples are read then.
template <class T>
Samples<T> samples_of(const Dataset<T>& data, size_t first, size_t count, StreamReader<T>& stream,
                      bool answers_alone = false) {
  if (!data.streamed()) return samples_of(data, first, count);
  Samples<T> read = samples_of(stream.read(first, count, answers_alone && !data.answers_itself()));
  if (data.answers_itself()) read.targets = read.features;
  return read;
}

/// Those from number `first` on. Of one batch or data set: labels and columns lie as before.
template <class T>
Samples<T> some_of(Samples<T> all, size_t first, size_t count) {
  const auto rows = [&](Rows<const T> r) { return r ? Rows<const T>{r[first], count, r.stride} : r; };
  all.features = rows(all.features);
  all.targets = rows(all.targets);
  if (!all.weights.empty()) all.weights = all.weights.subspan(first, count);
  all.first += first;
  all.count = count;
  return all;
}

/// A value for each loss, what it counts for, and how many classes were predicted correctly.
inline constexpr size_t most_terms = 8;
struct TermValues {
  std::array<double, most_terms> value{}, weight{};
};

/// How many rows have their largest output at the label; with one output, on the label's side of
/// `threshold`. Rows that are ignored count as none, and so do those with an output that is no number.
template <class T>
size_t count_correct(Rows<const T> output, size_t width, std::span<const std::int32_t> labels, T threshold) {
  size_t correct = 0;
  for (size_t i = 0; i < output.count; ++i) {
    const T* row = output[i];
    if (speaks_for_none(row, width)) continue;
    const std::ptrdiff_t guess = width == 1 ? (row[0] > threshold ? 1 : 0) : std::max_element(row, row + width) - row;
    correct += guess == labels[i] ? 1 : 0;
  }
  return correct;
}

/// Whether a loss takes scores before any Softmax or Sigmoid, as it says.
template <class L>
inline constexpr bool says_logits = false;
template <class L>
  requires requires { requires L::takes_logits; }
inline constexpr bool says_logits<L> = true;

/// Where a single output turns from class 0 to class 1: at probability one half, which is logit 0.
template <class Net, class L, class T>
constexpr T class_threshold() {
  if constexpr (CheckedLoss<Net, L>::joined) return T(0);
  else if constexpr (says_logits<L>) return T(0);
  else return T(0.5);
}

/// The inputs of a network by name and size.
template <class Net, class Input>
inline constexpr auto inputs_of = [] {
  std::array<InputDemand, number_of_inputs<Net>> all{};
  each_number<all.size()>([&all](auto k) {
    using In = input_shape_at<Net, k>;
    all[k] = {port_names<Net>::inputs[k], In::size, In::dims};
  });
  return all;
}();

/// How many classes were predicted correctly, of how many answers.
struct ClassCount {
  std::uint64_t correct = 0, answered = 0;
  bool counts = false;

  void add(const ClassCount& more) {
    correct += more.correct;
    answered += more.answered;
    counts = counts || more.counts;
  }
  double accuracy() const {
    return counts ? static_cast<double>(correct) / static_cast<double>(std::max<std::uint64_t>(answered, 1))
                  : std::numeric_limits<double>::quiet_NaN();
  }
};

/// The losses of several batches as one: means are averaged, weighted by how much each is a mean over.
struct LossSum {
  TermValues sums{};

  template <class Aim, class L>
  void add(const L& loss, const TermValues& batch) {
    for (size_t k = 0; k < Aim::terms; ++k) {
      sums.value[k] += Aim::is_mean(loss, k) ? batch.value[k] * batch.weight[k] : batch.value[k];
      sums.weight[k] += batch.weight[k];
    }
  }
  /// Zero where nothing has counted yet.
  template <class Aim, class L>
  double value(const L& loss) const {
    double total = 0;
    for (size_t k = 0; k < Aim::terms; ++k) {
      if (!Aim::is_mean(loss, k)) total += Aim::factor(loss, k) * sums.value[k];
      else if (sums.weight[k] != 0) total += Aim::factor(loss, k) * (sums.value[k] / sums.weight[k]);
    }
    return total;
  }
};

/// One loss of the network's output.
template <class Net, class L>
struct Objective {
  using checked = CheckedLoss<Net, L>;
  using trained = typename checked::trained;
  static constexpr size_t terms = 1;
  static constexpr bool several = false;
  template <class Out>
  static constexpr size_t answers = answers_of<L, Out>;
  /// Numbers of scratch memory that an evaluation needs for each sample.
  template <class Out>
  static constexpr size_t scratch = answers_of<L, Out>;

  static bool is_mean(const L& loss, size_t) { return is_average(loss.reduction); }
  static double factor(const L&, size_t) { return 1; }

  template <class Input, class Out>
  static void check(const char* who, const L&, const DataOffer& offer) {
    if constexpr ((number_of_inputs<Net>) > 1) {
      check_inputs(who, inputs_of<Net, Input>, offer);
      DataOffer answers = offer;  // what is asked about them is the same for any number of inputs
      if (count_columns(offer.columns, ColumnKind::labels) + count_columns(offer.columns, ColumnKind::targets) <= 1)
        answers.columns = {};
      check_data(who, demand_of<L, Input, Out>, answers);
    } else {
      check_data(who, demand_of<L, Input, Out>, offer);
    }
  }
  template <class Out, class T>
  static double evaluate(const L& loss, Rows<const T> y, const Samples<T>& samples, std::span<T> space, Rows<T> dy,
                         TermValues& terms_of) {
    constexpr size_t each = answers<Out>;
    const auto rows = [](auto all) { return as_answers(all, Out::size, each); };
    const LossTarget<T> target{
        samples.labels.empty() ? samples.labels : samples.labels.subspan(samples.first * each, samples.count * each),
        samples.labels.empty() ? rows(Rows<const T>{samples.targets.data, samples.count, Out::size}) : Rows<const T>{}};
    terms_of.weight[0] = batch_weight(loss, target.labels, samples.count * each, samples.weights);
    return terms_of.value[0] = evaluate_loss<last_layer<Net>>(
               loss,
               LossArguments<T>{rows(y), Out::size / each, target, space, dy ? rows(dy) : Rows<T>{}, samples.weights});
  }
  /// What the value of these samples is a mean over, as `evaluate` says it.
  template <class Out, class T>
  static void weigh(const L& loss, const Samples<T>& samples, TermValues& values) {
    constexpr size_t each = answers<Out>;
    const auto labels = samples.labels.empty() ? samples.labels
                                               : samples.labels.subspan(samples.first * each, samples.count * each);
    values.weight[0] = batch_weight(loss, labels, samples.count * each, samples.weights);
  }
  template <class Out, class T>
  static void count(const L&, Rows<const T> y, const Samples<T>& samples, ClassCount& classes) {
    constexpr size_t each = answers<Out>;
    if (samples.labels.empty() || !labels_rows<L>) return;
    const auto labels = samples.labels.subspan(samples.first * each, samples.count * each);
    classes.counts = true;
    classes.answered += count_answered(labels);
    classes.correct += count_correct(as_answers(y, Out::size, each), Out::size / each, labels,
                                     class_threshold<Net, L, T>());
  }
};

/// The sum of losses of several outputs.
template <class Net, class L>
  requires says_outputs<L>
struct Objective<Net, L> {
  using checked = CheckedLoss<Net, L>;
  using trained = typename checked::trained;
  using joint = joint_of<L>;
  static constexpr bool several = true;
  static constexpr size_t terms = std::tuple_size_v<decltype(joint::terms)>;
  static_assert(terms <= most_terms, "at most 8 losses are added up");
  template <class Out>
  static constexpr size_t answers = 1;
  /// Scratch memory for each sample: a loss for each row, and a copy of the largest output and of its gradient.
  template <class Out>
  static constexpr size_t scratch = 3 * Out::size;

  static bool is_mean(const L& loss, size_t k) {
    bool mean = false;
    each_term(loss, [&](size_t i, const auto& term) { mean = i == k ? is_average(term.loss.reduction) : mean; });
    return mean;
  }
  static double factor(const L& loss, size_t k) {
    double weight = 1;
    each_term(loss, [&](size_t i, const auto& term) { weight = i == k ? term.weight : weight; });
    return weight;
  }

  template <class Input, class Out>
  static void check(const char* who, const L& loss, const DataOffer& offer) {
    check_inputs(who, inputs_of<Net, Input>, offer);
    each_term(loss, [&]<class Term>(size_t, const Term&) {
      if constexpr (!Term::output.empty()) {
        constexpr ColumnDemand demand = demand_of_term<Term>();
        const ColumnInfo& column = find_answers(who, demand, offer.columns, outputs);
        if (column.kind == ColumnKind::labels)
          check_labels(who, demand, column,
                       offer.labels.subspan(offer.samples * column.offset, offer.samples * column.size));
      }
    });
  }

  template <class Out, class T>
  static double evaluate(const L& loss, Rows<const T> y, const Samples<T>& samples, std::span<T> space, Rows<T> dy,
                         TermValues& values) {
    for (size_t i = 0; dy && i < dy.count; ++i) std::fill_n(dy[i], Out::size, T(0));
    double total = 0;
    each_term(loss, [&](size_t k, const auto& term) {
      values.value[k] = term_value<Out>(term, y, samples, space, dy, values.weight[k]);
      total += term.weight * values.value[k];
    });
    return total;
  }

  template <class Out, class T>
  static void weigh(const L& loss, const Samples<T>& samples, TermValues& values) {
    each_term(loss, [&]<class Term>(size_t k, const Term& term) {
      if constexpr (Term::output.empty()) {
        values.weight[k] = is_average(term.loss.reduction) ? weight_of_rows(samples.count, samples.weights) : 1;
      } else {
        using Loss = typename Term::loss_type;
        const ColumnInfo& column = find_answers("training", demand_of_term<Term>(), samples.columns, outputs);
        const auto labels = column.kind == ColumnKind::labels ? samples.labels_of(column)
                                                              : std::span<const std::int32_t>{};
        values.weight[k] = batch_weight(term.loss, labels, samples.count * answers_of<Loss, output_of<Term>>,
                                        samples.weights);
      }
    });
  }
  /// The same losses, each times a factor of its own.
  static L scaled(L loss, const TermValues& factors) requires is_joint<L> {
    size_t k = 0;
    std::apply([&](auto&... term) { ((term.weight *= factors.weight[k++]), ...); }, loss.terms);
    return loss;
  }

  /// The accuracy is that of the first output that is compared with labels.
  template <class Out, class T>
  static void count(const L& loss, Rows<const T> y, const Samples<T>& samples, ClassCount& classes) {
    bool done = false;
    each_term(loss, [&]<class Term>(size_t, const Term&) {
      if constexpr (!Term::output.empty()) {
        using Loss = typename Term::loss_type;
        if constexpr (target_kind_of<Loss> != TargetKind::values && labels_rows<Loss>) {
          using One = output_of<Term>;
          constexpr size_t each = answers_of<Loss, One>, port = find_name(port_names<Net>::outputs, Term::output);
          const ColumnInfo& column = find_answers("training", demand_of_term<Term>(), samples.columns, outputs);
          if (std::exchange(done, true) || column.kind != ColumnKind::labels || (each > 1 && y.stride != One::size))
            return;
          constexpr bool logits = joins_last_layer<Loss, typename cut_output<Net, port>::last> || says_logits<Loss>;
          classes.counts = true;
          classes.answered += count_answered(samples.labels_of(column));
          const Rows<const T> rows{y.data + port_offset<Out>(port), y.count, y.stride};
          classes.correct += count_correct(each == 1 ? rows : as_answers(rows, One::size, each), One::size / each,
                                           samples.labels_of(column), logits ? T(0) : T(0.5));
        }
      }
    });
  }

  template <class F>
  static void each_term(const L& loss, F f) {
    if constexpr (is_joint<L>) {
      size_t k = 0;
      std::apply([&](const auto&... term) { (f(k++, term), ...); }, loss.terms);
    } else if constexpr (is_term<L>) {
      f(size_t{0}, loss);
    } else {
      f(size_t{0}, OutputLoss<"", "", L>{loss});
    }
  }
  template <class Term>
  using output_of = output_shape_at<trained, find_name(port_names<Net>::outputs, Term::output)>;
  template <class Term>
  static constexpr ColumnDemand demand_of_term() {
    using Loss = typename Term::loss_type;
    using Out = output_of<Term>;
    return {Term::output, Term::column,          Term::names_column,  target_kind_of<Loss>,
            Out::size,    answers_of<Loss, Out>, ignores_labels<Loss>};
  }
  static constexpr size_t outputs = number_of_outputs<Net>;

private:
  template <class Out, fixed_string Name, fixed_string Column, class Loss, class T>
  static double term_value(const OutputLoss<Name, Column, Loss>& term, Rows<const T> y, const Samples<T>& samples,
                           std::span<T> space, Rows<T> dy, double& weight) {
    using Term = OutputLoss<Name, Column, Loss>;
    if constexpr (Term::output.empty()) {
      return value_of_outputs<Out>(term, y, samples, space, dy, weight, typename outputs_read<Loss>::type{});
    } else {
      constexpr size_t port = find_name(port_names<Net>::outputs, Term::output), offset = port_offset<Out>(port);
      using One = output_of<Term>;
      constexpr size_t each = answers_of<Loss, One>, size = One::size;
      const ColumnInfo& column = find_answers("training", demand_of_term<Term>(), samples.columns, outputs);
      T* const prediction = space.data() + Out::size * samples.count;
      T* const gradient = prediction + Out::size * samples.count;
      gather(Rows<const T>{y.data + offset, y.count, y.stride}, prediction, size);
      LossTarget<T> target;
      if (column.kind == ColumnKind::labels) target.labels = samples.labels_of(column);
      else target.values = as_answers_of(samples.numbers_of(column), size, each);
      weight = batch_weight(term.loss, target.labels, samples.count * each, samples.weights);
      const auto rows = [&](T* data) { return Rows<T>{data, samples.count * each, size / each}; };
      const double value = evaluate_loss<typename cut_output<Net, port>::last>(
          term.loss, LossArguments<T>{Rows<const T>(rows(prediction)), size / each, target, space,
                                      dy ? rows(gradient) : Rows<T>{}, samples.weights});
      if (dy) scatter(gradient, Rows<T>{dy.data + offset, dy.count, dy.stride}, size, static_cast<T>(term.weight));
      return value;
    }
  }
  /// Rows of a wider row can be compared as they are unless each is several answers.
  template <class T>
  static Rows<const T> as_answers_of(Rows<const T> rows, size_t size, size_t each) {
    if (each == 1 || rows.stride == size) return each == 1 ? rows : as_answers(rows, size, each);
    throw Error("training: expected targets of several answers in a column of their own, got them beside others");
  }
  template <class Out, class Term, class T, class... Edge>
  static double value_of_outputs(const Term& term, Rows<const T> y, const Samples<T>& samples, std::span<T> space,
                                 Rows<T> dy, double& weight, list<Edge...>) {
    constexpr size_t ports[]{find_name(port_names<Net>::outputs, expr::detail::edge_name<Edge>)...};
    using One = output_shape_at<trained, ports[0]>;
    constexpr size_t count = sizeof...(Edge), size = One::size;
    std::array<Rows<const T>, count> given{};
    std::array<T*, count> gradient{};
    for (size_t k = 0; k < count; ++k) {
      given[k] = {y.data + port_offset<Out>(ports[k]), y.count, y.stride};
      gradient[k] = dy ? space.data() + (Out::size + k * size) * samples.count : nullptr;
    }
    weight = is_average(term.loss.reduction) ? weight_of_rows(samples.count, samples.weights) : 1;
    const double value = [&] {
      if constexpr (ReadsBatches<typename Term::loss_type>)
        return term.loss.evaluate_outputs(OutputArguments<T, count>{given, gradient, size, samples.count,
                                                                    space.first(samples.count), samples.weights});
      else
        return run_output_formula<expr::lift<Term::loss_type::formula>>(
            given, gradient, size, samples.count, term.loss.reduction, space.first(samples.count), samples.weights);
    }();
    for (size_t k = 0; dy && k < count; ++k)
      scatter(gradient[k], Rows<T>{dy.data + port_offset<Out>(ports[k]), dy.count, dy.stride}, size,
              static_cast<T>(term.weight));
    return value;
  }
  template <class T>
  static void gather(Rows<const T> from, T* to, size_t size) {
    for (size_t i = 0; i < from.count; ++i) std::copy_n(from[i], size, to + i * size);
  }
  template <class T>
  static void scatter(const T* from, Rows<T> to, size_t size, T factor) {
    for (size_t i = 0; i < to.count; ++i)
      for (size_t j = 0; j < size; ++j) to[i][j] += factor * from[i * size + j];
  }
};

}  // namespace tenon::detail
