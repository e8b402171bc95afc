#pragma once

#include <array>
#include <cstddef>
#include <type_traits>

#include <tenon/net/check.hpp>
#include <tenon/net/composition.hpp>
#include <tenon/net/first_input.hpp>
#include <tenon/net/plan.hpp>
#include <tenon/net/run.hpp>
#include <tenon/net/tree.hpp>

namespace tenon {

struct one_or_more_copies;

namespace detail {

template <class Whole, class In, std::size_t N, class Block>
struct BoundRepeat {
private:
  using placed = bind_at<unnamed<Block>, In, path<0>, from_input>;
  static constexpr ElementInfo info = element_info<Block, typename placed::output>();

public:
  static constexpr std::size_t copies = N;
  using block = typename placed::bound;
  static constexpr auto plan = [] {
    std::array<Layout, N> each;
    each.fill(layout_of<block>);
    return make_chain_plan(each);
  }();

private:
  static constexpr Branch branch = branch_of<block>(0, 1);

public:
  using input = In;
  using output = In;
  using elements = list<Element<Block, typename placed::output>>;
  using mistakes = typename must_give<placed, In, Whole>::type;

  static constexpr bool passthrough = Passthrough<block>;
  static constexpr Layout layout = plan.layout;
  static constexpr Needs needs = layout.needs;
  static constexpr Tree tree{
      .kind = TreeKind::loop, .elements = &info, .element_count = 1, .units = &branch, .unit_count = 1, .copies = N};

  template <class Mode, class Ctx, class T>
  static constexpr void forward(Ctx& ctx, Memory<T> memory, Rows<const T> x, Rows<T> y, Mode) {
    ForwardWalk<Ctx, T, Mode> walk{ctx, memory, y, plan.slots.data(), x};
    for (std::size_t copy = 0; copy < N; ++copy) walk.template step<block>();
  }

  template <class Ctx, class T>
  static constexpr void backward(Ctx& ctx, Memory<T> memory, Rows<const T> x, Rows<const T> y, Rows<const T> dy,
                                 Rows<T> dx) {
    if (!dx && layout.fixed()) return;
    BackwardWalk<Ctx, T> walk{ctx, memory, x, y, dy, dx, plan.slots.data(), N, 0};
    for (std::size_t copy = 0; copy < N; ++copy) walk.template step<block>();
  }

  template <class Visit>
  static constexpr void visit_units(Visit&& visit) {
    for (std::size_t copy = 0; copy < N; ++copy) visit.template operator()<block>();
  }
};

}  // namespace detail

/// The same block N times in a row,
///     y = f_N(... f_2(f_1(x))),
/// every copy with its own parameters (`3.0.weight`, `3.1.weight`, ...). The block gives the shape it takes. The copies
/// are looped at run time, so a deep network of equal blocks compiles as fast as one block.
template <std::size_t N, class Block>
struct Repeat {
  using invalid = std::conditional_t<(N > 0), void, takes<one_or_more_copies>>;
  template <class In>
  struct at : detail::BoundRepeat<Repeat, In, (N > 0 ? N : 1), Block> {};
};

namespace detail {

template <std::size_t N, class Block>
struct declared_input<Repeat<N, Block>> {
  using type = declared_input_at<path<0>, Block>;
};

}  // namespace detail

template <std::size_t N, class Block>
struct composition<Repeat<N, Block>> : detail::described<Structure::copies, Block> {
  static constexpr std::size_t count = N;
  template <class... Part>
  using with = Repeat<N, Part...>;
};

}  // namespace tenon
