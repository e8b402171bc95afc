#pragma once

#include <cstddef>
#include <type_traits>
#include <utility>

#include <tenon/layers/identity.hpp>
#include <tenon/net/concat.hpp>
#include <tenon/net/sequential.hpp>

namespace tenon {

namespace detail {

/// The first branch of a stage, which passes on what has been joined so far.
template <class Given>
struct SkipBinding {
  using bound = typename bind<Identity, Given>::type;
  using output = Given;
};

/// Stage K of a dense block, which From gives what has been joined so far: L makes new channels of it, and both are
/// joined. It reads value 2 K of the graph and gives value 2 K + 2.
template <size_t K, class Given, class From, class L>
struct DenseStage {
  using layer = Concat<Identity, L>;
  using binding = bind_at<unnamed<L>, Given, typename element<L>::template path_at<1>, from_input>;
  using output = joined_shape<Given, typename binding::output>;
  using mistakes = relocate<
      path<static_cast<int>(K)>, From,
      join<decltype(judge_names<Identity, L>()), typename must_join<binding, Given, layer>::type>>;
  using last = from_layer<path<static_cast<int>(K)>, layer>;
  using bound = ShownElements<list<SkipBinding<Given>, binding>, Identity, L>;
  using nodes = list<NodeAt<typename binding::bound, 2 * K>, NodeAt<JoinOf<output>, 2 * K, 2 * K + 1>>;
};

template <class Done, class Output, class From, class... L>
struct dense_stages {
  using stages = Done;
  using output = Output;
};
template <class... Done, class Given, class From, class L, class... Rest>
struct dense_stages<list<Done...>, Given, From, L, Rest...>
    : dense_stages<list<Done..., DenseStage<sizeof...(Done), Given, From, L>>,
                   typename DenseStage<sizeof...(Done), Given, From, L>::output,
                   typename DenseStage<sizeof...(Done), Given, From, L>::last, Rest...> {};

/// A graph of one input whose last node gives the output.
template <class In, class Out, class Nodes>
struct graph_of_nodes;
template <class In, class Out, class... Node>
struct graph_of_nodes<In, Out, list<Node...>> {
  using type = BoundGraph<In, Out, OutputValues<sizeof...(Node)>, Node...>;
};

/// The first list with something in it.
template <class... Mistakes>
struct first_mistakes {
  using type = list<>;
};
template <class... Mistake, class... Rest>
struct first_mistakes<list<Mistake...>, Rest...> {
  using type = list<Mistake...>;
};
template <class... Rest>
struct first_mistakes<list<>, Rest...> : first_mistakes<Rest...> {};

/// What is wrong with a layer is said of the first of its copies.
template <class First, class... Stage>
struct mistakes_of_stages {
  using type = std::conditional_t<(std::is_same_v<typename First::layer, typename Stage::layer> && ...),
                                  typename first_mistakes<typename First::mistakes, typename Stage::mistakes...>::type,
                                  join<typename First::mistakes, typename Stage::mistakes...>>;
};

template <class In, class Out, class Stages>
struct BoundDenseBlock;
template <class In, class Out, class... Stage>
struct BoundDenseBlock<In, Out, list<Stage...>> : graph_of_nodes<In, Out, join<typename Stage::nodes...>>::type,
                                                  ShownElements<list<Stage...>, typename Stage::layer...> {
  using mistakes = typename mistakes_of_stages<Stage...>::type;
};

/// Every layer is given the input and the outputs of all layers before it. What is joined lies in one place: each layer
/// reads the first channels of it, and writes the next.
template <class... L>
struct DenseChain {
  template <class In>
  struct at : BoundDenseBlock<In, typename dense_stages<list<>, In, from_input, L...>::output,
                              typename dense_stages<list<>, In, from_input, L...>::stages> {};
};

template <class L, class Copies>
struct dense_block_of;
template <class L>
struct dense_block_of<L, std::index_sequence<>> {
  using type = Identity;
};
template <class L, size_t... Copy>
struct dense_block_of<L, std::index_sequence<Copy...>> {
  template <size_t>
  using one = L;
  using type = DenseChain<one<Copy>...>;
};

/// Stages with other layers in them are a dense block again; anything else is a chain.
template <class... Part>
struct dense_chain_of {
  using type = Sequential<Part...>;
};
template <class... L>
struct dense_chain_of<Concat<Identity, L>...> {
  using type = DenseChain<L...>;
};

}  // namespace detail

/// N layers (or chains) of which each is given the outputs of all before it, and the input, joined along the channels,
///     x_k = f_k([x_0, x_1, ..., x_k-1]),   y = [x_0, x_1, ..., x_N]:
/// Huang et al. 2017. Channels grow by L's each time. Parameters: `2.1.weight` is the third's.
///
///     using Block = DenseBlock<4, Sequential<BatchNorm2D<>, ReLU, Conv2D<12, 3, padding<1>>>>;
template <size_t N, class L>
struct DenseBlock {
  using invalid = std::conditional_t<N == 0, takes<one_or_more_layers>, void>;
  template <class In>
  using at = typename detail::dense_block_of<L, std::make_index_sequence<N>>::type::template at<In>;
};

template <class... L>
struct composition<detail::DenseChain<L...>> : detail::described<Structure::chain, Concat<Identity, L>...> {
  template <class... Part>
  using with = typename detail::dense_chain_of<Part...>::type;
};
template <size_t N, class L>
  requires(N > 0)
struct composition<DenseBlock<N, L>>
    : composition<typename detail::dense_block_of<L, std::make_index_sequence<N>>::type> {};

namespace detail {

template <class... L>
struct declared_input<DenseChain<L...>> : declared_input<Sequential<Concat<Identity, L>...>> {};
template <size_t N, class L>
  requires(N > 0)
struct declared_input<DenseBlock<N, L>> : declared_input<Concat<Identity, L>> {};

}  // namespace detail
}  // namespace tenon
