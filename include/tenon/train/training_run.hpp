#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tenon/optim/monitor.hpp>
#include <tenon/report/progress.hpp>
#include <tenon/train/archive.hpp>
#include <tenon/train/callback.hpp>
#include <tenon/train/clock.hpp>
#include <tenon/train/evaluate.hpp>
#include <tenon/train/fit_metrics.hpp>
#include <tenon/train/history.hpp>
#include <tenon/train/identity.hpp>
#include <tenon/train/kept.hpp>
#include <tenon/train/together.hpp>
#include <tenon/train/trainer.hpp>

namespace tenon {

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
  size_t count_ = 0;
};

/// What an epoch has summed up so far, and which one it is.
struct EpochSums {
  std::uint64_t epoch = 0;  // from 0
  LossSum loss{};
  std::uint64_t seen = 0;  // samples
  ClassCount classes{};
};

/// Options that a resumed run has to have as they were.
struct SameOptions {
  Archive& archive;

  template <class T>
  void operator()(const std::string& name, const T& owner) const {
    const Archive::Scope scope(archive, name);
    if constexpr (ListsOptions<T>) T::each_option(owner, Visit{archive});
    else if constexpr (requires { owner.lr; }) archive.same_number("lr", owner.lr);
    if constexpr (requires { static_cast<Reduction>(owner.reduction); })
      archive.same_or("reduction", static_cast<std::uint64_t>(owner.reduction),
                      static_cast<std::uint64_t>(Reduction::mean));
  }

private:
  struct Visit {
    Archive& archive;
    size_t nested = 0;

    void operator()(std::string_view name, double value, const Allowed&) const { archive.same_number(name, value); }
    void operator()(std::string_view name, size_t value, const Allowed&) const { archive.same(name, value); }
    void operator()(std::string_view name, const std::vector<double>& values, const Allowed&) const {
      archive.same(std::string(name) + ".size", values.size());
      for (size_t i = 0; i < values.size(); ++i)
        archive.same_number(std::string(name) + "." + std::to_string(i), values[i]);
    }
    void operator()(std::string_view, const std::string&, NotEmpty) const {}
    void operator()(std::string_view name, bool value) const { archive.same_or(name, value ? 1 : 0, 0); }
    template <class T>
    void operator()(const T& owner) {
      SameOptions{archive}(std::to_string(nested++), owner);
    }
  };
};

}  // namespace detail

/// A call of `fit`, as its callbacks see it and may steer it. `How` is the Fit.
template <class M, class How>
class TrainingRun {
public:
  using model_type = M;
  using network = typename M::network;
  using scalar = typename M::scalar;
  using loss_type = decltype(How::loss);
  using trainer_type = tenon::Trainer<M, loss_type, decltype(How::optimizer)>;

private:
  using T = scalar;
  using Aim = detail::Objective<network, loss_type>;
  using fit_metrics = detail::FitMetrics<M, decltype(How::metrics)>;

public:
  TrainingRun(M& model, const Dataset<T>& data, const Dataset<T>* validation, const How& how)
      : how_(how),
        data_(&data),
        prepared_(validation && validation->augmentation() ? validation->prepared() : Dataset<T>()),
        validation_(prepared_.empty() ? validation : &prepared_),
        counts_classes_(data.has_labels() && !(data.augmentation() && data.augmentation()->mixup > 0)),
        trainer_(model, how.loss, how.optimizer, std::min(how.batch_size, data.size()), how.seed, how.shards),
        loader_(data, how.batch_size, how.seed, how.shuffle),
        progress_(stderr, leads() ? how.progress : Progress::Mode::quiet) {
    const size_t batches = (data.size() - 1) / how.batch_size + 1;
    how_.schedule.expect_length(how.epochs, (batches - 1) / how.accumulate + 1);
    if constexpr (!changes_batches) loader_.only(trainer_.rows_of_rank());
  }

  /// A callback that changes batches is given all of their samples, on every rank.
  static constexpr bool changes_batches = detail::has_on_batch<TrainingRun, decltype(How::callbacks)>;

  /// The epoch that runs or has just ended, from 1, of how many.
  size_t epoch() const { return sums_.epoch + 1; }
  size_t epochs() const { return how_.epochs; }
  /// Steps of the optimizer so far, over all epochs.
  std::uint64_t step() const { return trainer_.steps(); }
  /// The loss of the last batch.
  double batch_loss() const { return batch_loss_; }
  /// The epochs that have ended, and the last of them.
  const History& history() const { return history_; }
  const EpochRecord& record() const { return history_.last(); }
  /// A number of the last epoch's record; an Error where it has none, say without validation data. It may be NaN, which
  /// no comparison calls better.
  double monitored(const Monitor& monitor, const char* who) const {
    const EpochRecord& r = record();
    if (!monitor.is_built_in()) return detail::find_metric(r, monitor.name(), who);
    const Monitor names[]{Monitor::loss, Monitor::accuracy, Monitor::val_loss, Monitor::val_accuracy};
    const double numbers[]{r.training.loss, r.training.accuracy, r.validation.loss, r.validation.accuracy};
    const bool there[]{true, counts_classes_, validation_ != nullptr, validation_ && validation_->has_labels()};
    const auto number = std::find(names, names + 4, monitor) - names;
    const double value = numbers[number];
    if (!there[number])
      throw Error(std::string(who) + ": expected " + name_of(monitor) + " in every epoch's record, got none: " +
                  (validation_ ? "there are no classes" : "fit has no validation data"));
    return value;
  }
  /// Which way is better for a metric of the Fit; an Error where it does not say so.
  MonitorMode better(const Monitor& monitor, const char* who) const {
    detail::expect_metric(fit_metrics::names(), monitor.name(), who);
    const MonitorMode mode = fit_metrics::better(monitor.name());
    if (mode == MonitorMode::automatic)
      throw Error(std::string(who) + ": expected mode min or max, as " + name_of(monitor) +
                  " does not say whether less is better");
    return mode;
  }

  trainer_type& trainer() { return trainer_; }
  M& model() { return trainer_.model(); }
  const How& settings() const { return how_; }
  const Dataset<T>& data() const { return *data_; }
  /// Null where there is none.
  const Dataset<T>* validation() const { return validation_; }

  /// Shows a sentence, where progress is shown, and keeps it in the history.
  void warn(std::string sentence) {
    progress_.note("warning: " + sentence);
    history_.add_warning(std::move(sentence));
  }

  /// Training ends with this step, or this epoch.
  void stop() { stopped_ = true; }
  bool stopped() const { return stopped_; }

  /// Whether this is the rank that writes files and shows progress: the first one, or the only one. All ranks call
  /// their callbacks, which see the same numbers everywhere and so do the same to the model.
  bool leads() const { return !ranks() || ranks()->rank() == 0; }
  /// The ranks that train together, or null.
  Communicator* ranks() const { return trainer_.ranks(); }
  /// Whether it is true on any rank: what depends on a clock or a signal has to be agreed upon. All ranks ask.
  bool agreed(bool here) const { return ranks() ? detail::any_rank(*ranks(), detail::Phase::callbacks, here) : here; }

  /// Lives as long as the run, whichever way that ends.
  void keep(std::shared_ptr<const void> thing) { kept_.add(std::move(thing)); }

  /// Everything the run consists of, into a file that `resume` goes on from bit for bit. It is written when
  /// all callbacks of the moment have been called, atomically; `path` is kept until then. Several may be asked for.
  void save_checkpoint(const std::string& path) { checkpoints_.add(path); }
  /// In on_train_begin: goes to where the run was that wrote the checkpoint. An Error, and nothing changed, where the
  /// file is damaged, or of another network (train/identity.hpp), data size, batch size, accumulation or seed, or where
  /// the optimizer, loss, regulariser or clipping, with their options (the learning rate that the optimizer was given
  /// among them), were others. The number of epochs, the schedule and the callbacks may be others.
  void resume(const std::string& path) try {
    if (ranks()) detail::expect_same_file(*ranks(), path);
    Archive a(path);
    archive(a);
    a.commit();
    archive(a);
    resumed_ = true;
  } catch (const std::bad_alloc&) {
    throw Error(path + ": expected memory to resume from this checkpoint with, got none; nothing has changed");
  }

  /// All epochs; see `fit`.
  History all() {
    if (!ranks()) return all_epochs();
    detail::expect_same_run(*ranks(), fingerprint());
    return detail::as_one(*ranks(), [this] { return all_epochs(); });
  }

private:
  History all_epochs() {
    call([](auto& c) {
      if constexpr (requires { Monitor(c.monitor); })
        if (!c.monitor.is_built_in()) detail::expect_metric(fit_metrics::names(), c.monitor.name(), "fit");
    });
    call([this](auto& c) {
      if constexpr (requires { c.on_train_begin(*this); }) c.on_train_begin(*this);
    });
    while (sums_.epoch < how_.epochs && !stopped_) one_epoch();
    call([this](auto& c) {
      if constexpr (requires { c.on_train_end(*this); }) c.on_train_end(*this);
    });
    return std::move(history_);
  }

  template <class F>
  void call(F f) {
    how_.callbacks.each(f);
  }
  /// Callbacks see the same on all ranks, but for clocks and signals.
  void agree_to_stop() {
    if constexpr (has_callbacks)
      if (ranks()) stopped_ = agreed(stopped_);
  }
  static constexpr bool has_callbacks = !std::is_same_v<decltype(How::callbacks), Callbacks<>>;

  /// What has to be the same on all ranks, in order of what is most likely to be meant where several differ.
  detail::RunFingerprint fingerprint() const {
    detail::RunFingerprint f;
    f.program = detail::hash_text(detail::compiler_name<TrainingRun>());
    f.epochs = how_.epochs;
    f.batch_size = how_.batch_size;
    f.shards = trainer_.shards();
    f.seed = how_.seed;
    f.weights = detail::hash_numbers(std::as_const(trainer_).model_numbers());
    f.samples = data_->size();
    f.data = detail::hash_data(*data_);
    f.lr = how_.optimizer.lr;
    return f;
  }

  void one_epoch() {
    if (!std::exchange(resumed_, false)) {
      loader_.start_epoch(sums_.epoch);
      trainer_.reset_states();
    }
    call([this](auto& c) {
      if constexpr (requires { c.on_epoch_begin(*this); }) c.on_epoch_begin(*this);
    });
    agree_to_stop();
    if (stopped_) return;
    const double start = detail::steady_seconds();
    if (ranks()) ranks()->seconds = {};  // what has been waited for since the last epoch is no part of this one
    progress_.begin(epoch(), how_.epochs, data_->size());
    Batch<T> batch;
    bool ended = false;
    while (!stopped_ && !(ended = !loader_.next(batch))) one_step(batch);
    if (!ended && sums_.seen < data_->size()) {  // stopped amid an epoch, which has no record then
      progress_.finish(detail::ShownScores(scores()));
      return;
    }
    if (const std::string_view parameter = trainer_.non_finite_parameter(); !parameter.empty()) {
      non_finite("finite parameters",
                 "a NaN or an infinity in " + std::string(parameter) + at(trainer_.steps()) + rate());
      progress_.finish(detail::ShownScores(scores()));
      return;
    }
    EpochRecord record{.epoch = epoch(), .lr = trainer_.lr(), .training = scores()};
    if (validation_) record.validation = evaluate(model(), *validation_, how_.loss);
    record.seconds = detail::steady_seconds() - start;
    if constexpr (fit_metrics::any) {
      record.metrics = fit_metrics().measure(model(), *validation_, how_.metrics);
      record.seconds = detail::steady_seconds() - start;
    }
    if (ranks() && ranks()->size() > 1) detail::gather_seconds(*ranks(), record);
    show(record);
    if (!record.validation.non_finite.empty())
      warn("the validation loss of epoch " + std::to_string(epoch()) + " is " + std::to_string(record.validation.loss) +
           ": " + record.validation.non_finite);
    history_.add_epoch(record);
    call([this](auto& c) {
      if constexpr (requires { c.on_epoch_end(*this); }) c.on_epoch_end(*this);
    });
    agree_to_stop();
    sums_ = {.epoch = sums_.epoch + 1};
    loader_.start_epoch(sums_.epoch);
    write_checkpoint();
  }

  void show(const EpochRecord& record) {
    const detail::ShownScores scores(record.training, validation_ ? &record.validation : nullptr);
    detail::show_epoch(progress_, scores, record);
  }

  /// A step of the optimizer: `accumulate` batches, or what is left of the epoch.
  void one_step(Batch<T>& batch) {
    if (how_.schedule) {
      trainer_.set_lr(how_.schedule.lr(how_.optimizer.lr, sums_.epoch, trainer_.steps()));
      if (const auto momentum = how_.schedule.momentum(sums_.epoch, trainer_.steps())) trainer_.set_momentum(*momentum);
    }
    double weights = 0;  // of the batches of this step
    const size_t left = data_->size() - batch.first;
    const size_t together = how_.accumulate > left / how_.batch_size ? left : how_.accumulate * how_.batch_size;
    trainer_.zero_grad();
    for (size_t done = 0; done < together;) {
      call([&, this](auto& c) {
        if constexpr (requires { c.on_batch(*this, batch); }) c.on_batch(*this, batch);
      });
      const auto output = trainer_.forward(batch);
      batch_loss_ = trainer_.loss();
      if (!std::isfinite(batch_loss_))
        return non_finite("a finite loss",
                          std::to_string(batch_loss_) + at(trainer_.steps() + 1) + ": " + trainer_.find_non_finite());
      const detail::TermValues& values = trainer_.term_values();
      const double weight = values.weight[0];
      const bool accumulates = together != batch.count && weighed(values);
      trainer_.backward(accumulates ? weight : 1);
      if (accumulates) weights += weight;
      sums_.loss.template add<Aim>(how_.loss, values);
      sums_.seen += batch.count;
      if (counts_classes_ && trainer_.shards() > 0) sums_.classes.add(trainer_.class_count());
      else if (counts_classes_)
        Aim::template count<typename trainer_type::output>(how_.loss, output, detail::samples_of(batch), sums_.classes);
      progress_.update(sums_.seen, detail::ShownScores(scores()));
      done += batch.count;
      if (done < together && !loader_.next(batch)) break;
    }
    if (weights > 0) trainer_.scale_gradients(1 / weights);
    trainer_.regularize(how_.regularizer);
    if (how_.clip_grad_value) trainer_.clip_grad_value(*how_.clip_grad_value);
    if (how_.clip_grad_norm) trainer_.clip_grad_norm(*how_.clip_grad_norm);
    call([this](auto& c) {
      if constexpr (requires { c.on_gradients(*this); }) c.on_gradients(*this);
    });
    if (const std::string_view parameter = trainer_.non_finite_gradient(); !parameter.empty()) {
      const std::string sample = detail::describe_non_finite_sample(batch);  // tanh makes a finite loss of an infinity
      return non_finite("finite gradients", "a NaN or an infinity in that of " + std::string(parameter) +
                                                at(trainer_.steps() + 1) + ", where the loss is " +
                                                std::to_string(batch_loss_) + (sample.empty() ? "" : ": ") + sample);
    }
    trainer_.step();
    call([this](auto& c) {
      if constexpr (requires { c.on_step_end(*this); }) c.on_step_end(*this);
    });
    agree_to_stop();
    write_checkpoint();
  }

  /// Whether the batches of a step weigh what their losses are means over. Several losses have to agree about that, up
  /// to a factor that is the same in every batch.
  bool weighed(const detail::TermValues& values) const {
    const bool mean = Aim::is_mean(how_.loss, 0);
    for (size_t k = 1; k < Aim::terms; ++k)
      if (Aim::is_mean(how_.loss, k) != mean || (mean && values.weight[k] != values.weight[0]))
        throw Error("fit: expected losses that are means over the same samples with accumulate, got one over " +
                    std::to_string(values.weight[0]) + " and one over " + std::to_string(values.weight[k]));
    return mean;
  }
  /// A number that is not finite came up: the end, with an Error unless a callback knows better.
  void non_finite(const char* expected, const std::string& got) {
    bool handled = false;
    call([&, this](auto& c) {
      if constexpr (requires { c.on_non_finite(*this); }) handled = c.on_non_finite(*this) || handled;
    });
    const std::string sentence = std::string("fit: expected ") + expected + ", got " + got;
    if (!handled && ranks()) throw AgreedError(sentence);
    if (!handled) throw Error(sentence);
    stop();
  }

  std::string at(std::uint64_t step) const {
    return " at epoch " + std::to_string(epoch()) + ", step " + std::to_string(step);
  }
  std::string rate() const {
    char text[64];
    std::snprintf(text, sizeof text, ", with a learning rate of %g", trainer_.lr());
    return text;
  }
  Scores scores() const { return {sums_.loss.template value<Aim>(how_.loss), sums_.classes.accuracy(), {}}; }

  void write_checkpoint() {
    if constexpr (has_callbacks) {  // else nobody can have asked for one
      if (checkpoints_.empty()) return;
      trainer_.gather_states();
      const detail::CheckpointPaths paths = std::exchange(checkpoints_, {});
      if (leads()) {
        Archive a;
        archive(a);
        paths.save(a);
      }
      trainer_.drop_states();
    }
  }
  /// What a checkpoint belongs to: a run that is another in any of this cannot go on from it.
  void belong(Archive& a) {
    detail::same_network<network>(a);
    a.same_text("optimizer", type_name<decltype(How::optimizer)>());
    a.same_text("loss", type_name<loss_type>());
    a.same("seed", how_.seed);
    a.same("batch_size", how_.batch_size);
    a.same("accumulate", how_.accumulate);
    a.same("samples", data_->size());
    a.same("labels of a sample", data_->label_size());
    a.same("targets of a sample", data_->target_size());
    a.same("shuffle", how_.shuffle ? 1 : 0);
    a.same_or("shuffle_buffer", how_.shuffle ? data_->shuffle_buffer() : 0, 0);
    a.same_or("shards", trainer_.shards(), 0);
    const detail::SameOptions same_options{a};
    same_options("optimizer", how_.optimizer);
    same_options("loss", how_.loss);
    same_options("regularizer", how_.regularizer);
    a.same_number("clip_grad_norm", how_.clip_grad_norm.value_or(0));
    a.same_number("clip_grad_value", how_.clip_grad_value.value_or(0));
  }
  void archive(Archive& a) {
    if (a.writing() || a.checking()) belong(a);
    // the callbacks first: should one of a user's fail although it did not while checking, the model is untouched
    size_t number = 0;
    how_.callbacks.each([&](auto& c) {
      const Archive::Scope scope(a, "callback", number++);
      if constexpr (requires { c.archive(a, *this); }) c.archive(a, *this);
      else if constexpr (requires { c.archive(a); }) c.archive(a);
    });
    trainer_.archive(a);
    const std::uint64_t samples = data_->size();
    constexpr std::uint64_t each = trainer_type::answers;
    const std::uint64_t answers = samples > Archive::any / each ? Archive::any : samples * each;
    std::uint64_t position = loader_.state().position;
    history_.archive(a);
    if constexpr (fit_metrics::any) history_.archive_metrics(a, fit_metrics::names());
    a.value("epoch", sums_.epoch, a.checking() ? a.list("history").size() / History::numbers_per_epoch : Archive::any);
    for (size_t k = 0; k < Aim::terms; ++k) {
      const Archive::Scope scope(a, "losses", k);
      a.value("sum", sums_.loss.sums.value[k]);
      a.value("weight", sums_.loss.sums.weight[k]);
    }
    a.value("seen", sums_.seen, samples);
    a.value("answered", sums_.classes.answered, answers);
    a.value("correct", sums_.classes.correct, answers);
    a.value("counts_classes", sums_.classes.counts);
    a.value("position", position, samples);
    if (!a.writing() && !a.checking()) loader_.restore({how_.seed, sums_.epoch, position});
  }

  How how_;
  const Dataset<T>* data_;
  Dataset<T> prepared_;  // validation data that have to be normalised or cut
  const Dataset<T>* validation_;
  bool counts_classes_;  // mixed samples have no class
  trainer_type trainer_;
  DataLoader<T> loader_;
  Progress progress_;
  History history_{};
  detail::EpochSums sums_{};
  double batch_loss_ = 0;
  bool stopped_ = false;
  bool resumed_ = false;
  detail::CheckpointPaths checkpoints_{};
  detail::Keepsakes kept_{};
};

}  // namespace tenon
