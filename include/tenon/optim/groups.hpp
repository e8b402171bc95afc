#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <tuple>
#include <utility>

#include <tenon/net/mistakes.hpp>
#include <tenon/net/refuse.hpp>
#include <tenon/net/select.hpp>
#include <tenon/optim/optimizer.hpp>

namespace tenon {

/// Lamb is none: it scales its step to each parameter as a whole.
struct an_optimizer_that_treats_all_parameters_alike;

namespace detail {

/// Stands for one that has been refused, so that nothing more is said of it.
struct RefusedOptimizer {
  double lr = 0;
  static constexpr int states = 0;

  template <class O>
  explicit(false) constexpr RefusedOptimizer(const O&) {
    refuse<wrong_argument<argument<"Groups", "optimizer">, takes<an_optimizer_that_treats_all_parameters_alike>,
                          but_gets<O>>>();
  }
  static constexpr void each_option(auto&, auto) {}
  template <class T>
  void update(const OptimizerArrays<T, 0>&, std::uint64_t) const {}
};

}  // namespace detail

/// An optimizer for the parameters of a selection; see `Groups`.
template <class Selection, Optimizer O>
struct Group {
  O optimizer{};
};
template <class Selection, Optimizer O>
constexpr Group<Selection, O> group(O optimizer) {
  return {optimizer};
}
template <class Selection, class O>
  requires(!Optimizer<O>)
constexpr Group<Selection, detail::RefusedOptimizer> group(O optimizer) { return {optimizer}; }

/// Different settings, or even optimizers, for different parameters: PyTorch's parameter groups, chosen by
/// the compiler.
///
///     Groups{AdamW{.lr = 1e-3},                                                 // for all others
///            group<by_name<"*.bias">>(AdamW{.lr = 1e-3, .weight_decay = 0}),
///            group<by_name<"head.*">>(AdamW{.lr = 1e-2})}
///
/// A parameter belongs to the first group that selects it. A schedule moves `lr`, the rate of the first
/// optimizer, and every group's rate by the same factor.
template <Optimizer Base, class... G>
struct Groups;

namespace detail {

/// What is no group is refused where the optimizer is given to `fit` or a Trainer (train/arguments.hpp).
template <class G>
struct group_traits {
  struct none {
    static constexpr int states = 0;
  };
  using selection = none;
  using optimizer = none;
  static constexpr bool is_group = false;
};
template <class Selection, Optimizer O>
struct group_traits<Group<Selection, O>> {
  using selection = Selection;
  using optimizer = O;
  static constexpr bool is_group = true;
};

/// Runs an optimizer on some ranges of the arrays, which begin with number `first` of the arena.
template <Optimizer O, class T, size_t States, class R>
void update_ranges(const O& optimizer, const OptimizerArrays<T, States>& all, const R& ranges, std::uint64_t step,
                   size_t first) {
  constexpr size_t own = static_cast<size_t>(O::states);
  for (const Range& range : ranges) {
    const Range here = range.within(first, all.count);
    if (here.size == 0) continue;
    const size_t at = here.offset - first;
    OptimizerArrays<T, own> part{all.parameters + at, all.gradients + at, {}, here.size};
    for (size_t k = 0; k < own; ++k) part.state[k] = all.state[k] + at;
    optimizer.update(part, step);
  }
}

/// The number of the first selection that chooses a parameter, from 0; the number of selections where none does.
template <class... Selection>
constexpr size_t first_choice(const ParameterEntry& entry) {
  size_t number = 0;
  static_cast<void>((... || (chooses(Selection{}, entry) || (++number, false))));
  return number;
}

}  // namespace detail

template <Optimizer Base, class... G>
struct Groups {
  double lr;
  Base base;
  std::tuple<G...> groups;

  constexpr explicit Groups(Base all_others, G... some) : lr(all_others.lr), base(all_others), groups(some...) {}

  static constexpr bool has_groups_alone = (detail::group_traits<G>::is_group && ...);
  static constexpr int states = std::max(
      {static_cast<int>(Base::states), static_cast<int>(detail::group_traits<G>::optimizer::states)...});

  /// The arrays may be those of a part of the network's parameters, which begins with number `first` of their arena.
  template <class Net, class T>
  void update(const OptimizerArrays<T, static_cast<size_t>(states)>& arrays, std::uint64_t step,
              size_t first = 0) const {
    const double factor = base.lr == 0 ? 1 : lr / base.lr;
    [&]<size_t... I>(std::index_sequence<I...>) {
      (run<Net, I>(std::get<I>(groups).optimizer, arrays, step, first, factor), ...);
      run<Net, sizeof...(G)>(base, arrays, step, first, factor);
    }
    (std::index_sequence_for<G...>{});
  }

  static constexpr void each_option(auto& o, auto visit) {
    visit("lr", o.lr, at_least(0));
    visit(o.base);
    std::apply([&](auto&... g) { (visit(g.optimizer), ...); }, o.groups);
  }

  /// Sets the momentum of all of them; see set_momentum (optim/optimizer.hpp).
  constexpr void set_momentum(double momentum) {
    tenon::set_momentum(base, momentum);
    std::apply([&](auto&... g) { (tenon::set_momentum(g.optimizer, momentum), ...); }, groups);
  }

private:
  template <class Net, size_t Number, Optimizer O, class T, size_t States>
  static void run(O optimizer, const OptimizerArrays<T, States>& arrays, std::uint64_t step, size_t first,
                  double factor) {
    static constexpr auto ranges = detail::ranges_of<Net>([](const ParameterEntry& entry) {
      return detail::first_choice<typename detail::group_traits<G>::selection...>(entry) == Number;
    });
    optimizer.lr *= factor;
    detail::update_ranges(optimizer, arrays, ranges, step, first);
  }
};
template <Optimizer Base, class... G>
Groups(Base, G...) -> Groups<Base, G...>;
template <class Base, class... G>
  requires(!Optimizer<Base>)
Groups(Base, G...)
->Groups<detail::RefusedOptimizer, G...>;

namespace detail {

template <class Base, class... G>
inline constexpr list<typename group_traits<G>::selection...> selections<Groups<Base, G...>>{};

}  // namespace detail

}  // namespace tenon
