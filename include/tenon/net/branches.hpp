#pragma once

#include <array>
#include <cstddef>
#include <type_traits>
#include <utility>

#include <tenon/net/check.hpp>
#include <tenon/net/first_input.hpp>
#include <tenon/net/graph_units.hpp>
#include <tenon/net/tree.hpp>

/// Branches: several layers fed with the same input. Add sums what they give, Concat joins it.
/// Either way the gradient of the input is the sum of what the branches send back.
namespace tenon::detail {

/// What a composition of elements in their slots, each a unit, shows of itself.
template <class Slots, class... L>
struct ShownElements;
template <class... Binding, class... L>
struct ShownElements<list<Binding...>, L...> {
  using elements = list<Element<L, typename Binding::output>...>;
  static constexpr size_t count = sizeof...(L);
  static constexpr std::array<ElementInfo, count> infos{element_info<L, typename Binding::output>()...};
  static constexpr auto branches = [] {
    size_t next = 0;
    return std::array<Branch, count>{branch_of<typename Binding::bound>(next++, 1)...};
  }();
  static constexpr Tree tree{.kind = TreeKind::composition,
                             .elements = infos.data(),
                             .element_count = count,
                             .units = branches.data(),
                             .unit_count = count};
};

/// A node that reads the nodes 0, 1, ... of a graph with one input.
template <class Bound, class Index>
struct reads_all;
template <class Bound, size_t... I>
struct reads_all<Bound, std::index_sequence<I...>> {
  using type = NodeAt<Bound, (I + 1)...>;
};

/// The branches L... bound to In: `Joined` side by side, or summed.
template <bool Joined, class Output, class In, class Slots, class... L>
struct BoundBranches;

template <bool Joined, class Output, class In, class... Binding, class... L>
struct BoundBranches<Joined, Output, In, list<Binding...>, L...>
    : BoundGraph<In, Output, OutputValues<sizeof...(L) + 1>, NodeAt<typename Binding::bound, 0>...,
                 typename reads_all<std::conditional_t<Joined, JoinOf<Output>, SumOf<Output>>,
                                    std::index_sequence_for<L...>>::type>,
      ShownElements<list<Binding...>, L...> {};

/// Every branch in its slot: fed from where the whole is fed.
template <class In, class Index, class... L>
struct slot_branches;
template <class In, size_t... I, class... L>
struct slot_branches<In, std::index_sequence<I...>, L...> {
  using type = list<bind_at<unnamed<L>, In, typename element<L>::template path_at<I>, from_input>...>;
};
template <class In, class... L>
using slots = typename slot_branches<In, std::index_sequence_for<L...>, L...>::type;

/// The first branch that says what it takes decides for all.
template <class... L>
struct declared_by_branches : first_declared<void, 0, L...> {};

}  // namespace tenon::detail
