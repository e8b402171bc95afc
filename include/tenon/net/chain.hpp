#pragma once

#include <array>
#include <cstddef>
#include <type_traits>

#include <tenon/net/check.hpp>
#include <tenon/net/fusion.hpp>
#include <tenon/net/plan.hpp>
#include <tenon/net/run.hpp>
#include <tenon/net/tree.hpp>
#include <tenon/type_list.hpp>

/// Binding a chain of layers from left to right: shapes flow, neighbours fuse, mistakes are
/// collected.
namespace tenon {

template <size_t... D>
struct Input;

namespace detail {

/// One pass over the data: a bound layer, or several fused into one, the elements First, First + 1,
/// ... of the chain.
template <class Bound, size_t First, size_t Count>
struct Unit {
  using bound = Bound;
  static constexpr size_t first = First;
  static constexpr size_t count = Count;
};

/// A chain as bound so far. The last unit waits in `Pending` for a neighbour to fuse with.
template <class Units, class Pending, class Elements, class Mistakes, class Output, class Last, size_t Index>
struct Chain {
  using units = Units;
  using pending = Pending;
  using elements = Elements;
  using mistakes = Mistakes;
  using output = Output;
  using last = Last;
  using index = std::integral_constant<size_t, Index>;  // a type: a variable would be mangled with all the lists
};

template <class In>
using EmptyChain = Chain<list<>, void, list<>, list<>, In, from_input, 0>;

template <class Units, class Pending>
struct flush {
  using type = append<Units, Pending>;
};
template <class Units>
struct flush<Units, void> {
  using type = Units;
};
/// The units of a chain, the waiting one included.
template <class Chain>
using all_units = typename flush<typename Chain::units, typename Chain::pending>::type;

template <class Pending, class L, class Mistakes>
struct fuse {
  using type = void;
};
template <class Bound, size_t First, size_t Count, class L>
struct fuse<Unit<Bound, First, Count>, L, list<>> {
  using type = typename fusion<Bound, L>::type;
};

/// The layer becomes part of the unit before it.
template <class Fused, class Chain, class E, class Path>
struct add_unit {
  using output = typename Fused::output;
  using unit = Unit<Fused, Chain::pending::first, Chain::pending::count + 1>;
  using type = detail::Chain<typename Chain::units, unit, append<typename Chain::elements, Element<E, output>>,
                             typename Chain::mistakes, output, from_layer<Path, unnamed<E>>, Chain::index::value + 1>;
};
/// The layer stays apart, as a unit of its own or none at all.
template <class Chain, class E, class Path>
struct add_unit<void, Chain, E, Path> {
  using placed = bind_at<unnamed<E>, typename Chain::output, Path, typename Chain::last>;
  using bound = typename placed::bound;
  using output = typename bound::output;
  using unit = std::conditional_t<Passthrough<bound>, void, Unit<bound, Chain::index::value, 1>>;
  using type = detail::Chain<all_units<Chain>, unit, append<typename Chain::elements, Element<E, output>>,
                             join<typename Chain::mistakes, typename placed::mistakes>, output, typename placed::last,
                             Chain::index::value + 1>;
};

template <class Chain, class E>
struct extend {
  using path = typename element<E>::template path_at<Chain::index::value>;
  using judged = decltype(judge<unnamed<E>, typename Chain::output, path, typename Chain::last>());
  using fused = typename fuse<typename Chain::pending, unnamed<E>, typename judged::mistakes>::type;
  using type = typename add_unit<fused, Chain, E, path>::type;
};
/// `Input` is no element: it has no index and does nothing but check.
template <class Chain, size_t... D>
struct extend<Chain, Input<D...>> {
  using judged = decltype(judge<Input<D...>, typename Chain::output, path<>, typename Chain::last>());
  using type = detail::Chain<typename Chain::units, typename Chain::pending, typename Chain::elements,
                             join<typename Chain::mistakes, typename judged::mistakes>, typename judged::input,
                             from_layer<path<>, Input<D...>>, Chain::index::value>;
};

template <class Chain, class... L>
struct bind_chain {
  using type = Chain;
};
template <class Chain, class A, class... Rest>
struct bind_chain<Chain, A, Rest...> : bind_chain<typename extend<Chain, A>::type, Rest...> {};

/// What a chain is once it is bound: a layer of its own, made of units that run one after another.
template <class In, class Chain, class Units = all_units<Chain>, class Elements = typename Chain::elements>
struct BoundChain;

template <class In, class Chain, class... U, class... E>
struct BoundChain<In, Chain, list<U...>, list<E...>> {
  using input = In;
  using output = typename Chain::output;
  using elements = list<E...>;
  using mistakes = join<typename Chain::mistakes, decltype(judge_names<typename E::layer...>())>;
  using last = typename Chain::last;

  static constexpr bool passthrough = sizeof...(U) == 0;
  static constexpr auto plan = make_chain_plan(std::array<Layout, sizeof...(U)>{layout_of<typename U::bound>...});
  static constexpr Layout layout = plan.layout;
  static constexpr Needs needs = layout.needs;
  static constexpr bool adds_to_dx = [] {  // as its first layer, which is the last on the way back
    const bool each[]{detail::adds_to_dx<typename U::bound>..., false};
    return each[0];
  }();

  static constexpr std::array<ElementInfo, sizeof...(E) + 1> infos{
      element_info<typename E::layer, typename E::output>()...};
  static constexpr std::array<Branch, sizeof...(U) + 1> branches{branch_of<typename U::bound>(U::first, U::count)...};
  static constexpr Tree tree{.kind = TreeKind::composition,
                             .elements = infos.data(),
                             .element_count = sizeof...(E),
                             .units = branches.data(),
                             .unit_count = sizeof...(U)};

  template <class Mode, class Ctx, class T>
  static constexpr void forward(Ctx& ctx, Memory<T> memory, Rows<const T> x, Rows<T> y, Mode) {
    if constexpr (passthrough) {
      copy_rows(x, y, input::size);
    } else {
      ForwardWalk<Ctx, T, Mode> walk{ctx, memory, y, plan.slots.data(), x};
      if constexpr (Mode::training) {
        const int in_order[] = {(walk.template step_apart<typename U::bound>(), 0)...};
        static_cast<void>(in_order);
      } else {
        const int in_order[] = {(walk.template step<typename U::bound>(), 0)...};
        static_cast<void>(in_order);
      }
    }
  }

  template <class Ctx, class T>
  static constexpr void backward(Ctx& ctx, Memory<T> memory, Rows<const T> x, Rows<const T> y, Rows<const T> dy,
                                 Rows<T> dx) {
    if constexpr (passthrough) {
      if (dx) copy_rows(dy, dx, input::size);
    } else {
      const size_t first_needed = dx ? 0 : first_to_learn;
      BackwardWalk<Ctx, T> walk{ctx, memory, x, y, dy, dx, plan.slots.data(), sizeof...(U), first_needed};
      walk_back(walk, reverse<list<U...>>{});
    }
  }

  /// Calls visit.operator()<Bound>() for each unit in order.
  template <class Visit>
  static constexpr void visit_units(Visit&& visit) {
    const int in_order[] = {0, (visit.template operator()<typename U::bound>(), 0)...};
    static_cast<void>(in_order);
  }

private:
  static constexpr size_t first_to_learn = [] {
    size_t first = 0;
    for (const Layout& unit : std::array<Layout, sizeof...(U)>{layout_of<typename U::bound>...}) {
      if (!unit.fixed()) break;
      ++first;
    }
    return first;
  }();

  template <class Walk, class... Back>
  static constexpr void walk_back(Walk& walk, list<Back...>) {
    const int in_order[] = {(walk.template step<typename Back::bound>(), 0)...};
    static_cast<void>(in_order);
  }
};

/// The layers L... bound one after the other to the input shape In.
template <class In, class... L>
using chain_at = BoundChain<In, typename bind_chain<EmptyChain<In>, L...>::type>;

}  // namespace detail
}  // namespace tenon
