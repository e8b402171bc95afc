#pragma once

#include <array>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>

#include <tenon/losses/cross_entropy.hpp>
#include <tenon/optim/adam.hpp>
#include <tenon/optim/schedule.hpp>
#include <tenon/report/progress.hpp>
#include <tenon/train/evaluate.hpp>
#include <tenon/train/trainer.hpp>

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
template <Loss L = CrossEntropy<>, Optimizer O = Adam>
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
};

namespace detail {

/// The shown numbers of an epoch: loss and accuracy where there is one.
class ShownScores {
public:
  explicit ShownScores(const Scores& s, const Scores* validation = nullptr) {
    add("loss", "accuracy", s);
    if (validation) add("val_loss", "val_accuracy", *validation);
  }
  operator std::span<const NamedValue>() const { return {values_.data(), count_}; }

private:
  void add(std::string_view loss, std::string_view accuracy, const Scores& s) {
    values_[count_++] = {loss, s.loss};
    if (!std::isnan(s.accuracy)) values_[count_++] = {accuracy, s.accuracy};
  }
  std::array<NamedValue, 4> values_{};
  std::size_t count_ = 0;
};

}  // namespace detail

/// Trains a model and returns what every epoch gave. Shows progress on a terminal, one line an epoch
/// in a pipe. Training that meets a loss that is not finite stops with an Error that says at which
/// step and in which layer that first appeared.
template <class M, Loss L, Optimizer O>
History fit(M& model, const Dataset<typename M::scalar>& data, const Fit<L, O>& how) {
  using T = typename M::scalar;
  using Trainer = tenon::Trainer<M, L, O>;
  if (how.batch_size == 0) throw Error("fit: expected a batch_size of at least 1, got 0");
  constexpr detail::DataDemand demand{M::input::size, Trainer::output::size, target_kind_of<L>};
  detail::check_data("fit", demand, detail::offer_of(data));
  const Dataset<T>* validation = how.validation.template get<T>();
  if (how.validation_split != 0 && !validation) {
    if (!(how.validation_split > 0 && how.validation_split < 1))
      throw Error("fit: expected a validation_split of at least 0 and less than 1, got " + std::to_string(how.validation_split));
    const Split<T> parts = data.has_labels() ? data.stratified_split(1 - how.validation_split, how.seed)
                                             : data.split(1 - how.validation_split, how.seed);
    Fit<L, O> rest = how;
    rest.validation_split = 0;
    rest.validation = parts.test;
    return fit(model, parts.train, rest);
  }
  if (validation) detail::check_data("fit, validation data", demand, detail::offer_of(*validation));

  Trainer trainer(model, how.loss, how.optimizer, std::min(how.batch_size, data.size()), how.seed);
  Loader<T> loader(data, how.batch_size, how.seed, how.shuffle);
  Batch<T> batch;
  Progress progress(stderr, how.progress);
  History history;
  constexpr T threshold = detail::class_threshold<typename M::network, L, T>();
  for (std::size_t epoch = 0; epoch < how.epochs; ++epoch) {
    const auto start = std::chrono::steady_clock::now();
    progress.begin(epoch + 1, how.epochs, data.size());
    loader.start_epoch(epoch);
    trainer.reset_states();
    const auto at = [&](std::uint64_t step) {
      return " at epoch " + std::to_string(epoch + 1) + ", step " + std::to_string(step);
    };
    double losses = 0;
    std::size_t seen = 0, correct = 0;
    const auto scores = [&] {
      const double n = static_cast<double>(seen);
      return Scores{is_average(how.loss.reduction) ? losses / n : losses,
                    data.has_labels() ? static_cast<double>(correct) / n : std::numeric_limits<double>::quiet_NaN()};
    };
    while (loader.next(batch)) {
      if (how.schedule) {
        trainer.set_lr(how.schedule.lr(how.optimizer.lr, epoch, trainer.steps()));
        if (const auto momentum = how.schedule.momentum(epoch, trainer.steps())) trainer.set_momentum(*momentum);
      }
      trainer.zero_grad();
      const auto output = trainer.forward(batch);
      const double loss = trainer.loss();
      if (!std::isfinite(loss))
        throw Error("fit: expected a finite loss, got " + std::to_string(loss) + at(trainer.steps() + 1) + ": " +
                    trainer.find_non_finite());
      trainer.backward();
      if (how.clip_grad_value) trainer.clip_grad_value(*how.clip_grad_value);
      if (how.clip_grad_norm) trainer.clip_grad_norm(*how.clip_grad_norm);
      trainer.step();
      losses += is_average(how.loss.reduction) ? loss * static_cast<double>(batch.count) : loss;
      seen += batch.count;
      if (data.has_labels()) correct += detail::count_correct(output, Trainer::output::size, batch.labels, threshold);
      progress.update(seen, detail::ShownScores(scores()));
    }
    if (const std::string_view parameter = trainer.non_finite_parameter(); !parameter.empty())
      throw Error("fit: expected finite parameters, got a NaN or an infinity in " + std::string(parameter) +
                  at(trainer.steps()));
    EpochRecord record{.epoch = epoch + 1, .lr = trainer.lr(), .training = scores()};
    if (validation) record.validation = evaluate(model, *validation, how.loss);
    record.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    progress.finish(detail::ShownScores(record.training, validation ? &record.validation : nullptr));
    history.epochs.push_back(record);
  }
  return history;
}

/// The same with data whose type says what they are: they have to go with the network.
template <class M, AnyShape S, class Answer, Loss L, Optimizer O>
History fit(M& model, const TypedDataset<S, Answer, typename M::scalar>& data, const Fit<L, O>& how) {
  if constexpr (detail::data_fit<typename M::network, L, S, Answer>)
    return fit(model, static_cast<const Dataset<typename M::scalar>&>(data), how);
  else return {};
}

}  // namespace tenon
