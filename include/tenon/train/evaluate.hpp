#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <tenon/data/dataset.hpp>
#include <tenon/losses/batch_weight.hpp>
#include <tenon/losses/cross_entropy.hpp>
#include <tenon/losses/loss.hpp>
#include <tenon/losses/loss_check.hpp>
#include <tenon/model/model.hpp>
#include <tenon/train/arguments.hpp>
#include <tenon/train/data_check.hpp>
#include <tenon/train/history.hpp>
#include <tenon/train/objective.hpp>
#include <tenon/train/shared_scores.hpp>
#include <tenon/train/together.hpp>
#include <tenon/train/typed_check.hpp>

namespace tenon {

namespace detail {

/// A mean over no label at all is not a number.
template <class L, class T>
void check_counts(const char* who, const L& loss, const Dataset<T>& data) {
  if (data.streamed()) return;  // it is not known before all has been read
  if (data.has_weights() && weight_of_rows(data.size(), data.weights()) == 0)
    throw Error(std::string(who) + ": expected at least one sample that counts, got " + std::to_string(data.size()) +
                " of weight 0");
  if constexpr (!says_outputs<L>) {
    const std::span<const std::int32_t> labels = target_kind_of<L> == TargetKind::values
                                                     ? std::span<const std::int32_t>{}
                                                     : data.labels();
    if (batch_weight(loss, labels, data.size(), data.weights()) > 0) return;
    throw Error(std::string(who) + ": expected at least one label that counts, got " + std::to_string(labels.size()) +
                " that are ignored or of a class of weight 0");
  }
}

/// Names the first of `count` samples from `first` on that is not finite; empty where all are.
template <class T>
std::string describe_non_finite(const Dataset<T>& data, size_t first, size_t count) {
  for (size_t i = first; i < first + count; ++i) {
    if (!all_finite(data.sample(i))) return "sample " + std::to_string(i) + " of the data is not finite";
    if (!all_finite(data.target(i))) return "the target of sample " + std::to_string(i) + " of the data is not finite";
  }
  return {};
}

/// `evaluate`, once its arguments are what it takes. Where the loss is not finite, `non_finite` says where that came up
/// first.
template <class M, class L>
Scores score(const M& model, const Dataset<typename M::scalar>& data, const L& loss, size_t batch_size) {
  using T = typename M::scalar;
  using Net = typename M::network;
  using Aim = Objective<Net, L>;
  using Trained = typename Aim::trained;
  using Out = output_shape<Trained>;
  constexpr Layout layout = layout_of<bound_network<Trained>>;
  check_options(loss);
  if (batch_size == 0) throw Error("evaluate: expected a batch_size of at least 1, got 0");
  if (data.augmentation()) return score(model, data.prepared(), loss, batch_size);
  Aim::template check<typename M::input, Out>("evaluate", loss, offer_of(data));
  check_counts("evaluate", loss, data);
  batch_size = std::min(batch_size, data.size());
  constexpr size_t numbers = layout.needs.inference.sample + Out::size + Aim::template scratch<Out>;
  check_batch_size("evaluate", batch_size, sizeof(T) * numbers);

  Arena<T> scratch(layout.needs.inference.sample * batch_size);
  Arena<T> fixed(layout.needs.inference.fixed);
  Arena<T> output(Out::size * batch_size);
  Arena<T> space(batch_size * Aim::template scratch<Out>);
  StreamReader<T> stream("evaluate", data, batch_size);
  typename M::context ctx;
  Memory<T> memory{.parameters = {.values = model.parameters().data(), .constants = model.buffers().data()},
                   .workspace = {.scratch = scratch.data(), .scratch_fixed = fixed.data()}};
  LossSum sum;
  std::string non_finite;
  ClassCount classes;
  const auto one = [&](size_t first, TermValues& values, ClassCount& counted) {
    const size_t count = std::min(batch_size, data.size() - first);
    const Samples<T> samples = samples_of(data, first, count, stream);
    if (data.streamed()) Aim::template check<typename M::input, Out>("evaluate", loss, offer_of(stream.batch()));
    const Rows<T> y{output.data(), count, Out::size};
    run_forward<bound_network<Trained>>(ctx, memory, samples.features, y, Evaluation{});
    const double value = Aim::template evaluate<Out>(loss, Rows<const T>(y), samples, space.span(), Rows<T>{}, values);
    if (!std::isfinite(value) && non_finite.empty()) {
      NonFiniteTrace<T> trace;
      ctx.trace.watcher = &trace;
      run_forward<bound_network<Trained>>(ctx, memory, samples.features, y, Evaluation{});
      ctx.trace.watcher = nullptr;
      non_finite = data.streamed() ? describe_non_finite_sample(stream.batch())
                                   : describe_non_finite(data, first, count);
      if (non_finite.empty())
        non_finite = describe_non_finite_layer(
            trace.first == NonFiniteTrace<T>::none ? nullptr : &unit_table<Trained>[trace.first],
            non_finite_parameter(model));
    }
    Aim::template count<Out>(loss, Rows<const T>(y), samples, counted);
  };
  if (Communicator* const ranks = several_ranks()) {
    // a batch after the other to each rank; they are put together in their order, as below
    SharedScores shared(*ranks, Aim::terms, (data.size() + batch_size - 1) / batch_size);
    as_one(*ranks, [&] {
      for (size_t k = ranks->rank(); k < shared.batches(); k += ranks->size()) {
        TermValues values;
        ClassCount counted;
        one(k * batch_size, values, counted);
        shared.put(values, counted);
      }
    });
    non_finite = shared.gather(non_finite);
    for (size_t k = 0; k < shared.batches(); ++k) {
      sum.add<Aim>(loss, shared.values(k));
      classes.add(shared.counted(k));
    }
  } else {
    for (size_t first = 0; first < data.size(); first += batch_size) {
      TermValues values;
      one(first, values, classes);
      sum.add<Aim>(loss, values);
    }
  }
  return {sum.value<Aim>(loss), classes.accuracy(), std::move(non_finite)};
}

/// Data of the other precision, converted.
template <class M, class T, class L>
  requires(!std::is_same_v<T, typename M::scalar>)
Scores score(const M& model, const Dataset<T>& data, const L& loss, size_t batch_size) {
  return score(model, data.template as<typename M::scalar>(), loss, batch_size);
}
/// The first mistake in what `evaluate` is given, or void.
template <class Arguments, class M, class D, class L>
struct judge_scores {
  using type = Arguments;
};
template <class M, class D, class L>
struct judge_scores<void, M, D, L> {
  using of_loss = typename decltype(judge_loss<typename M::network, L>())::type;
  static constexpr auto judge() {
    if constexpr (!std::is_void_v<of_loss>) return std::type_identity<of_loss>{};
    else return judge_typed_data<typename M::network, L, D>();
  }
  using type = typename decltype(judge())::type;
};
template <class M, class D, class L>
struct judge_evaluate
    : judge_scores<typename first_mistake<typename decltype(judge_model<"evaluate", M>())::type,
                                          typename decltype(judge_data_set<"evaluate", D>())::type,
                                          typename decltype(judge_is_loss<"evaluate", "loss", L>())::type>::type,
                   M, D, L> {};

}  // namespace detail

/// Loss and accuracy of a model on a data set, in evaluation mode. In a world of several ranks all of them call, share
/// the batches, and get the same numbers, which are those of one rank. Data whose type states their
/// shapes are compared with the network by the compiler; data of another precision than the model's are converted.
template <class M, class D, class L = CrossEntropy<>>
Scores evaluate(const M& model, const D& data, const L& loss = {}, size_t batch_size = 256) {
  using Mistake = typename detail::judge_evaluate<M, D, L>::type;
  if constexpr (!std::is_void_v<Mistake>) {
    detail::refuse<Mistake>();
    return {};
  } else {
    return detail::score(model, static_cast<const Dataset<typename D::value_type>&>(data), loss, batch_size);
  }
}

}  // namespace tenon
