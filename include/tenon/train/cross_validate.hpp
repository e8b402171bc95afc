#pragma once

#include <tenon/net/refuse.hpp>  // first: compilers print the path of includes that leads to an error

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>

#include <tenon/data/folds.hpp>
#include <tenon/error.hpp>
#include <tenon/model/any_model.hpp>
#include <tenon/net/type_name.hpp>
#include <tenon/train/comparison.hpp>
#include <tenon/train/fit.hpp>

/// One training after the other: of the same network on other samples, or of other networks on the same.
namespace tenon {

struct a_network_as_its_first_template_argument;
struct networks_as_its_template_arguments;
struct a_number_of_folds;

namespace detail {

template <class Net, class T, class L, class O, class C, class R, class Ms>
CrossValidation train_folds(const Dataset<T>& data, const Fit<L, O, C, R, Ms>& how, size_t folds) {
  if (!how.validation.empty() || how.validation_split != 0)
    throw Error(
        "cross_validate: expected a Fit without validation data, as each fold is tested on its own, got one with");
  CrossValidation result;
  std::uint64_t k = 0;
  for (const Fold& fold : k_folds(data, folds, how.seed)) {
    const Dataset<T> train = data.subset(fold.train), test = data.subset(fold.test);
    Model<Net, T> model{how.seed + k++};
    auto one = how;
    one.validation = test;
    result.folds.push_back(fit(model, train, one));
  }
  return result;
}

template <class Folds>
constexpr auto judge_folds() {
  if constexpr (std::is_convertible_v<Folds, size_t>) return std::type_identity<void>{};
  else
    return std::type_identity<
        wrong_argument<argument<"cross_validate", "folds">, takes<a_number_of_folds>, but_gets<Folds>>>{};
}

}  // namespace detail

/// Trains a new model of the network on all folds but one, and tests it on that one, for each of them; the initial
/// weights of fold k are those of seed + k. `how` is that of fit, without validation data, which are the fold's. A
/// callback that is a variable is called in all of them. Throws an Error where k_folds does (data/folds.hpp).
///
///     const auto result = cross_validate<Net>(digits(), Fit{.epochs = 20, .seed = 1}, 5);
///     std::puts(result.text().c_str());
template <class Net, class D, class How = Fit<>, class Folds = size_t>
CrossValidation cross_validate(const D& data, const How& how = {}, const Folds& folds = 5) {
  using Mistake = typename detail::first_mistake<typename decltype(detail::judge_data_set<"cross_validate", D>())::type,
                                                 typename detail::judge_how<"cross_validate", How>::type,
                                                 typename decltype(detail::judge_folds<Folds>())::type>::type;
  if constexpr (!std::is_void_v<Mistake>) {
    detail::refuse<Mistake>();
    return {};
  } else {
    const Dataset<typename D::value_type>& samples = data;
    return detail::train_folds<Net>(samples, how, static_cast<size_t>(folds));
  }
}

/// Without a network there is nothing to train.
template <std::floating_point T, class L, class O, class C, class R, class Ms>
CrossValidation cross_validate(const Dataset<T>&, const Fit<L, O, C, R, Ms>&, size_t = 5) {
  detail::refuse<wrong_argument<argument<"cross_validate", "Net">, takes<a_network_as_its_first_template_argument>,
                                but_gets<Dataset<T>, Fit<L, O, C, R, Ms>>, write<"cross_validate<Net>(data, how)">>>();
  return {};
}

/// Calls f.operator()<Net>() for each: `for_each_network<A, B>([&]<class Net>() { ... })`.
template <class... Net, class F>
void for_each_network(F f) {
  (f.template operator()<Net>(), ...);
}
/// The same with numbers: `for_each_width<16, 32>([&]<size_t Width>() { ... })`.
template <size_t... Width, class F>
void for_each_width(F f) {
  (f.template operator()<Width>(), ...);
}

namespace detail {

template <class N>
struct chosen {
  using network = N;
  static std::string name() { return std::string(type_name<N>()); }
};
template <fixed_string Name, class N>
struct chosen<Choice<Name, N>> {
  using network = N;
  static std::string name() { return std::string(Name.view()); }
};

/// What is wrong with a sweep, or void.
template <fixed_string Function, class D, class How, bool HasNetworks>
struct judge_sweep
    : first_mistake<
          std::conditional_t<HasNetworks, void,
                             wrong_argument<argument<Function, "Net">, takes<networks_as_its_template_arguments>,
                                            but_gets<D, How>, write<"sweep<A, B>(data, how)">>>,
          typename decltype(judge_data_set<Function, D>())::type, typename judge_how<Function, How>::type> {};

template <class Net, class T, class How>
Sweep::Row trained_row(std::string name, const Dataset<T>& data, const How& how) {
  Model<Net, T> model{how.seed};
  Sweep::Row row{std::move(name), Model<Net, T>::parameter_count, {}};
  row.history = fit(model, data, how);
  return row;
}

}  // namespace detail

/// Trains a new model of each network, with the same Fit and initial weights of its seed. A network may come with a
/// name:
///
///     const auto result = sweep<Choice<"one layer", A>, Choice<"two", B>>(train, Fit{.epochs = 20, .validation =
///     test}); std::puts(result.text().c_str());
///     result.plot().save("sweep.svg");
template <class... Net, class D, class How = Fit<>>
Sweep sweep(const D& data, const How& how = {}) {
  using Mistake = typename detail::judge_sweep<"sweep", D, How, (sizeof...(Net) > 0)>::type;
  Sweep result;
  if constexpr (!std::is_void_v<Mistake>) {
    detail::refuse<Mistake>();
  } else {
    const Dataset<typename D::value_type>& samples = data;
    (result.rows.push_back(
         detail::trained_row<typename detail::chosen<Net>::network>(detail::chosen<Net>::name(), samples, how)),
     ...);
  }
  return result;
}
/// The same over a list of widths, or whatever number a network is made of: `sweep_widths<Mlp, 16, 32, 64>(train,
/// Fit{...})`.
template <template <size_t> class Net, size_t... Width, class D, class How = Fit<>>
Sweep sweep_widths(const D& data, const How& how = {}) {
  using Mistake = typename detail::judge_sweep<"sweep_widths", D, How, (sizeof...(Width) > 0)>::type;
  Sweep result;
  if constexpr (!std::is_void_v<Mistake>) {
    detail::refuse<Mistake>();
  } else {
    const Dataset<typename D::value_type>& samples = data;
    (result.rows.push_back(detail::trained_row<Net<Width>>(std::to_string(Width), samples, how)), ...);
  }
  return result;
}

}  // namespace tenon
