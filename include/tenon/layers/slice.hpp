#pragma once

#include <array>
#include <cstddef>
#include <type_traits>

#include <tenon/layers/moving/axis_cut.hpp>

namespace tenon {

struct a_begin_before_the_end;
struct one_end_or_none;

namespace detail {

/// A slice in numbers.
struct SliceRange {
  std::ptrdiff_t begin = 0, end = 0;
  bool to_end = true;

  constexpr size_t first(size_t length) const { return place_on_axis(begin, length); }
  constexpr size_t last(size_t length) const { return to_end ? length : place_on_axis(end, length); }
  /// Whether no axis has anything between these.
  constexpr bool empty() const { return !to_end && (end == 0 || ((begin < 0) == (end < 0) && begin >= end)); }
  /// The lengths of axes that have everything between them.
  constexpr size_t at_least() const {
    const size_t to_begin = least_length(begin);
    if (to_end) return to_begin;
    if (begin >= 0 && end < 0) return static_cast<size_t>(begin - end + 1);
    const auto to_last = static_cast<size_t>(end < 0 ? -end : end);
    return to_begin < to_last ? to_last : to_begin;
  }
  constexpr size_t less_than() const {
    return !to_end && begin < 0 && end > 0 ? static_cast<size_t>(end - begin) : ~size_t{0};
  }
};

}  // namespace detail

/// The numbers `Begin` to `End` of an axis, `End` left out; without one, to the last. Negative numbers count from the
/// end, as does a negative `Axis`; axis 0 is the outermost. Unlike in Python, an axis that ends too early is refused.
/// With i the axes before and k those behind,
///     y[i][j][k] = x[i][Begin + j][k],   j < End - Begin.
///
/// Shapes: the axis becomes `End - Begin` long, the others stay. Gradient: dy, and 0 where nothing was taken. Along the
/// outermost axis a graph uses the numbers where they are. PyTorch: x.narrow, x[:, Begin:End]. ONNX: Slice.
///
///     using Net = Sequential<Input<21, 64>, CrossAttention<4, 12>, Slice<0, 12>, Dense<40>>;  // without the memory
///     Node<"middle", Slice<-1, 4, -4>, "line">
template <std::ptrdiff_t Axis, std::ptrdiff_t Begin, std::ptrdiff_t... End>
struct Slice {
private:
  static constexpr detail::SliceRange range{Begin, (std::ptrdiff_t{0} + ... + End), sizeof...(End) == 0};
  template <class In>
  static constexpr detail::AxisView view = detail::view_of_axis(In::dims, Axis);
  template <class In>
  static constexpr bool long_enough = view<In>.length >= range.at_least();
  template <class In>
  static constexpr bool fits = !range.empty() && view<In>.there && long_enough<In> &&
                               view<In>.length < range.less_than();

  template <class In, bool Fits>
  struct bound {
    using type = detail::Reshaping<In, In>;
  };
  template <class In>
  struct bound<In, true> {
    static constexpr detail::AxisView axis = view<In>;
    static constexpr size_t first = range.first(axis.length), length = range.last(axis.length) - first;
    static constexpr auto dims = [] {
      auto d = In::dims;
      d[axis.axis] = length;
      return d;
    }();
    using type = detail::cut_of<In, detail::shape_with<dims>, axis, first, length>;
  };
  template <class In>
  using wanted = std::conditional_t<
      !view<In>.there, shapes_with_axis<Axis>,
      std::conditional_t<long_enough<In>, shapes_whose_axis<Axis, has_less_than<range.less_than()>>,
                         shapes_whose_axis<Axis, has_at_least<range.at_least()>>>>;

public:
  using invalid = std::conditional_t<(sizeof...(End) > 1), takes<one_end_or_none>,
                                     std::conditional_t<range.empty(), takes<a_begin_before_the_end>, void>>;
  template <class In>
  using problem = std::conditional_t<fits<In>, void, takes<wanted<In>>>;
  template <class To>
  static auto onnx(To& to) {
    constexpr std::ptrdiff_t end = range.to_end ? 0x7fffffff : range.end;
    return to.node("Slice",
                   {to.input(), to.integers({Begin}), to.integers({end}), to.integers({Axis < 0 ? Axis : Axis + 1})});
  }
  template <class In>
  using at = typename bound<In, fits<In>>::type;
  static constexpr bool picks_steps = Begin >= 0;  // by their place, counted from the first
  template <class In, Time Where>
  static constexpr bool steps = In::rank == 2 && view<In>.axis == (Where == Time::first ? 1 : 0);
};

}  // namespace tenon
