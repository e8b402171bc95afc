#pragma once

#include <type_traits>

#include <tenon/init/initializer.hpp>
#include <tenon/layers/formula/split.hpp>
#include <tenon/type_list.hpp>

/// What lies between the matrix products of a formula, and what its parameters start as.
namespace tenon::detail {

/// One stage of a formula: what is computed before a product, or at last the result.
template <class F, bool Channelwise = false>
struct Stage {
  using formula = F;
  using parameters = expr::parameters_of<F>;
  using program = expr::Program<expr::Canonical<F>, Channelwise>;
  static constexpr int input = -1;  // not a plain input
};
template <int K>
struct Stage<expr::Input<K>> {
  using formula = expr::Input<K>;
  using parameters = list<>;
  using program = expr::Program<expr::Input<K>>;
  static constexpr int input = K;
};

template <class Products>
struct stages_of;
template <class... P>
struct stages_of<list<P...>> {
  using type = list<Stage<typename operand_of<P, list<P...>>::type>...>;
};

/// The initialiser among a parameter's options, or what PyTorch would take: Linear's for a matrix,
/// zeros otherwise.
template <bool Matrix, class... O>
struct initializer_among {
  using type = std::conditional_t<Matrix, LinearDefault, Zeros>;
};
template <bool Matrix, class First, class... O>
struct initializer_among<Matrix, First, O...>
    : std::conditional_t<Initializer<First>, std::type_identity<First>, initializer_among<Matrix, O...>> {};

template <class P>
struct parameter_initializer;
template <fixed_string N, class... O>
struct parameter_initializer<expr::Parameter<N, O...>> {
  using shape = typename declared_shape<O...>::type;
  static constexpr bool matrix = [] {
    if constexpr (std::is_void_v<shape>) return false;
    else return shape::rank == 2;
  }();
  using type = typename initializer_among<matrix, O...>::type;
};

template <class List>
struct initializers_of;
template <class... P>
struct initializers_of<list<P...>> {
  using type = Initializers<typename parameter_initializer<P>::type...>;
};

}  // namespace tenon::detail
