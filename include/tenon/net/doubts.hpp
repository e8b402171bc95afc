#pragma once

#include <cstddef>
#include <type_traits>

#include <tenon/net/composition.hpp>
#include <tenon/net/named.hpp>
#include <tenon/type_list.hpp>

/// What is legal in a network and hardly ever meant: a Softmax that reads what a Softmax gives (it flattens what the
/// first has made), and a Softmax at the end of a Residual (probabilities are added to the block's input). A Model of
/// such a network is a warning where it is made; with TENON_STRICT defined the network is refused, with the place.
/// LogSoftmax counts as Softmax does. Nodes of a Graph, which say themselves what they read, are not looked at.
namespace tenon {

/// `softmax_twice<layer<path<3>, Softmax>, from_layer<path<2>, Softmax>>`
template <class Layer, class From>
struct softmax_twice;
/// `softmax_in_a_residual_sum<layer<path<1, 2>, Softmax>>`
template <class Layer>
struct softmax_in_a_residual_sum;

namespace detail {

/// Layers that turn scores into probabilities, or into their logarithms, specialise it.
template <class L>
inline constexpr bool is_softmax = false;

/// Whether what is read goes into a Softmax first, whether what is given comes out of one, and whether something
/// inside is doubted.
struct SoftmaxEnds {
  bool first = false, last = false, doubted = false;
};

template <class L>
constexpr SoftmaxEnds find_softmax_ends();
template <class L>
inline constexpr SoftmaxEnds softmax_ends = find_softmax_ends<L>();

template <class L, class... Part>
constexpr SoftmaxEnds join_softmax_ends(list<Part...>) {
  constexpr Structure what = structure_of<L>;
  constexpr size_t count = sizeof...(Part);
  constexpr SoftmaxEnds ends[count + 1] = {softmax_ends<unnamed<Part>>...};
  SoftmaxEnds all{};
  for (size_t i = 0; i < count; ++i)
    all.doubted = all.doubted || ends[i].doubted || (is_chain_like(what) && i > 0 && ends[i - 1].last && ends[i].first);
  if constexpr (count > 0 && what == Structure::residual) {
    all.doubted = all.doubted || ends[count - 1].last;
  } else if constexpr (count > 0 && what != Structure::gate && what != Structure::unpool && !is_branched(what)) {
    all.first = ends[0].first;
    all.last = ends[count - 1].last;
    if constexpr (what == Structure::copies)
      all.doubted = all.doubted || (composition<L>::count > 1 && all.first && all.last);
  }
  return all;
}

template <class L>
constexpr SoftmaxEnds find_softmax_ends() {
  if constexpr (structure_of<L> == Structure::leaf) return {is_softmax<L>, is_softmax<L>, false};
  else if constexpr (structure_of<L> == Structure::graph) return {};
  else return join_softmax_ends<L>(parts_of<L>{});
}

/// Whether a network is warned of. Its layers' types alone are looked at: no shapes, nothing is bound.
#ifdef TENON_STRICT
template <class Net>
inline constexpr bool is_doubted = false;  // it is refused
#else
template <class Net>
inline constexpr bool is_doubted = softmax_ends<unnamed<Net>>.doubted;
#endif

template <class Path, class Step>
struct deeper;
template <auto... A, auto... B>
struct deeper<path<A...>, path<B...>> {
  using type = path<A..., B...>;
};

/// What is doubted in the network L at Path: a mistake for each place.
template <class Path, class L>
constexpr auto find_doubts();

/// Part I and those behind it; Before is the from_layer of the part before it, where that gives probabilities.
template <class L, class Path, size_t I, class Before>
constexpr auto find_doubts_of(list<>) {
  return list<>{};
}
template <class L, class Path, size_t I, class Before, class A, class... Rest>
constexpr auto find_doubts_of(list<A, Rest...>) {
  constexpr Structure what = structure_of<L>;
  constexpr SoftmaxEnds ends = softmax_ends<unnamed<A>>;
  using Step = std::conditional_t<is_wrapper(what), path<>, typename element<A>::template path_at<I>>;
  using Here = typename deeper<Path, Step>::type;
  using Doubtful = layer<Here, unnamed<A>>;
  using From = from_layer<Here, unnamed<A>>;
  constexpr bool last = sizeof...(Rest) == 0 && ends.last, first = ends.first;
  constexpr bool added = last && what == Structure::residual, copied = last && first && what == Structure::copies;
  constexpr bool again = first && is_chain_like(what) && !std::is_void_v<Before>;
  return join<std::conditional_t<again, list<softmax_twice<Doubtful, Before>>, list<>>,
              std::conditional_t<copied, list<softmax_twice<Doubtful, From>>, list<>>,
              decltype(find_doubts<Here, unnamed<A>>()),
              std::conditional_t<added, list<softmax_in_a_residual_sum<Doubtful>>, list<>>,
              decltype(find_doubts_of<L, Path, I + 1, std::conditional_t<ends.last, From, void>>(list<Rest...>{}))>{};
}

template <class Path, class L>
constexpr auto find_doubts() {
  if constexpr (softmax_ends<L>.doubted) return find_doubts_of<L, Path, 0, void>(parts_of<L>{});
  else return list<>{};
}

/// Those of a whole network.
template <class Net>
using doubts = decltype(find_doubts<typename element<Net>::own_path, unnamed<Net>>());

}  // namespace detail
}  // namespace tenon
