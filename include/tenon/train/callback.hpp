#pragma once

#include <tuple>
#include <type_traits>
#include <utility>

#include <tenon/data/loader.hpp>
#include <tenon/net/mistakes.hpp>
#include <tenon/options.hpp>

/// A callback is any type with at least one of these members; `run` is a TrainingRun (train/training_run.hpp).
///
///     on_train_begin(run)   before the first epoch
///     on_epoch_begin(run)
///     on_batch(run, batch)  before a batch goes forward; its features and targets may be changed
///     on_gradients(run)     the gradients of a step are complete, regularised and clipped; they may be changed
///     on_step_end(run)      the weights have moved
///     on_epoch_end(run)     run.record() is the epoch's
///     on_train_end(run)     also after run.stop()
///     on_non_finite(run)    the loss is NaN or infinite: to return true is to end training without an Error
///
/// Its settings are checked before the first epoch if it says what they may be (options.hpp).
/// One whose state a resumed run needs has `archive(Archive&)`. Those of a list are called one
/// after the other:
///
///     EarlyStopping stopping{.patience = 5};
///     fit(model, train, Fit{.epochs = 100, .validation = test,
///                           .callbacks = callbacks(stopping, CSVLogger{"run.csv"}, OnEpochEnd{[](auto& run) { ...
///                           }})});
///
/// A variable (`stopping`) is used where it is and can be asked afterwards; constants and temporaries are
/// copied into the list.
namespace tenon {

/// A list of callbacks, which `callbacks(...)` makes.
template <class... C>
struct Callbacks {
  std::tuple<C...> list;

  static constexpr void each_option(auto& o, auto visit) {
    std::apply([&](auto&... callback) { (visit(callback), ...); }, o.list);
  }

  template <class F>
  void each(F f) {
    std::apply([&](auto&... callback) { (f(callback), ...); }, list);
  }
};
template <>
struct Callbacks<> {
  template <class F>
  void each(F) {}
};

namespace detail {

/// A callback by reference, or a copy of one that is const or temporary.
template <class C>
using held_callback = std::conditional_t<std::is_lvalue_reference_v<C> && !std::is_const_v<std::remove_reference_t<C>>,
                                         C, std::remove_cvref_t<C>>;

}  // namespace detail

/// A list of callbacks: a named one is referred to, a temporary one is kept.
template <class... C>
Callbacks<detail::held_callback<C>...> callbacks(C&&... callback) {
  if constexpr (sizeof...(C) == 0) return {};
  else return {std::tuple<detail::held_callback<C>...>(std::forward<C>(callback)...)};
}

/// Something in a list of callbacks has none of the members of one.
template <class T, class Takes>
struct not_a_callback;
struct a_type_with_on_epoch_end_or_another_member_of_a_callback;

namespace detail {

template <class C, class Run>
concept CallbackOf = requires(C& c, Run& run) {
  c.on_train_begin(run);
}
|| requires(C& c, Run& run) { c.on_epoch_begin(run); }
|| requires(C& c, Run& run) { c.on_gradients(run); }
|| requires(C& c, Run& run, Batch<typename Run::scalar>& batch) { c.on_batch(run, batch); }
|| requires(C& c, Run& run) { c.on_step_end(run); }
|| requires(C& c, Run& run) { c.on_epoch_end(run); }
|| requires(C& c, Run& run) { c.on_train_end(run); }
|| requires(C& c, Run& run) { c.on_non_finite(run); };

/// The name of a callback's member is ambiguous here if `C` has it, whatever arguments it takes: that finds templates
/// too.
struct CallbackNames {
  int on_train_begin, on_epoch_begin, on_batch, on_gradients, on_step_end, on_epoch_end, on_train_end, on_non_finite;
};
template <class C>
struct WithCallbackNames : C, CallbackNames {};

/// The first member with a callback's name that cannot be called as one, or void.
template <class C, class Run>
constexpr auto judge_members() {
  using Names = WithCallbackNames<C>;
  if constexpr (
      !requires { &Names::on_train_begin; } && !requires(C & c, Run & run) { c.on_train_begin(run); })
    return std::type_identity<takes<write<"on_train_begin(auto& run)">>>{};
  else if constexpr (
      !requires { &Names::on_epoch_begin; } && !requires(C & c, Run & run) { c.on_epoch_begin(run); })
    return std::type_identity<takes<write<"on_epoch_begin(auto& run)">>>{};
  else if constexpr (
      !requires { &Names::on_batch; } &&
      !requires(C & c, Run & run, Batch<typename Run::scalar> & batch) { c.on_batch(run, batch); })
    return std::type_identity<takes<write<"on_batch(auto& run, auto& batch)">>>{};
  else if constexpr (
      !requires { &Names::on_gradients; } && !requires(C & c, Run & run) { c.on_gradients(run); })
    return std::type_identity<takes<write<"on_gradients(auto& run)">>>{};
  else if constexpr (
      !requires { &Names::on_step_end; } && !requires(C & c, Run & run) { c.on_step_end(run); })
    return std::type_identity<takes<write<"on_step_end(auto& run)">>>{};
  else if constexpr (
      !requires { &Names::on_epoch_end; } && !requires(C & c, Run & run) { c.on_epoch_end(run); })
    return std::type_identity<takes<write<"on_epoch_end(auto& run)">>>{};
  else if constexpr (
      !requires { &Names::on_train_end; } && !requires(C & c, Run & run) { c.on_train_end(run); })
    return std::type_identity<takes<write<"on_train_end(auto& run)">>>{};
  else if constexpr (
      !requires { &Names::on_non_finite; } && !requires(C & c, Run & run) { c.on_non_finite(run); })
    return std::type_identity<takes<write<"bool on_non_finite(auto& run)">>>{};
  else return std::type_identity<void>{};
}

/// What is wrong with one callback, or void.
template <class C, class Run>
constexpr auto judge_callback() {
  if constexpr (!CallbackOf<C, Run>) {
    return std::type_identity<not_a_callback<C, takes<a_type_with_on_epoch_end_or_another_member_of_a_callback>>>{};
  } else if constexpr (std::is_final_v<C>) {
    return std::type_identity<void>{};
  } else {
    using Problem = typename decltype(judge_members<C, Run>())::type;
    return std::type_identity<std::conditional_t<std::is_void_v<Problem>, void, not_a_callback<C, Problem>>>{};
  }
}
/// The same of all of them.
template <class Run>
constexpr auto judge_callbacks(std::type_identity<Callbacks<>>) {
  return std::type_identity<void>{};
}
template <class Run, class First, class... Rest>
constexpr auto judge_callbacks(std::type_identity<Callbacks<First, Rest...>>) {
  using Mistake = typename decltype(judge_callback<std::remove_reference_t<First>, Run>())::type;
  if constexpr (!std::is_void_v<Mistake>) return std::type_identity<Mistake>{};
  else return judge_callbacks<Run>(std::type_identity<Callbacks<Rest...>>{});
}

}  // namespace detail

/// A callback that is a function, for those that need no type. Keras: LambdaCallback.
///
///     fit(model, train, Fit{.callbacks = callbacks(OnEpochEnd{[](auto& run) { std::printf("%g\n", run.lr()); }})});
template <class F>
struct OnEpochEnd {
  F call;
  void on_epoch_end(auto& run) { call(run); }
};
template <class F>
OnEpochEnd(F) -> OnEpochEnd<F>;
template <class F>
struct OnStepEnd {
  F call;
  void on_step_end(auto& run) { call(run); }
};
template <class F>
OnStepEnd(F) -> OnStepEnd<F>;
template <class F>
struct OnGradients {
  F call;
  void on_gradients(auto& run) { call(run); }
};
template <class F>
OnGradients(F) -> OnGradients<F>;

}  // namespace tenon
