#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>

#include <tenon/data/augment.hpp>
#include <tenon/losses/cross_entropy.hpp>
#include <tenon/optim/adam.hpp>
#include <tenon/optim/schedule.hpp>
#include <tenon/report/progress.hpp>
#include <tenon/train/arguments.hpp>
#include <tenon/train/training_run.hpp>

namespace tenon {

/// A data set of either precision that is only referred to, or none.
class ValidationData {
public:
  ValidationData() = default;
  ValidationData(const Dataset<float>& data) : single_(&data) {}
  ValidationData(const Dataset<double>& data) : double_(&data) {}
  /// No data: refused.
  template <class D>
    requires(!detail::IsData<D> && !std::is_same_v<D, ValidationData>)
  ValidationData(const D&) {
    detail::refuse<wrong_argument<argument<"Fit", ".validation">, takes<a_data_set>, but_gets<D>,
                                  write<".validation_split = 0.2">>>();
  }
  ValidationData(const Dataset<float>&&) = delete;
  ValidationData(const Dataset<double>&&) = delete;

  bool empty() const { return !single_ && !double_; }
  /// The data in this precision; null where there are none, or only in the other.
  template <class T>
  const Dataset<T>* get() const {
    if constexpr (std::is_same_v<T, float>) return single_;
    else return double_;
  }

private:
  const Dataset<float>* single_ = nullptr;
  const Dataset<double>* double_ = nullptr;
};

/// How to train. Everything has a default; the seed orders the samples and draws dropout's masks. `fit` checks the type
/// of each field, because its errors are clearer than those of a failed deduction.
template <class L = CrossEntropy<>, class O = Adam, class C = Callbacks<>, class R = Regularizers<>,
          class Ms = Metrics<>>
struct Fit {
  L loss = L();  // not L loss{}: g++ 12 at -O3 takes its vectors for uninitialised where a later field throws
  O optimizer = O();
  size_t epochs = 1;
  size_t batch_size = 32;
  ValidationData validation{};
  double validation_split = 0;  // without validation data: the share of the training data taken as such
  std::uint64_t seed = 0;
  bool shuffle = true;
  AnySchedule schedule{};                   // of the learning rate, by epoch or by step; if none, it is constant
  std::optional<double> clip_grad_norm{};   // the largest norm of all gradients together
  std::optional<double> clip_grad_value{};  // the largest absolute value of a gradient
  Progress::Mode progress = Progress::Mode::automatic;
  C callbacks = C();      // called in their order; see train/callback.hpp
  R regularizer = R();    // a penalty on weights; see optim/regularizer.hpp
  size_t accumulate = 1;  // batches whose gradients make one step
  Ms metrics = Ms();      // measured on the validation data after every epoch, in a pass of its own
  size_t shards = 0;      // parts of a batch, see train/trainer.hpp; 0: none, or 8 with several ranks

  static constexpr void each_option(auto& o, auto visit) {
    visit("batch_size", o.batch_size, at_least(1));
    visit("validation_split", o.validation_split, from_below(0, 1));
    if (o.clip_grad_norm) visit("clip_grad_norm", *o.clip_grad_norm, above(0).or_infinity());
    if (o.clip_grad_value) visit("clip_grad_value", *o.clip_grad_value, above(0).or_infinity());
    visit("accumulate", o.accumulate, at_least(1));
    visit(o.loss);
    visit(o.optimizer);
    visit(o.callbacks);
    visit(o.regularizer);
    visit(o.metrics);
  }
};

/// A network whose layers have no parameters, or are all frozen.
template <class Net>
struct nothing_to_learn;

namespace detail {

template <class C>
inline constexpr bool is_list_of_callbacks = false;
template <class... C>
inline constexpr bool is_list_of_callbacks<Callbacks<C...>> = true;

/// What is given where a function takes a Fit: no Fit, or one with a field whose type is wrong.
template <fixed_string Function, class How>
struct judge_how {
  using type = wrong_argument<argument<Function, "how">, takes<one_Fit>, but_gets<How>,
                              write<"Fit{.loss = L{}, .epochs = 5}">>;
};
template <fixed_string Function, class L, class O, class C, class R, class Ms>
struct judge_how<Function, Fit<L, O, C, R, Ms>> {
  static constexpr auto judge_callbacks() {
    if constexpr (is_list_of_callbacks<C>) return std::type_identity<void>{};
    else
      return std::type_identity<wrong_argument<argument<"Fit", ".callbacks">, takes<a_list_of_callbacks>, but_gets<C>,
                                               write<".callbacks = callbacks(...)">>>{};
  }
  static constexpr auto judge_metrics() {
    if constexpr (is_list_of_metrics<Ms>) return std::type_identity<void>{};
    else
      return std::type_identity<wrong_argument<argument<"Fit", ".metrics">, takes<a_list_of_metrics>, but_gets<Ms>,
                                               write<".metrics = metrics(...)">>>{};
  }
  using type = typename first_mistake<
      typename decltype(judge_is_loss<"Fit", ".loss", L>())::type,
      typename decltype(judge_is_optimizer<"Fit", ".optimizer", O>())::type, typename decltype(judge_callbacks())::type,
      typename decltype(judge_is_regularizer<"Fit", ".regularizer", ".regularizer = L2{1e-4}", R>())::type,
      typename decltype(judge_metrics())::type>::type;
};

/// Arguments of the right kinds have to go together, too.
template <class M, class D, class L, class O, class C, class R, class Ms>
constexpr auto judge_training() {
  using Net = typename M::network;
  using OfLoss = typename decltype(judge_loss<Net, L>())::type;
  if constexpr (!std::is_void_v<OfLoss>) {
    return std::type_identity<OfLoss>{};
  } else if constexpr (Checked<Net>::valid && M::parameter_count == 0) {
    return std::type_identity<nothing_to_learn<Net>>{};
  } else {
    using OfData = typename decltype(judge_typed_data<Net, L, D>())::type;
    using OfMetrics = typename decltype(judge_metrics<Net>(std::type_identity<Ms>{}))::type;
    if constexpr (!std::is_void_v<OfData>) return std::type_identity<OfData>{};
    else if constexpr (!std::is_void_v<OfMetrics>) return std::type_identity<OfMetrics>{};
    else return judge_callbacks<TrainingRun<std::remove_reference_t<M>, Fit<L, O, C, R, Ms>>>(std::type_identity<C>{});
  }
}

/// The first mistake in what `fit` is given, or void. Several options in place of one Fit are a mistake.
template <class Arguments, class M, class D, class How>
struct judge_together {
  using type = Arguments;
};
template <class M, class D, class L, class O, class C, class R, class Ms>
struct judge_together<void, M, D, Fit<L, O, C, R, Ms>> : decltype(judge_training<M, D, L, O, C, R, Ms>()) {};
template <class M, class D, class How>
struct judge_fit_with : judge_together<typename first_mistake<typename decltype(judge_trained_model<"fit", M>())::type,
                                                              typename decltype(judge_data_set<"fit", D>())::type,
                                                              typename judge_how<"fit", How>::type>::type,
                                       plain<M>, D, How> {};
template <class M, class D, class... How>
struct judge_fit : judge_fit_with<M, D, but_gets<How...>> {};
template <class M, class D, class How>
struct judge_fit<M, D, How> : judge_fit_with<M, D, How> {};
template <class M, class D>
struct judge_fit<M, D> : judge_fit_with<M, D, Fit<>> {};

/// `fit`, once its arguments are what it takes.
template <class M, class L, class O, class C, class R, class Ms>
History train(M& model, const Dataset<typename M::scalar>& data, const Fit<L, O, C, R, Ms>& how) {
  using T = typename M::scalar;
  // First what the user may have got wrong: what the compiler says about it is shortest from here.
  using Net = typename M::network;
  using Checked [[maybe_unused]] = typename detail::CheckedLoss<Net, L>::trained;
  using Run = TrainingRun<M, Fit<L, O, C, R, Ms>>;
  check_options(how);
  check_step_size(how.batch_size, how.accumulate);
  const auto check = [&how](const char* who, const Dataset<T>& samples) {
    Objective<Net, L>::template check<typename M::input, typename Run::trainer_type::output>(who, how.loss,
                                                                                             offer_of(samples));
  };
  check("fit", data);
  detail::check_counts("fit", how.loss, data);
  const Dataset<T>* validation = how.validation.template get<T>();
  Dataset<T> converted;
  if (!validation && !how.validation.empty()) {
    using Other = std::conditional_t<std::is_same_v<T, float>, double, float>;
    converted = how.validation.template get<Other>()->template as<T>();
    validation = &converted;
  }
  if (validation) {
    check("fit, validation data", *validation);
    detail::check_counts("fit, validation data", how.loss, *validation);
  }
  using Measured = FitMetrics<M, Ms>;
  if (how.validation_split == 0 || validation) Measured::check(validation);
  if (how.validation_split == 0 || validation) return Run(model, data, validation, how).all();

  const DatasetSplit<T> parts = [&] {
    try {
      return data.label_size() == 1 ? data.stratified_split(1 - how.validation_split, how.seed)
                                    : data.split(1 - how.validation_split, how.seed);
    } catch (const Error& error) {
      throw Error(std::string("Fit: validation_split: ") + error.what());
    }
  }();
  Measured::check(&parts.test);
  return Run(model, parts.train, &parts.test, how).all();
}

/// Data of the other precision, converted once.
template <class M, class T, class L, class O, class C, class R, class Ms>
  requires(!std::is_same_v<T, typename M::scalar>)
History train(M& model, const Dataset<T>& data, const Fit<L, O, C, R, Ms>& how) {
  return train(model, data.template as<typename M::scalar>(), how);
}

}  // namespace detail

/// Trains a model and returns a record of every epoch: `fit(model, data, Fit{.epochs = 5})`. Without a Fit it trains
/// for one epoch with cross-entropy and Adam. Shows progress on a terminal, one line an epoch in a pipe. If the
/// loss becomes NaN or infinite, training stops with an Error that says at which step and in which layer that first
/// appeared. Data whose type states their shapes (`typed`, `augmented`) are compared with the network by the compiler;
/// data of another precision than the model's are converted once, before training.
template <class M, class D, class... How>
History fit(M&& model, const D& data, const How&... how) {
  using Mistake = typename detail::judge_fit<M, D, How...>::type;
  if constexpr (!std::is_void_v<Mistake>) {
    detail::refuse<Mistake>();
    return {};
  } else if constexpr (requires { requires !D::valid; }) {
    return {};  // an augmentation that was refused
  } else {
    // a group of parameters that chooses none is refused here, where the compiler says it shortest
    using Net = typename detail::plain<M>::network;
    static_assert((true && ... && detail::choose_something<Net>(detail::selections<decltype(How::optimizer)>)));
    static_assert((true && ... && detail::choose_something<Net>(detail::selections<decltype(How::regularizer)>)));
    const Dataset<typename D::value_type>& samples = data;
    if constexpr (sizeof...(How) == 0) return detail::train(model, samples, Fit<>{});
    else return detail::train(model, samples, how...);
  }
}

}  // namespace tenon
