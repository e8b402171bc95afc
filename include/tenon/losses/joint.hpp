#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include <tenon/expr/edges.hpp>
#include <tenon/losses/loss.hpp>
#include <tenon/net/mistakes.hpp>
#include <tenon/net/refuse.hpp>
#include <tenon/options.hpp>

/// Losses of networks with several outputs:
///
///     on<"digit">(CrossEntropy{}) + 0.5 * on<"value">(MeanSquaredError{})
///
/// The first compares the output "digit" with the data's column of that name; `on<"decoder", "image">(...)` names
/// another column, which may be one of the features. A formula may read several outputs of one shape, and compares with
/// nothing:
///
///     constexpr auto kl = -0.5 * sum(1 + in<"log_variance"> - square(in<"mean">) - exp(in<"log_variance">));
///     on<"decoder", "image">(BinaryCrossEntropy{.reduction = Reduction::batchmean}) + FormulaLoss<kl>{}
///
/// It may look at the whole batch, here at how much each feature of a code varies in it (VICReg, Bardes et al. 2022):
///
///     constexpr auto spread = max(0, 1 - sqrt(batch_variance(in<"code">) + 1e-4));
///     on<"digit">(CrossEntropy{}) + 0.5 * FormulaLoss<spread>{}
///
/// A loss that compares the samples of a batch with each other in another way names what it reads, and gets all of it
/// (losses/info_nce.hpp):
///
///     using reads = detail::list<expr::Edge<"a">, expr::Edge<"b">>;
///     template <class T> double evaluate_outputs(const OutputArguments<T, 2>&) const;
namespace tenon {

/// What a loss of a whole batch is given: N outputs of one width, room for a value a sample, and where the gradients
/// go, rows one behind the other, or nullptrs where none is asked for.
template <class T, size_t N>
struct OutputArguments {
  std::array<Rows<const T>, N> outputs{};
  std::array<T*, N> gradient{};
  size_t width = 0, count = 0;
  std::span<T> values{};
  std::span<const T> weights{};  // one per sample; empty: all 1
};

/// A loss of one output, or, without a name, a formula of several; times `weight`.
template <fixed_string Output, fixed_string Column, class L>
struct OutputLoss {
  L loss{};
  double weight = 1;

  using loss_type = L;
  static constexpr std::string_view output = Output.view();
  /// The data's column it compares with.
  static constexpr std::string_view column = Column.view().empty() ? Output.view() : Column.view();
  static constexpr bool names_column = !Column.view().empty();

  static constexpr void each_option(auto& o, auto visit) {
    visit("weight", o.weight, any_number);
    visit(o.loss);
  }
};

namespace detail {

template <fixed_string O, fixed_string C, class L>
inline constexpr bool is_of_outputs<OutputLoss<O, C, L>> = true;

}  // namespace detail

/// The sum of several losses, each of its own output.
template <class... Term>
struct JointLoss {
  std::tuple<Term...> terms{};
  Reduction reduction = Reduction::mean;

  static constexpr void each_option(auto& o, auto visit) {
    std::apply([&](auto&... term) { (visit(term), ...); }, o.terms);
  }
};

namespace detail {

template <class... T>
inline constexpr bool is_of_outputs<JointLoss<T...>> = true;

template <class L>
inline constexpr bool is_term = false;
template <fixed_string O, fixed_string C, class L>
inline constexpr bool is_term<OutputLoss<O, C, L>> = true;
template <class L>
inline constexpr bool is_joint = false;
template <class... T>
inline constexpr bool is_joint<JointLoss<T...>> = true;
/// A formula that says by name which outputs it reads.
template <class L>
inline constexpr bool reads_outputs = false;
template <SaysFormula L>
inline constexpr bool reads_outputs<L> = expr::names_its_inputs<expr::lift<L::formula>>;
template <ReadsBatches L>
inline constexpr bool reads_outputs<L> = true;

/// The names of what such a loss reads.
template <class L>
struct outputs_read {
  using type = expr::edges_of<expr::lift<L::formula>>;
};
template <ReadsBatches L>
struct outputs_read<L> {
  using type = typename L::reads;
};

/// Loss formula `E` of outputs, which it names.
template <class E>
using OutputProgram = LossFormula<expr::Canonical<expr::with_numbered_edges<E, false>>,
                                  static_cast<int>(expr::edges_of<E>::size)>;

/// Whether a loss compares the samples of a batch with each other: of parts of a batch it is another one.
template <class L>
inline constexpr bool compares_samples = ReadsBatches<L>;
template <SaysFormula L>
inline constexpr bool compares_samples<L> = [] {
  if constexpr (reads_outputs<L>) return OutputProgram<expr::lift<L::formula>>::per_batch;
  else return LossProgram<expr::lift<L::formula>>::per_batch;
}();
template <fixed_string O, fixed_string C, class L>
inline constexpr bool compares_samples<OutputLoss<O, C, L>> = compares_samples<L>;
template <class... T>
inline constexpr bool compares_samples<JointLoss<T...>> = (compares_samples<T> || ...);

/// The name of the first such loss; empty where there is none.
template <class L>
constexpr std::string_view comparing(const L* = nullptr) {
  return compares_samples<L> ? short_name<L>() : std::string_view{};
}
template <fixed_string O, fixed_string C, class L>
constexpr std::string_view comparing(const OutputLoss<O, C, L>*) {
  return comparing<L>();
}
template <class... T>
constexpr std::string_view comparing(const JointLoss<T...>*) {
  std::string_view name;
  ((name = name.empty() ? comparing(static_cast<const T*>(nullptr)) : name), ...);
  return name;
}

/// Whether a loss says which outputs of a network it is of.
template <class L>
inline constexpr bool says_outputs = is_term<L> || is_joint<L> || reads_outputs<L>;

template <class L>
constexpr auto as_joint(const L& loss) {
  if constexpr (is_joint<L>) return loss;
  else if constexpr (is_term<L>) return JointLoss<L>{{loss}};
  else return JointLoss<OutputLoss<"", "", L>>{{OutputLoss<"", "", L>{loss}}};
}
template <class L>
using joint_of = decltype(as_joint(std::declval<const L&>()));

}  // namespace detail

/// `on<"digit">(CrossEntropy{})`: the loss of that output, compared with the column of its name, or with `Column`.
template <fixed_string Output, fixed_string Column = "", class L>
  requires(!requires(L & metric) { metric.reset(); })  // of a metric: metrics/bound.hpp
constexpr OutputLoss<Output, Column, L> on(L loss) { return {std::move(loss)}; }

/// The sum of losses of several outputs. A loss that does not say its output is refused.
template <class A, class B>
  requires(detail::says_outputs<A>&& detail::says_outputs<B>)
constexpr auto operator+(const A& a, const B& b) {
  return []<class... X, class... Y>(const JointLoss<X...>& first, const JointLoss<Y...>& second) {
    return JointLoss<X..., Y...>{std::tuple_cat(first.terms, second.terms)};
  }(detail::as_joint(a), detail::as_joint(b));
}
/// A loss that does not say of which output it is cannot be added.
template <class L, class Takes, class Write>
struct loss_of_no_output;
struct a_loss_that_says_its_output;

namespace detail {

template <class L>
using says_no_output = loss_of_no_output<L, takes<a_loss_that_says_its_output>, write<"on<\"name\">(loss)">>;
template <class L>
concept PlainLoss = !says_outputs<L> && Loss<L>;

}  // namespace detail

/// Refused: say which output the loss is of.
template <fixed_string O, fixed_string C, class L, detail::PlainLoss Plain>
constexpr auto operator+(const OutputLoss<O, C, L>& a, const Plain&) {
  static_assert(detail::refuse<detail::says_no_output<Plain>>());
  return detail::as_joint(a);
}
template <fixed_string O, fixed_string C, class L, detail::PlainLoss Plain>
constexpr auto operator+(const Plain&, const OutputLoss<O, C, L>& a) {
  static_assert(detail::refuse<detail::says_no_output<Plain>>());
  return detail::as_joint(a);
}
template <class... T, detail::PlainLoss Plain>
constexpr auto operator+(const JointLoss<T...>& a, const Plain&) {
  static_assert(detail::refuse<detail::says_no_output<Plain>>());
  return detail::as_joint(a);
}

/// The number is of any type: clang looks at a signature before the requirement, and at an operator of two numbers no
/// further.
template <class Number, class A>
  requires(std::is_arithmetic_v<Number>&& detail::says_outputs<A>)
constexpr auto operator*(Number number, const A& a) {
  const auto factor = static_cast<double>(number);
  auto joint = detail::as_joint(a);
  std::apply([factor](auto&... term) { ((term.weight *= factor), ...); }, joint.terms);
  return joint;
}
template <class A, class Number>
  requires(std::is_arithmetic_v<Number>&& detail::says_outputs<A>)
constexpr auto operator*(const A& a, Number factor) { return factor * a; }

namespace detail {

/// The reduced value of formula E of some outputs of `width` numbers; gradients go to `gradient`, contiguous, unless
/// absent.
template <class E, class T, size_t N>
double run_output_formula(const std::array<Rows<const T>, N>& outputs, const std::array<T*, N>& gradient, size_t width,
                          size_t count, Reduction reduction, std::span<T> values, std::span<const T> weights) {
  using Program = OutputProgram<E>;
  const double rows = weight_of_rows(count, weights);
  const double by = divisor(reduction, rows, Program::per_element ? rows * static_cast<double>(width) : rows);
  if (by == 0) {
    for (T* g : gradient)
      if (g) std::fill_n(g, width * count, T(0));
    return 0;
  }
  expr::Arguments<T> a;
  a.count = count;
  a.width = width;
  a.row_values = values.data();
  for (size_t k = 0; k < N; ++k) a.input[k] = {outputs[k].data, outputs[k].stride};
  if (gradient[0]) {
    a.seed_value = static_cast<T>(1 / by);
    for (size_t k = 0; k < N; ++k) a.store[k] = {gradient[k], width};
    run_loss_loops<typename Program::ValueAndGradient>(a, weights);
  } else {
    run_loss_loops<typename Program::Value>(a, weights);
  }
  double sum = 0;
  for (size_t i = 0; i < count; ++i) {
    const T weight = weights.empty() ? T(1) : weights[i];
    sum += weight == T(0) ? 0 : static_cast<double>(weight * values[i]);
    for (size_t k = 0; !Program::per_batch && !weights.empty() && k < N; ++k)
      for (size_t j = 0; gradient[k] && j < width; ++j)
        gradient[k][i * width + j] = weight == T(0) ? T(0) : weight * gradient[k][i * width + j];
  }
  return sum / by;
}

}  // namespace detail
}  // namespace tenon
