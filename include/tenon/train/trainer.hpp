#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <tenon/data/loader.hpp>
#include <tenon/error.hpp>
#include <tenon/losses/batch_weight.hpp>
#include <tenon/losses/loss.hpp>
#include <tenon/losses/loss_check.hpp>
#include <tenon/model/model.hpp>
#include <tenon/net/select.hpp>
#include <tenon/optim/optimizer.hpp>
#include <tenon/optim/regularizer.hpp>
#include <tenon/options.hpp>
#include <tenon/train/archive.hpp>
#include <tenon/train/arguments.hpp>
#include <tenon/train/data_check.hpp>
#include <tenon/train/gradients.hpp>
#include <tenon/train/loss_in_shards.hpp>
#include <tenon/train/objective.hpp>
#include <tenon/train/optimizer_state.hpp>
#include <tenon/train/sharding.hpp>
#include <tenon/train/training_space.hpp>
#include <tenon/train/workers.hpp>

namespace tenon {

struct a_number_of_samples;
struct samples_that_are_there_until_backward;
struct a_batch_or_samples;
struct a_weight_or_the_gradient_at_the_output;
struct a_learning_rate;

namespace detail {

/// Stands for an argument that is not given.
template <fixed_string Name>
struct no_argument;
template <class M, class L, class O>
struct judge_trainer : first_mistake<typename decltype(judge_trained_model<"Trainer", M&>())::type,
                                     typename decltype(judge_is_loss<"Trainer", "loss", L>())::type,
                                     typename decltype(judge_is_optimizer<"Trainer", "optimizer", O>())::type> {};
template <class M, class L>
struct judge_trainer<M, L, no_argument<"batch_size">> {
  using type = wrong_argument<argument<"Trainer", "batch_size">, takes<a_number_of_samples>, but_gets<>,
                              write<"Trainer{model, loss, sgd, 32}">>;
};
/// Stands for an optimizer with something else than a size behind it.
template <class Given>
struct wrong_batch_size;
template <class M, class L, class Given>
struct judge_trainer<M, L, wrong_batch_size<Given>> {
  using type = wrong_argument<argument<"Trainer", "batch_size">, takes<a_number_of_samples>, but_gets<Given>,
                              write<"Trainer{model, loss, sgd, 32}">>;
};

}  // namespace detail

/// What backward and the optimizer need beside the model, and the five things a training loop does:
///
///     Trainer trainer{model, CrossEntropy{}, Adam{.lr = 1e-3}, 64, seed};
///     for (std::uint64_t epoch = 0; epoch < 5; ++epoch) {
///       loader.start_epoch(epoch);
///       while (loader.next(batch)) {
///         trainer.zero_grad();
///         trainer.forward(batch);
///         double loss = trainer.loss();
///         trainer.backward();
///         trainer.step();
///       }
///     }
///
/// `fit` is this loop. All memory is taken on construction. After `set_num_threads(n)` a batch is split over n threads;
/// see train/workers.hpp. Where a layer looks at the whole batch these are shards, of which nobody has to know.
///
/// With `shards`, or in a world of several ranks (dist/communicator.hpp), a batch is cut into that many shards, or
/// fewer where one would have less than 16 samples. Their gradients are added up in one fixed tree, and batch
/// normalisation sees the whole batch, so that the result is the same, bit for bit, for any number of threads and
/// ranks. Each rank is given the same batch and works on its own rows of it: it does not have the outputs, the
/// gradients at the input and the features of the other rows.
template <class M, class L, class O>
class Trainer {  // of arguments that it does not take, which the compiler says once
public:
  Trainer(M&, L, O, size_t, std::uint64_t = 0, size_t = 0) {
    using Mistake = typename detail::judge_trainer<M, L, O>::type;
    detail::refuse<Mistake>();
  }
  template <class... Given>
  explicit Trainer(M&, const Given&...) {
    using Mistake = typename detail::judge_trainer<M, L, O>::type;
    detail::refuse<Mistake>();
  }
  auto forward(const auto&) { return Rows<const float>{}; }
  double loss() { return 0; }
  void backward(double = 1) {}
  void backward(std::span<const float>) {}
  void want_input_gradient() {}
  Rows<const float> input_gradient() const { return {}; }
  void step() {}
  void zero_grad() {}
  void set_lr(const auto&) {}
  double regularize(const auto&) { return 0; }
  double clip_grad_norm(double, double = 2) { return 0; }
};
template <class M>
Trainer(M&) -> Trainer<M, detail::no_argument<"loss">, detail::no_argument<"optimizer">>;
template <class M, class L>
Trainer(M&, L) -> Trainer<M, L, detail::no_argument<"optimizer">>;
template <class M, class L, class O>
Trainer(M&, L, O) -> Trainer<M, L, detail::no_argument<"batch_size">>;

template <class M, class L, class O, class Given, class... Further>
  requires(!std::convertible_to<const Given&, size_t>)
Trainer(M&, L, O, const Given&, const Further&...)
->Trainer<M, L, detail::wrong_batch_size<Given>>;

template <detail::IsModel M, Loss L, NetworkOptimizer O>
  requires(!std::is_const_v<M>)
class Trainer<M, L, O> {
public:
  using model_type = M;
  using network = typename M::network;
  using scalar = typename M::scalar;

private:
  using T = scalar;
  using Aim = detail::Objective<network, L>;
  using Trained = typename Aim::trained;
  using Bound = std::conditional_t<Checked<network>::valid, bound_network<Trained>, bound_network<network>>;
  static constexpr Layout layout = layout_of<Bound>;
  static constexpr size_t states = static_cast<size_t>(O::states);
  static constexpr Needs needs = layout.needs;
  using Range = detail::IndexRange;
  using Space = detail::TrainingSpace<network, Bound, T>;

  static_assert(detail::choose_something<network>(detail::selections<O>));

public:
  /// One sample of what the loss is given: the network's output, or its logits where loss and last
  /// layer join.
  using output = typename Bound::output;
  /// How many answers that is.
  static constexpr size_t answers = Aim::template answers<output>;
  /// How many losses the loss is the sum of.
  static constexpr size_t terms = Aim::terms;

  /// Memory for batches of up to `batch_size`. The seed drives dropout. With 0 shards a batch is not cut, or, in a
  /// world of several ranks, into as many as the world says.
  Trainer(M& model, L loss, O optimizer, size_t batch_size, std::uint64_t seed = 0, size_t shards = 0)
      : model_(&model),
        loss_(std::move(loss)),
        optimizer_(std::move(optimizer)),
        capacity_(checked(batch_size)),
        seed_(seed),
        sharding_(batch_size, shards, Space::looks_at_batch, layout.trainable_size),
        workers_(sharding_ ? sharding_.threads() : num_threads()),
        gradients_(sharding_, layout.trainable_size),
        state_(sharding_, layout.trainable_size),
        output_(output::size * batch_size),
        output_gradient_(output::size * batch_size),
        values_(batch_size * Aim::template scratch<output>),
        sequence_states_(needs.state * batch_size) {
    check_options(loss_);
    check_options(optimizer_);
    if (sharding_) {
      if constexpr (detail::compares_samples<L>)
        sharding_.expect_whole(batch_size, detail::comparing(static_cast<const L*>(nullptr)));
      make_places();
      return;
    }
    const size_t threads = num_threads();
    spaces_.reserve(threads);
    for (size_t k = 0; k < threads; ++k) spaces_.emplace_back(Space::largest_part(batch_size, threads), k > 0);
  }

  /// What that memory is, in bytes.
  static constexpr size_t bytes(size_t batch_size, size_t threads = 1, bool input_gradient = false) {
    const size_t sample = per_sample + (input_gradient ? M::input::size : 0);
    const size_t common = layout.trainable_size * (1 + states) + checked(batch_size) * sample;
    return sizeof(T) * (common + Space::of_threads(batch_size, threads));
  }

  /// The same for the busiest of several ranks, with this many shards: the gradients of each of its shards, and those
  /// it receives from other ranks; with `zero` 1, only its parts of the optimizer's arrays.
  static constexpr size_t bytes_on_ranks(size_t batch_size, size_t ranks, size_t shards = 8, int zero = 1) {
    const size_t own = Space::largest_own(ranks, zero == 1);
    const size_t common = layout.trainable_size + states * own + checked(batch_size) * per_sample;
    return sizeof(T) * (common + Space::of_shards(batch_size, ranks, shards, zero == 1));
  }

  /// The network's output for a batch, in training mode; `loss` and `backward` refer to it, and to the
  /// batch, which has to stay as it is until then.
  Rows<const T> forward(const Batch<T>& batch) {
    check_count(batch.count);
    Aim::template check<typename M::input, output>("training", loss_, detail::offer_of(batch));
    batch_ = batch;
    if (batch.labels.empty() && batch.targets.empty()) batch_.targets = batch.features;  // to be reproduced
    answered_ = true;
    return run();
  }
  /// The same for samples that have no answers, one behind the other; several inputs of a sample in one row. Then there
  /// is no loss, and `backward` is given the gradient at what this returns.
  Rows<const T> forward(std::span<const T> samples) {
    const size_t count = samples.size() / M::input::size;
    if (count == 0 || count * M::input::size != samples.size())
      throw Error("training: expected whole samples of " + std::to_string(M::input::size) + " numbers, got " +
                  std::to_string(samples.size()) + " numbers");
    check_count(count);
    batch_ = {};
    batch_.features = {const_cast<T*>(samples.data()), samples.size()};  // only read
    batch_.count = count;
    answered_ = false;
    return run();
  }
  template <class Samples>
    requires(!std::convertible_to<const Samples&, std::span<const T>> && !std::is_base_of_v<Batch<T>, Samples>)
  Rows<const T> forward(const Samples&) {
    detail::refuse<wrong_argument<argument<"forward", "batch">, takes<a_batch_or_samples>, but_gets<Samples>,
                                  write<"loader.next(batch); trainer.forward(batch)">>>();
    return {};
  }
  /// Samples that end with the call are refused: `backward` reads them again.
  template <class Samples>
    requires(!std::is_lvalue_reference_v<Samples> && !std::ranges::enable_borrowed_range<std::remove_cv_t<Samples>> &&
             std::convertible_to<const Samples&, std::span<const T>>)
  Rows<const T> forward(Samples&&) {
    detail::refuse<wrong_argument<argument<"forward", "samples">, takes<samples_that_are_there_until_backward>,
                                  but_gets<Samples&&>, write<"const auto samples = ...; trainer.forward(samples)">>>();
    return {};
  }
  /// The loss of that batch; its gradient is kept for `backward`.
  double loss() {
    check_forward();
    if (!answered_)
      throw Error("training: expected a batch with answers before loss, got one without; backward(dy) takes the "
                  "gradient at its output");
    has_gradient_ = true;
    if (sharding_ && !sharding_.of_threads())
      return detail::loss_in_shards<Aim, output>(loss_, sharding_, workers_, Rows<const T>(y()), batch_, values_.span(),
                                                 dy(), terms_);
    return Aim::template evaluate<output>(loss_, Rows<const T>(y()), detail::samples_of(batch_), values_.span(), dy(),
                                          terms_);
  }
  /// Of the last `loss`: each of the losses that it is the sum of, and what it is a mean over.
  const detail::TermValues& term_values() const { return terms_; }
  /// What the loss of that batch is a mean over: its samples, or the labels that are not ignored, or the weights of
  /// their classes, times those of samples; 1 where the loss is a sum. See losses/batch_weight.hpp.
  /// Of several losses, those of the first.
  double batch_weight() const { return terms_.weight[0]; }
  /// Adds the batch's gradients, times `weight`, to those since `zero_grad`. Several batches in one step are
  /// like one large batch: with a loss that is summed, or, with means, by `backward(batch_weight())` for each and
  /// `scale_gradients(1 / sum of their weights)` before the step. Each has dropout masks of its own.
  void backward(double weight = 1) {
    if (!has_gradient_) loss();
    if (weight != 1)
      for (size_t i = 0; i < batch_.count * output::size; ++i) output_gradient_.data()[i] *= static_cast<T>(weight);
    run_back();
  }
  /// The same from a gradient at the output, sample after sample: at what `forward` returned, whose masks and
  /// statistics it goes back through. PyTorch: y.backward(dy).
  void backward(std::span<const T> gradient) {
    check_forward();
    if (gradient.size() != batch_.count * output::size)
      throw Error("training: expected a gradient of " + std::to_string(batch_.count) + " x " +
                  std::to_string(output::size) + " numbers, got " + std::to_string(gradient.size()));
    std::copy(gradient.begin(), gradient.end(), output_gradient_.data());
    has_gradient_ = true;
    run_back();
  }
  void backward(Rows<const T> gradient) { backward(flat(gradient, output::size)); }
  template <class Given>
    requires(!std::convertible_to<const Given&, double> && !std::convertible_to<const Given&, std::span<const T>> &&
             !std::convertible_to<const Given&, Rows<const T>>)
  void backward(const Given&) {
    detail::refuse<wrong_argument<argument<"backward", "gradient">, takes<a_weight_or_the_gradient_at_the_output>,
                                  but_gets<Given>, write<"trainer.loss(); trainer.backward()">>>();
  }

  /// From now on `backward` also computes the gradient at the inputs. Takes memory for the largest batch.
  void want_input_gradient() {
    if (input_gradient_.size() == 0) input_gradient_ = Arena<T>(M::input::size * capacity_);
  }
  /// What the last `backward` sends to the inputs, a row for each sample, several inputs one behind the other.
  Rows<const T> input_gradient() const {
    if (!has_input_gradient_)
      throw Error("training: expected want_input_gradient, forward and backward before input_gradient, got " +
                  std::string(input_gradient_.size() == 0 ? "no want_input_gradient" : "no backward since forward"));
    return {input_gradient_.data(), batch_.count, M::input::size};
  }
  /// Multiplies the gradients since `zero_grad`.
  void scale_gradients(double factor) { gradients_.scale(factor); }
  /// Adds a penalty's gradient; once a step, before clipping. Returns the penalty.
  template <class R>
  double regularize(const R& regularizer) {
    using Mistake = typename decltype(detail::judge_is_regularizer<"regularize", "regularizer",
                                                                   "trainer.regularize(L2{1e-4})", R>())::type;
    if constexpr (!detail::refuse<Mistake>() || !detail::is_regularizer<R>) {
      return 0;
    } else {
      static_assert(detail::choose_something<network>(detail::selections<R>));
      return detail::penalize<network, T>(regularizer, std::as_const(model_->parameters()).span(),
                                          gradients_.present());
    }
  }
  /// One step of the optimizer.
  void step() {
    check_options(optimizer_);  // a schedule or a callback may have changed them
    ++steps_;
    state_.step(optimizer_, workers_, sharding_ ? sharding_.threads() : spaces_.size(), model_->parameters().span(),
                gradients_.present().data(), steps_);
    accumulated_ = 0;
    if (sharding_ && sharding_.ranks()) sharding_.ranks()->at_step(steps_);
  }
  /// Between `backward` and `step`; see optim/clip.hpp. Returns the norm before clipping.
  double clip_grad_norm(double max_norm, double norm_type = 2) { return gradients_.clip_norm(max_norm, norm_type); }
  void clip_grad_value(double clip_value) { gradients_.clip_value(clip_value); }

  /// The learning rate of the next step, for schedules: `trainer.set_lr(schedule(1e-3, epoch))`.
  double lr() const { return optimizer_.lr; }
  void set_lr(double rate) { optimizer_.lr = rate; }
  template <class Schedule>
    requires(!std::convertible_to<const Schedule&, double>)
  void set_lr(const Schedule&) {
    detail::refuse<wrong_argument<argument<"set_lr", "rate">, takes<a_learning_rate>, but_gets<Schedule>,
                                  write<"trainer.set_lr(schedule(1e-3, epoch))">>>();
  }
  void set_momentum(double momentum) { tenon::set_momentum(optimizer_, momentum); }

  /// The next `backward` starts from zero. Costs nothing: it overwrites instead of adding.
  void zero_grad() {
    gradients_.forget();
    accumulated_ = 0;
  }

  /// Calls f(name, value, gradient) for every trainable parameter, with spans. See `gradients`.
  template <class F>
  void for_each_parameter(F f) {
    const std::span<T> all = gradients();
    for (const ParameterEntry& entry : parameter_table<network>)
      if (entry.trainable) f(entry.name, model_->values(entry), all.subspan(entry.offset, entry.size));
  }

  /// Where, on the current batch, the first number that is not finite appears, in words.
  std::string find_non_finite() {
    if (sharding_) return find_non_finite_in_shards();
    if (std::string sample = detail::describe_non_finite_sample(batch_); !sample.empty()) return sample;
    NonFiniteTrace<T> trace;
    for (size_t part = 0; part < parts(); ++part) forward_part(part, &trace);
    const UnitRow* unit = trace.first == NonFiniteTrace<T>::none ? nullptr : &unit_table<Trained>[trace.first];
    return detail::describe_non_finite_layer(unit, non_finite_parameter());
  }
  /// The parameter whose gradient holds a NaN or an infinity; empty where all are finite. Of several the one nearest
  /// to the loss, where backward begins.
  std::string_view non_finite_gradient() const {
    return gradients_.find_non_finite(parameter_table<network>.data(), parameter_table<network>.size());
  }
  /// The first parameter that holds a NaN or an infinity; empty where all are finite.
  std::string_view non_finite_parameter() const { return detail::non_finite_parameter(*model_); }

  /// Parameters, running statistics, the optimizer's arrays, its rate and its step, to or from a checkpoint.
  void archive(Archive& a) {
    if (!a.writing()) state_.make_room();
    for (const ParameterEntry& entry : parameter_table<network>) {
      const std::span dims(entry.dims, entry.rank);
      {
        const Archive::Scope scope(a, "model");
        a.tensor(entry.name, dims, model_->values(entry));
      }
      for (size_t k = 0; k < (entry.trainable ? states : 0); ++k) {
        const Archive::Scope scope(a, "optimizer", k);
        a.tensor(entry.name, dims, std::span<T>(state_.whole(k) + entry.offset, entry.size));
      }
    }
    if constexpr (needs.state > 0) {
      const size_t dims[]{capacity_, needs.state};
      a.tensor("sequence_states", dims, sequence_states_.span());
    }
    a.value("lr", optimizer_.lr);
    a.value("step", steps_);
    if (!a.writing() && !a.checking()) state_.take_own();
  }
  /// Where optimizer state is split over ranks, all of them call the first before one writes an archive, and the second
  /// afterwards.
  void gather_states() { state_.gather(); }
  void drop_states() { state_.drop(); }

  /// The sequences of the next batch start anew. Until then layers that are `stateful` go on where the
  /// batch before ended, sample by sample.
  void reset_states() { std::fill_n(sequence_states_.data(), sequence_states_.size(), T(0)); }

  /// How many shards a batch is cut into at most; 0: batches are not cut. The ranks that share them, or null.
  size_t shards() const { return sharding_ && !sharding_.of_threads() ? sharding_.most_shards() : 0; }
  Communicator* ranks() const { return sharding_ ? sharding_.ranks() : nullptr; }
  /// Which rows of a batch this rank works on, for DataLoader::only.
  RowShare rows_of_rank() const {
    if (shards() == 0) return {};
    return {shards(), sharding_.rank(), sharding_.size()};
  }
  std::span<const T> model_numbers() const { return std::as_const(*model_).parameters().span(); }
  /// In shards, once `loss` has been asked for: how many classes of the whole batch were predicted correctly.
  const detail::ClassCount& class_count() const { return sharding_.classes(); }

  M& model() { return *model_; }
  O& optimizer() { return optimizer_; }
  const L& loss_function() const { return loss_; }
  std::uint64_t steps() const { return steps_; }
  Rows<const T> outputs() const { return {output_.data(), batch_.count, output::size}; }

  /// The gradients of all parameters in the order of their arena, with the zeros between one's and the next. Where they
  /// are split over ranks (`Distributed world{{.zero = 1}}`) these send each other theirs, so that all have to ask.
  std::span<T> gradients() { return gradients_.all(); }

private:
  /// What the whole batch takes, beside its rows.
  static constexpr size_t per_sample = needs.state + 2 * output::size + Aim::template scratch<output>;

  /// All that the samples of a batch take can be counted, and addressed.
  static constexpr size_t checked(size_t batch_size) {
    detail::check_batch_size("training", batch_size,
                             sizeof(T) * (per_sample + answers + M::input::size + Space::sample));
    return batch_size;
  }
  void check_count(size_t count) const {
    if (count > capacity_)
      throw Error("training: expected batches of at most " + std::to_string(capacity_) + " samples, got " +
                  std::to_string(count));
  }
  void check_forward() const {
    if (batch_.count == 0) throw Error("training: expected forward before loss and backward, got none");
  }
  static std::span<const T> flat(Rows<const T> rows, size_t size) {
    if (rows.count > 1 && rows.stride != size)
      throw Error("training: expected rows of " + std::to_string(size) + " numbers, one behind the other, got rows " +
                  std::to_string(rows.stride) + " apart");
    return {rows.data, rows.count * size};
  }
  size_t parts() const { return std::clamp<size_t>(batch_.count / Space::smallest_part, 1, spaces_.size()); }
  Range part_range(size_t part) const {
    const size_t first = part * batch_.count / parts();
    return {first, (part + 1) * batch_.count / parts() - first};
  }
  template <class F>
  void for_each_part(F&& work) {
    workers_.run(parts(), work);
  }
  typename M::context context_of(Range range) const {
    typename M::context ctx{};
    ctx.seed = seed_;
    ctx.step = steps_;
    ctx.first_sample = accumulated_ + range.first;
    return ctx;
  }
  Rows<const T> run() {
    has_gradient_ = has_input_gradient_ = false;
    if (sharding_) return run_shards(false);
    for_each_part([this](size_t part) { forward_part(part, nullptr); });
    return y();
  }
  void run_back() {
    const Rows<T> dx{input_gradient_.data(), batch_.count, M::input::size};
    if (sharding_) return run_shards_back(dx);
    for_each_part([this, dx](size_t part) {
      const Range range = part_range(part);
      typename M::context ctx = context_of(range);
      ctx.overwrite_gradients = part > 0 || gradients_.forgotten();
      backward_rows(ctx, memory(part), range, dx);
    });
    if (parts() > 1) add_gradients();
    has_input_gradient_ = static_cast<bool>(dx);
    gradients_.written();
    accumulated_ += batch_.count;
  }
  void forward_part(size_t part, NonFiniteTrace<T>* watcher) {
    const Range range = part_range(part);
    typename M::context ctx = context_of(range);
    ctx.trace.watcher = watcher;
    forward_rows(ctx, memory(part), range);
  }
  /// The network over some rows. Code for it is made once, whoever calls: in parts or in shards.
  [[gnu::noinline]] void forward_rows(typename M::context& ctx, const Memory<T>& memory, Range range) {
    run_forward<Bound>(ctx, memory, detail::rows_of(x(), range), detail::rows_of(y(), range), Training{});
  }
  [[gnu::noinline]] void backward_rows(typename M::context& ctx, const Memory<T>& memory, Range range, Rows<T> dx) {
    run_backward<Bound>(ctx, memory, detail::rows_of(x(), range), detail::rows_of(Rows<const T>(y()), range),
                        detail::rows_of(Rows<const T>(dy()), range), dx ? detail::rows_of(dx, range) : Rows<T>{});
  }

  /// Each thread adds up a piece of the arena, in the order of the parts.
  void add_gradients() {
    const size_t count = parts();
    workers_.run(count, [&](size_t number) {
      const Range piece = detail::piece_of({0, layout.trainable_size}, number, count);
      T* sum = gradients_.arena().data() + piece.first;
      for (size_t part = 1; part < count; ++part) {
        const T* more = spaces_[part].gradients.data() + piece.first;
        for (size_t i = 0; i < piece.count; ++i) sum[i] += more[i];
      }
    });
  }

  // --- batches in shards: a space for each shard of this rank, all with gradients of their own

  void make_places() {
    if (const std::string_view layer = detail::find_keeping_apart<Bound>(); !layer.empty())
      throw Error("training on threads or in shards: expected layers whose running statistics are those of the whole "
                  "batch, got " +
                  std::string(layer));
    if constexpr (needs.state > 0)
      if (sharding_.size() > 1)
        throw Error(
            "training on several ranks: expected a network without layers that are stateful, got one with such");
    spaces_.reserve(sharding_.places());
    for (size_t k = 0; k < sharding_.places(); ++k) {
      spaces_.emplace_back(sharding_.largest_shard(), true);
      sharding_.add_place(spaces_[k].gradients.data());
    }
  }
  void share_statistics(Space& space) const {
    for (const auto& [first, size] : detail::running_statistics<network>)
      std::copy_n(model_->buffers().data() + first, size, space.buffers.data() + first);
  }
  Range shard_range(size_t k) const { return {sharding_.first_of(k), sharding_.count_of(k)}; }
  Memory<T> shard_memory(size_t k) {
    Space& space = spaces_[k];
    return space_memory(space, space.gradients, k == 0 ? model_->buffers() : space.buffers, shard_range(k));
  }
  /// All shards find the same running statistics: the first one's are the model's.
  Rows<const T> run_shards(bool watched) {
    sharding_.expect_same_start(detail::compiler_name<Trainer>(), model_numbers(), seed_, lr(), capacity_);
    sharding_.cut(batch_.count);
    for (size_t k = 1; k < sharding_.own(); ++k) share_statistics(spaces_[k]);
    NonFiniteTrace<T>* const watchers = watched ? sharding_.watchers() : nullptr;
    sharding_.for_each(workers_, [&, this](size_t k) {
      const Range range = shard_range(k);
      typename M::context ctx = context_of(range);
      ctx.shard = sharding_.place_of(k);
      if (watchers) ctx.trace.watcher = watchers + k;
      forward_rows(ctx, shard_memory(k), range);
    });
    return y();
  }
  void run_shards_back(Rows<T> dx) {
    sharding_.begin_sum(gradients_.arena().span(), !gradients_.forgotten());
    sharding_.for_each(workers_, [&, this](size_t k) {
      const Range range = shard_range(k);
      typename M::context ctx = context_of(range);
      ctx.shard = sharding_.place_of(k);
      ctx.watch = sharding_.watch_of(k);
      ctx.overwrite_gradients = true;
      backward_rows(ctx, shard_memory(k), range, dx);
    });
    sharding_.finish_sum(workers_);
    has_input_gradient_ = static_cast<bool>(dx);
    gradients_.written();
    accumulated_ += batch_.count;
  }
  /// Of all ranks that find something the one that finds it first, in the order of layers.
  std::string find_non_finite_in_shards() {
    std::string words = sharding_.describe_samples(batch_);
    run_shards(true);
    const std::uint32_t unit = sharding_.first_seen();
    const double order = words.empty() ? 1 + static_cast<double>(unit) : 0;
    if (words.empty())
      words = detail::describe_non_finite_layer(unit == NonFiniteTrace<T>::none ? nullptr : &unit_table<Trained>[unit],
                                                non_finite_parameter());
    return sharding_.agree_on(std::move(words), order);
  }

  Rows<const T> x() const { return {batch_.features.data(), batch_.count, M::input::size}; }
  Rows<T> y() { return {output_.data(), batch_.count, output::size}; }
  Rows<T> dy() { return {output_gradient_.data(), batch_.count, output::size}; }
  Memory<T> memory(size_t part) {
    Space& space = spaces_[part];
    return space_memory(space, part == 0 ? gradients_.arena() : space.gradients, model_->buffers(), part_range(part));
  }
  Memory<T> space_memory(Space& space, Arena<T>& gradients, Arena<T>& buffers, Range samples) {
    return {
        .parameters = {.values = model_->parameters().data(),
                       .gradients = gradients.data(),
                       .buffers = buffers.data(),
                       .constants = std::as_const(*model_).buffers().data()},
        .workspace = {space.saved.data(), space.saved_fixed.data(), space.scratch.data(), space.scratch_fixed.data()},
        .state = {sequence_states_.data() + samples.first * needs.state, needs.state}};
  }

  M* model_;
  L loss_;
  O optimizer_;
  size_t capacity_;
  std::uint64_t seed_;
  detail::Sharding<T> sharding_;  // false: batches are not cut into shards
  Workers workers_;
  std::vector<Space> spaces_{};
  detail::Gradients<T> gradients_;
  detail::OptimizerState<network, O, T> state_;
  Arena<T> output_;
  Arena<T> output_gradient_;
  Arena<T> input_gradient_{};  // empty unless it is wanted
  Arena<T> values_;
  Arena<T> sequence_states_;
  Batch<T> batch_{};
  detail::TermValues terms_{};
  std::uint64_t steps_ = 0;
  size_t accumulated_ = 0;  // samples that this step has had its gradients from
  bool answered_ = false;
  bool has_gradient_ = false;  // at the output
  bool has_input_gradient_ = false;
};

}  // namespace tenon
