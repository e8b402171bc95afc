#pragma once

#include <array>
#include <cstddef>

#include <tenon/layers/map.hpp>
#include <tenon/net/plan.hpp>
#include <tenon/net/run.hpp>

/// Formulas that see a sample's numbers in another shape than the network does.
namespace tenon::detail {

/// A unit bound to another shape of the same size.
template <class Unit, class In>
struct SeenAs : Unit {
  using input = In;
  using output = In;
  template <class To>
  static auto onnx(To& to) requires requires {
    Unit::onnx(to);
  }
  { return to.reshape(to.template unit<Unit>(to.input()), to.axes()); }
};

/// Two formulas one after the other as one layer. The first has no parameters.
template <class First, class Second, class In>
struct TwoPasses {
  using input = In;
  using output = In;
  using initializers = typename Second::initializers;
  static constexpr const auto& parameters = Second::parameters;
  static constexpr auto plan = make_chain_plan(std::array{layout_of<First>, layout_of<Second>});
  static constexpr const Needs& needs = plan.layout.needs;
  static constexpr bool looks_at_batch = [] {
    if constexpr (requires { First::looks_at_batch; }) return true;
    else return requires {
        Second::looks_at_batch;
      };
  }();

  template <class To>
  static auto onnx(To& to) {
    return to.reshape(to.template unit<Second>(to.template unit<First>(to.input())), to.axes());
  }
  template <class Mode, class Ctx, class T>
  static void forward(Ctx& ctx, const Memory<T>& m, Rows<const T> x, Rows<T> y, Mode mode) {
    const auto scratch = [](const Slot& slot) {
      return Mode::training ? slot.forward_scratch : slot.inference_scratch;
    };
    const Rows<T> middle = rows_at(m, Mode::training ? first.output : first.inference_output, x.count, In::size);
    First::forward(ctx, memory_of(m, first, x.count, scratch(first)), x, middle, mode);
    Second::forward(ctx, memory_of(m, second, x.count, scratch(second)), Rows<const T>(middle), y, mode);
  }
  template <class Ctx, class T>
  static void backward(Ctx& ctx, const Memory<T>& m, Rows<const T> x, Rows<const T> y, Rows<const T> dy, Rows<T> dx) {
    Rows<const T> middle{nullptr, dy.count, In::size};
    if (first.output.where == Place::saved) middle = rows_at(m, first.output, dy.count, In::size);
    Rows<T> sent_back{nullptr, dy.count, In::size};
    if (dx) sent_back = rows_at(m, second.input_gradient, dy.count, In::size);
    Second::backward(ctx, memory_of(m, second, dy.count, second.backward_scratch), middle, y, dy, sent_back);
    if (dx)
      First::backward(ctx, memory_of(m, first, dy.count, first.backward_scratch), x, middle, Rows<const T>(sent_back),
                      dx);
  }

private:
  static constexpr const Slot &first = plan.slots[0], &second = plan.slots[1];
};

template <class Bound, class Next>
concept Fuses = !std::is_void_v<typename fusion<Bound, Next>::type>;

}  // namespace tenon::detail

namespace tenon {

template <class Unit, class In, detail::HasFormula Next>
  requires detail::Fuses<Unit, Next>
struct fusion<detail::SeenAs<Unit, In>, Next> {
  using type = detail::SeenAs<typename fusion<Unit, Next>::type, In>;
};
template <class First, class Second, class In, detail::HasFormula Next>
  requires detail::Fuses<Second, Next>
struct fusion<detail::TwoPasses<First, Second, In>, Next> {
  using type = detail::TwoPasses<First, typename fusion<Second, Next>::type, In>;
};

}  // namespace tenon
