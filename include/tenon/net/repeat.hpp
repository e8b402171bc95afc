#pragma once

#include <array>
#include <cstddef>
#include <type_traits>
#include <utility>

#include <tenon/net/check.hpp>
#include <tenon/net/composition.hpp>
#include <tenon/net/first_input.hpp>
#include <tenon/net/graph_outputs.hpp>
#include <tenon/net/graph_units.hpp>
#include <tenon/net/inputs.hpp>
#include <tenon/net/plan.hpp>
#include <tenon/net/run.hpp>
#include <tenon/net/tree.hpp>
#include <tenon/type_list.hpp>

namespace tenon {

struct one_or_more_copies;

namespace detail {

/// What copies of a block look like: the block once, and how often it is there.
template <class Block, class Placed, size_t N>
struct ShownCopies {
private:
  static constexpr ElementInfo info = element_info<Block, typename Placed::output>();
  static constexpr Branch branch = branch_of<typename Placed::bound>(0, 1);

public:
  using elements = list<Element<Block, typename Placed::output>>;
  static constexpr Tree tree{
      .kind = TreeKind::loop, .elements = &info, .element_count = 1, .units = &branch, .unit_count = 1, .copies = N};
};

template <class Block, class In>
using placed_copy = bind_at<unnamed<Block>, In, path<0>, from_input>;

template <class Whole, class In, size_t N, class Block>
struct BoundRepeat : ShownCopies<Block, placed_copy<Block, In>, N> {
  using placed = placed_copy<Block, In>;
  using block = typename placed::bound;
  static constexpr auto plan = [] {
    std::array<Layout, N> each;
    each.fill(layout_of<block>);
    return make_chain_plan(each);
  }();

  using input = In;
  using output = In;
  using mistakes = typename must_give<placed, In, Whole>::type;

  static constexpr bool passthrough = Passthrough<block>;
  static constexpr Layout layout = plan.layout;
  static constexpr Needs needs = layout.needs;

  template <class Mode, class Ctx, class T>
  static constexpr void forward(Ctx& ctx, Memory<T> memory, Rows<const T> x, Rows<T> y, Mode) {
    ForwardWalk<Ctx, T, Mode> walk{ctx, memory, y, plan.slots.data(), x};
    for (size_t copy = 0; copy < N; ++copy) walk.template step<block>();
  }

  template <class Ctx, class T>
  static constexpr void backward(Ctx& ctx, Memory<T> memory, Rows<const T> x, Rows<const T> y, Rows<const T> dy,
                                 Rows<T> dx) {
    if (!dx && layout.fixed()) return;
    BackwardWalk<Ctx, T> walk{ctx, memory, x, y, dy, dx, plan.slots.data(), N, 0};
    for (size_t copy = 0; copy < N; ++copy) walk.template step<block>();
  }

  template <class Visit>
  static constexpr void visit_units(Visit&& visit) {
    for (size_t copy = 0; copy < N; ++copy) visit.template operator()<block>();
  }
};

/// The nodes that copies of a block of several inputs are. What a block of one output gives is the first input of the
/// next copy, and all read the same further inputs; of a block that gives what it takes (`Joint`) all outputs are
/// inputs of the next copy: behind its node stands one more for each of them.
template <class Block, class In, bool Joint, class K = std::make_index_sequence<In::count>>
struct CopyNodes;
template <class Block, class... S, bool Joint, size_t... K>
struct CopyNodes<Block, Inputs<S...>, Joint, std::index_sequence<K...>> {
  using In = Inputs<S...>;
  static constexpr size_t each = Joint ? 1 + In::count : 1;  // nodes of a copy

  static constexpr size_t value_of(size_t copy) { return In::count + copy * each; }
  static constexpr size_t source(size_t copy, size_t input) {
    if (copy == 0 || (input > 0 && !Joint)) return input;
    return value_of(copy - 1) + (Joint ? 1 + input : 0);
  }
  template <size_t Node>
  static constexpr auto node() {
    constexpr size_t copy = Node / each, part = Node % each;
    if constexpr (part == 0) return NodeAt<Block, source(copy, K)...>{};
    else return NodeAt<SliceOf<In::offsets[part - 1], pack_element<part - 1, S...>>, value_of(copy)>{};
  }
  template <size_t N>
  static constexpr auto outputs() {
    if constexpr (Joint) return OutputValues<source(N, K)...>{};
    else return OutputValues<source(N, 0)>{};
  }
  template <size_t N, size_t... Node>
  static constexpr auto graph(std::index_sequence<Node...>) {
    using Out = std::conditional_t<Joint, Outputs<S...>, pack_element<0, S...>>;
    return std::type_identity<BoundGraph<In, Out, decltype(outputs<N>()), decltype(node<Node>())...>>{};
  }
  template <size_t N>
  using of = typename decltype(graph<N>(std::make_index_sequence<N * each>{}))::type;
};

template <class Output>
inline constexpr bool gives_several = false;
template <class... S>
inline constexpr bool gives_several<Outputs<S...>> = true;

/// Of several inputs. A block that is wrong is bound as if it gave its first input.
template <class Whole, class First, class... Rest, size_t N, class Block>
struct BoundRepeat<Whole, Inputs<First, Rest...>, N, Block>
    : ShownCopies<Block, placed_copy<Block, Inputs<First, Rest...>>, N>,
      CopyNodes<typename placed_copy<Block, Inputs<First, Rest...>>::bound, Inputs<First, Rest...>,
                std::is_same_v<typename placed_copy<Block, Inputs<First, Rest...>>::output,
                               Outputs<First, Rest...>>>::template of<N> {
  using placed = placed_copy<Block, Inputs<First, Rest...>>;
  using mistakes = typename must_give<
      placed, std::conditional_t<gives_several<typename placed::output>, Outputs<First, Rest...>, First>, Whole>::type;
};

}  // namespace detail

/// The same block N times in a row,
///     y = f_N(... f_2(f_1(x))),
/// every copy with its own parameters (`3.0.weight`, `3.1.weight`, ...). The block gives the shape it takes. The copies
/// are looped at run time, so a deep network of equal blocks compiles as fast as one block.
///
/// What a block of several inputs gives is the first input of the next copy; the others are the same for all copies,
///     y = f_N(... f_2(f_1(x, t), t) ..., t),
/// and the gradients that the copies send them are added. A block that gives as many outputs as it takes inputs, of the
/// same shapes, passes all of them on. Code is compiled once here too; memory is planned copy by copy.
///
///     using Block = Graph<In<"x">, In<"t">, Node<"shift", Dense<8>, "t">, Node<"y", Add<>, "x", "shift">, Out<"y">>;
///     using Net = Graph<In<"image", 8>, In<"time", 2>, Node<"body", Repeat<4, Block>, "image", "time">, Out<"body">>;
template <size_t N, class Block>
struct Repeat {
  static constexpr bool many_inputs = detail::takes_many_inputs<detail::unnamed<Block>>;
  using invalid = std::conditional_t<(N > 0), void, takes<one_or_more_copies>>;
  template <class In>
  struct at : detail::BoundRepeat<Repeat, In, (N > 0 ? N : 1), Block> {};
};

namespace detail {

template <size_t N, class Block>
struct declared_input<Repeat<N, Block>> {
  using type = declared_input_at<path<0>, Block>;
};

/// Inputs and outputs are called as those of the block.
template <size_t N, class Block>
struct port_names<Repeat<N, Block>> : port_names<unnamed<Block>> {};

}  // namespace detail

template <size_t N, class Block>
struct composition<Repeat<N, Block>> : detail::described<Structure::copies, Block> {
  static constexpr size_t count = N;
  template <class... Part>
  using with = Repeat<N, Part...>;
};

}  // namespace tenon
