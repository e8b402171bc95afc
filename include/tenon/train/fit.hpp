#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <tenon/data/augment.hpp>
#include <tenon/losses/cross_entropy.hpp>
#include <tenon/optim/adam.hpp>
#include <tenon/optim/schedule.hpp>
#include <tenon/report/progress.hpp>
#include <tenon/train/training_run.hpp>

namespace tenon {

/// A data set of either precision that is only referred to, or none.
class ValidationData {
public:
  ValidationData() = default;
  ValidationData(const Dataset<float>& data) : single_(&data) {}
  ValidationData(const Dataset<double>& data) : double_(&data) {}
  ValidationData(const Dataset<float>&&) = delete;
  ValidationData(const Dataset<double>&&) = delete;

  bool empty() const { return !single_ && !double_; }
  /// The data in the model's precision; null where there are none.
  template <class T>
  const Dataset<T>* get() const {
    const Dataset<T>* data = nullptr;
    if constexpr (std::is_same_v<T, float>) data = single_;
    else data = double_;
    if (!data && !empty()) throw Error("fit: expected validation data in the model's precision, got the other one");
    return data;
  }

private:
  const Dataset<float>* single_ = nullptr;
  const Dataset<double>* double_ = nullptr;
};

/// How to train. Everything has a default; the seed orders the samples and draws dropout's masks.
template <Loss L = CrossEntropy<>, NetworkOptimizer O = Adam, class C = Callbacks<>, class R = Regularizers<>>
struct Fit {
  L loss{};
  O optimizer{};
  std::size_t epochs = 1;
  std::size_t batch_size = 32;
  ValidationData validation{};
  double validation_split = 0;  // without validation data: this part of the training data, drawn by the seed
  std::uint64_t seed = 0;
  bool shuffle = true;
  AnySchedule schedule{};                    // of the learning rate, by epoch or by step; none: it stays
  std::optional<double> clip_grad_norm{};    // the largest norm of all gradients
  std::optional<double> clip_grad_value{};   // the largest of any
  Progress::Mode progress = Progress::Mode::automatic;
  C callbacks{};                             // called in their order; see train/callback.hpp
  R regularizer{};                           // a penalty on weights; see optim/regularizer.hpp
  std::size_t accumulate = 1;                // batches whose gradients make one step

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
  }
};

/// Trains a model and returns what every epoch gave. Shows progress on a terminal, one line an epoch
/// in a pipe. Training that meets a loss that is not finite stops with an Error that says at which
/// step and in which layer that first appeared.
template <class M, Loss L, NetworkOptimizer O, class C, class R>
History fit(M& model, const Dataset<typename M::scalar>& data, const Fit<L, O, C, R>& how) {
  using T = typename M::scalar;
  // First what the user may have got wrong: what the compiler says about it is shortest from here.
  using Net = typename M::network;
  using Checked [[maybe_unused]] = typename detail::CheckedLoss<Net, L>::trained;
  static_assert(detail::choose_something<Net>(detail::selections<O>));
  static_assert(detail::choose_something<Net>(detail::selections<R>));
  using Run = TrainingRun<M, Fit<L, O, C, R>>;
  static_assert(detail::all_callbacks<Run, C>);
  check_options(how);
  constexpr const detail::DataDemand& demand = detail::demand_of<L, typename M::input, typename Run::trainer_type::output>;
  detail::check_data("fit", demand, detail::offer_of(data));
  detail::check_counts("fit", how.loss, data.has_labels() ? data.labels() : std::span<const std::int32_t>{});
  const Dataset<T>* validation = how.validation.template get<T>();
  if (validation) detail::check_data("fit, validation data", demand, detail::offer_of(*validation));
  if (how.validation_split == 0 || validation) return Run(model, data, validation, how).all();

  const Split<T> parts = [&] {
    try {
      return data.label_size() == 1 ? data.stratified_split(1 - how.validation_split, how.seed) : data.split(1 - how.validation_split, how.seed);
    } catch (const Error& error) {
      throw Error(std::string("Fit: validation_split: ") + error.what());
    }
  }();
  return Run(model, parts.train, &parts.test, how).all();
}

/// The same with data whose type says what they are: they have to go with the network.
template <class M, AnyShape S, class Answer, Loss L, NetworkOptimizer O, class C, class R>
History fit(M& model, const TypedDataset<S, Answer, typename M::scalar>& data, const Fit<L, O, C, R>& how) {
  if constexpr (detail::data_fit<typename M::network, L, S, Answer>)
    return fit(model, static_cast<const Dataset<typename M::scalar>&>(data), how);
  else return {};
}

/// With an augmentation, what it gives has to go with the network.
template <class M, class Pipeline, AnyShape S, class Answer, Loss L, NetworkOptimizer O, class C, class R>
History fit(M& model, const AugmentedDataset<Pipeline, S, Answer, typename M::scalar>& data, const Fit<L, O, C, R>& how) {
  using Data = AugmentedDataset<Pipeline, S, Answer, typename M::scalar>;
  if constexpr (!Data::valid) return {};
  else if constexpr (detail::data_fit<typename M::network, L, typename Data::shape, Answer>)
    return fit(model, static_cast<const Dataset<typename M::scalar>&>(data), how);
  else return {};
}

}  // namespace tenon
