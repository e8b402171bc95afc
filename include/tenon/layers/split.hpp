#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>
#include <type_traits>
#include <utility>

#include <tenon/fixed_string.hpp>
#include <tenon/layers/moving/axis_cut.hpp>
#include <tenon/net/graph_outputs.hpp>

namespace tenon {

struct the_number_of_parts_or_their_lengths;
struct two_or_more_parts;
struct lengths_above_0;
template <size_t N>
struct has_a_multiple_of;
template <size_t N>
struct has_exactly;

namespace detail {

/// Of each of `Outer` blocks, `Own...` numbers go to one part after the other.
template <class In, class Out, size_t Outer, size_t... Own>
struct SplitUnit {
  using input = In;
  using output = Out;
  static constexpr std::array<ParameterSpec, 0> parameters{};
  using initializers = Initializers<>;
  static constexpr Needs needs{.backward_reads_input = false};
  static constexpr size_t macs = 0;

  template <class Mode, class Ctx, class T>
  static constexpr void forward(Ctx&, const Memory<T>&, Rows<const T> x, Rows<T> y, Mode) {
    for (size_t i = 0; i < y.count; ++i)
      each_piece([&](size_t whole, size_t part, size_t own) { std::copy_n(x[i] + whole, own, y[i] + part); });
  }
  template <class Ctx, class T>
  static constexpr void backward(Ctx&, const Memory<T>&, Rows<const T>, Rows<const T>, Rows<const T> dy, Rows<T> dx) {
    for (size_t i = 0; dx && i < dy.count; ++i)
      each_piece([&](size_t whole, size_t part, size_t own) { std::copy_n(dy[i] + part, own, dx[i] + whole); });
  }

private:
  static constexpr std::array<size_t, sizeof...(Own)> own{Own...};

  /// work(where a piece lies in the whole, where among the parts, its length)
  template <class F>
  static constexpr void each_piece(F work) {
    size_t whole = 0;
    for (size_t o = 0; o < Outer; ++o)
      for (size_t k = 0; k < own.size(); ++k) {
        work(whole, Out::offsets[k] + o * own[k], own[k]);
        whole += own[k];
      }
  }
};

}  // namespace detail

/// Parts of an axis, each an output of its own: with one number, so many of one length; with several, parts of these
/// lengths. A node of a Graph that is a Split gives "name.0", "name.1", ..., which may be read as often as wanted, or
/// not at all. Axis 0 is the outermost; a negative one counts from the last. Of parts that begin at b_k,
///     y_k[i] = x[b_k + i]
///
/// Shapes: the axis becomes as long as the part, the others stay. Gradient: dy of the parts, side by side, 0 for one
/// that nobody reads. Along the outermost axis a graph uses the numbers where they are. PyTorch: torch.chunk(x, N,
/// 1 + Axis), torch.split(x, [Lengths...], 1 + Axis). ONNX: Split.
///
///     Node<"halves", Split<0, 2>, "x">, Node<"y", Multiply, "halves.0", "halves.1">
///     Node<"code", Split<-1, 20, 5>>     // 20 numbers and 5
template <std::ptrdiff_t Axis, size_t... Length>
struct Split {
private:
  static constexpr size_t sum = (size_t{0} + ... + Length);
  static constexpr bool equal = sizeof...(Length) == 1;
  static constexpr size_t count = equal ? sum : sizeof...(Length);
  static constexpr bool above_0 = (true && ... && (Length > 0));

  template <class In>
  static constexpr detail::AxisView view = detail::view_of_axis(In::dims, Axis);
  template <class In>
  static constexpr bool divided = equal ? view<In>.length % (sum > 0 ? sum : 1) == 0 : view<In>.length == sum;
  template <class In>
  static constexpr bool fits = count > 1 && above_0&& view<In>.there&& divided<In>;

  template <class In, bool Fits>
  struct bound {
    using type = detail::Reshaping<In, In>;
  };
  template <class In>
  struct bound<In, true> {
    static constexpr detail::AxisView axis = view<In>;
    template <size_t K>
    static constexpr size_t length = equal ? axis.length / count : std::array{Length...}[equal ? 0 : K];
    template <size_t K>
    static constexpr auto dims = [] {
      auto d = In::dims;
      d[axis.axis] = length<K>;
      return d;
    }();
    template <size_t... K>
    static auto split(std::index_sequence<K...>) {
      using Out = Outputs<detail::shape_with<dims<K>>...>;
      return std::type_identity<
          std::conditional_t<axis.outer == 1, detail::Reshaping<In, Out>,
                             detail::SplitUnit<In, Out, axis.outer, length<K> * axis.inner...>>>{};
    }
    using type = typename decltype(split(std::make_index_sequence<count>{}))::type;
  };
  using wanted = std::conditional_t<equal, has_a_multiple_of<sum>, has_exactly<sum>>;

  template <size_t... K>
  static constexpr std::array<std::string_view, sizeof...(K)> names(std::index_sequence<K...>) {
    return {number_text<K>.view()...};
  }

public:
  using invalid = std::conditional_t<
      sizeof...(Length) == 0, takes<the_number_of_parts_or_their_lengths>,
      std::conditional_t<!above_0, takes<lengths_above_0>,
                         std::conditional_t<count == 1, takes<two_or_more_parts>, void>>>;
  template <class In>
  using problem = std::conditional_t<
      fits<In>, void,
      takes<std::conditional_t<view<In>.there, shapes_whose_axis<Axis, wanted>, shapes_with_axis<Axis>>>>;
  static constexpr auto output_names = names(std::make_index_sequence<(count < 1000 ? count : 1)>{});

  template <class To>
  static auto onnx(To& to) {
    const auto axis = static_cast<size_t>(Axis < 0 ? Axis + static_cast<std::ptrdiff_t>(to.rank()) : Axis);
    typename To::Axes lengths{Length...};
    if (equal) lengths.assign(count, to.axes()[axis] / static_cast<std::int64_t>(count));
    return to.nodes("Split", {to.input(), to.integers(lengths)}, {{"axis", static_cast<std::int64_t>(axis) + 1}},
                    count);
  }
  template <class In>
  using at = typename bound<In, fits<In>>::type;
};

}  // namespace tenon
