#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

#include "support/layer_check.hpp"

/// Layers of several inputs, alone: a sample is one row, the inputs one behind the other.
namespace tenon::test {

namespace detail {

template <class L, std::uint32_t Asked, class... S>
struct FedUnit {
  using bound = typename L::template at<Inputs<S...>>;
  static constexpr std::size_t N = sizeof...(S);
  using input = Shape<Inputs<S...>::size>;
  using output = typename bound::output;
  static constexpr auto parameters = bound::parameters;
  using initializers = typename bound::initializers;
  static constexpr Needs needs = [] {
    Needs n = bound::needs;
    n.backward_reads_input &= (1U << N) - 1;
    return n;
  }();

  template <class Mode, class Ctx, class T>
  static constexpr void forward(Ctx& ctx, const Memory<T>& m, Rows<const T> x, Rows<T> y, Mode mode) {
    bound::forward(ctx, m, tenon::detail::split_inputs<Inputs<S...>>(x), y, mode);
  }
  /// Inputs that backward says it does not read are not there, and neither are gradients that nobody asks for.
  template <class Ctx, class T>
  static constexpr void backward(Ctx& ctx, const Memory<T>& m, Rows<const T> x, Rows<const T> y, Rows<const T> dy,
                                 Rows<T> dx) {
    auto parts = tenon::detail::split_inputs<Inputs<S...>>(x);
    auto slopes = tenon::detail::split_inputs<Inputs<S...>>(dx);
    const std::uint32_t sent = tenon::detail::sends_to<bound>() & Asked;
    for (std::size_t k = 0; k < N; ++k) {
      if ((bound::needs.backward_reads_input >> k & 1U) == 0) parts[k].data = nullptr;
      if (sent >> k & 1U) continue;
      for (std::size_t i = 0; slopes[k] && i < dy.count; ++i) std::fill_n(slopes[k][i], Inputs<S...>::sizes[k], T(0));
      slopes[k].data = nullptr;
    }
    bound::backward(ctx, m, parts, y, dy, slopes);
  }
};

}  // namespace detail

/// A layer given the inputs S..., of whose gradients the bits of `Asked` are wanted.
template <class L, std::uint32_t Asked, class... S>
struct Fed {
  template <class In>
  using at = detail::FedUnit<L, Asked, S...>;
};
template <class L, class... S>
using AloneWith = Alone<Fed<L, ~std::uint32_t{0}, S...>, Inputs<S...>::size>;

/// The gradients of all inputs, and that each comes out the same where the others are not asked for.
template <class L, class... S>
void check_input_gradients(GradientOptions options = {}) {
  check_gradients<AloneWith<L, S...>>(options);
  const auto pass = [&]<std::uint32_t Asked>(std::integral_constant<std::uint32_t, Asked>) {
    NetworkRun<Alone<Fed<L, Asked, S...>, Inputs<S...>::size>, double> run{3};
    detail::draw(run, options, 7);
    run.forward(Training{});
    run.backward();
    CHECK(run.faults.empty());
    auto gradients = run.parameter_gradients();
    return std::array<std::vector<double>, 2>{run.dx.values(), gradients};
  };
  CAPTURE(type_name<L>());
  const auto all = pass(std::integral_constant<std::uint32_t, ~std::uint32_t{0}>{});
  [&]<std::size_t... K>(std::index_sequence<K...>) {
    const auto compare = [&]<std::size_t Input>(std::integral_constant<std::size_t, Input>) {
      const auto one = pass(std::integral_constant<std::uint32_t, (1U << Input)>{});
      CHECK(one[1] == all[1]);
      constexpr std::size_t size = Inputs<S...>::size, first = Inputs<S...>::offsets[Input];
      for (std::size_t i = 0; i < 3 * size; ++i)
        if (i % size >= first && i % size < first + Inputs<S...>::sizes[Input]) CHECK(one[0][i] == all[0][i]);
    };
    (compare(std::integral_constant<std::size_t, K>{}), ...);
  }
  (std::index_sequence_for<S...>{});
}

/// Values and gradients of a layer that has no parameters and keeps nothing, called by itself, which is quick to
/// compile.
template <class L, class... S>
void check_golden_values(const Golden& golden, const std::string& name) {
  using All = Inputs<S...>;
  constexpr std::size_t N = sizeof...(S);
  INFO(name);
  const auto of = [&](const char* what) { return golden.values(name + "." + what); };
  const std::vector<double> x = of("x"), dy = of("dy"), expected = of("y");
  REQUIRE(x.size() % All::size == 0);
  const std::size_t batch = x.size() / All::size;
  std::vector<double> y(expected.size(), 1e300), dx(x.size(), 1e300);
  const Rows<const double> from{x.data(), batch, All::size}, slope{dy.data(), batch, dy.size() / batch};
  const Rows<double> to{y.data(), batch, y.size() / batch}, back{dx.data(), batch, All::size};
  PlainContext<double> context;
  const auto pass = [&]<class Bound>(std::type_identity<Bound>, const auto& in, const auto& out) {
    static_assert(Bound::parameters.empty() && Bound::needs.saved.sample == 0 && Bound::needs.forward.sample == 0);
    REQUIRE(batch * Bound::output::size == y.size());
    Bound::forward(context, Memory<double>{}, in, to, Training{});
    Bound::backward(context, Memory<double>{}, in, Rows<const double>{}, slope, out);
  };
  if constexpr (N == 1) pass(std::type_identity<typename L::template at<S...>>{}, from, back);
  else
    pass(std::type_identity<typename L::template at<All>>{}, tenon::detail::split_inputs<All>(from),
         tenon::detail::split_inputs<All>(back));
  detail::check_values(y, expected, 1e-12, 1, "y");
  detail::check_values(dx, of("dx"), 1e-12, 1, "dx");
}

}  // namespace tenon::test
