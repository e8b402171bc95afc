#pragma once

#include <array>
#include <cstddef>
#include <type_traits>

#include <tenon/init/initializer.hpp>
#include <tenon/net/mistakes.hpp>

/// Options of layers are values and stand after the sizes, in any order:
/// `Dense<128, bias<false>, init<HeNormal>>`.
namespace tenon {

/// What `init` or `bias_init` is given cannot fill a span of numbers.
template <class T, class Takes>
struct not_an_initializer;
struct a_type_with_fill_of_values_spec_and_stream;

namespace option {

template <bool Value>
struct Bias {};
template <class I>
struct Init {};
template <class I>
struct BiasInit {};

template <auto... N>
struct Kernel {};
template <auto... N>
struct Stride {};
template <auto... N>
struct Padding {};
template <auto... N>
struct OutputPadding {};
template <auto... N>
struct Dilation {};
template <auto N>
struct Groups {};

struct Valid {};
struct Same {};
struct Full {};

}  // namespace option

namespace detail {

/// Refuses where the option is written, not where a layer reads it: that is the shorter error.
template <class Option, class I>
constexpr Option starting_as() {
  if constexpr (!Initializer<I>) refuse<not_an_initializer<I, takes<a_type_with_fill_of_values_spec_and_stream>>>();
  return {};
}

}  // namespace detail

/// Whether the layer adds a learnable bias.
template <bool Value>
inline constexpr option::Bias<Value> bias{};
/// What the weights start as; the bias keeps the layer's default.
template <class I>
inline constexpr option::Init<I> init = detail::starting_as<option::Init<I>, I>();
/// What the bias starts as.
template <class I>
inline constexpr option::BiasInit<I> bias_init = detail::starting_as<option::BiasInit<I>, I>();

/// Of layers with a window: one number for every axis, or one for each (height, width).
template <auto... N>
inline constexpr option::Kernel<N...> kernel{};
template <auto... N>
inline constexpr option::Stride<N...> stride{};
template <auto... N>
inline constexpr option::Dilation<N...> dilation{};
/// How many zeros on either side, or one of `valid` (none), `same` (the output is as large as the
/// input, stride 1) and `full` (every window that meets the input).
template <auto... N>
inline constexpr option::Padding<N...> padding{};
/// How much larger the output of a transposed convolution is at its end.
template <auto... N>
inline constexpr option::OutputPadding<N...> output_padding{};
/// Into how many parts the channels fall, each with windows of its own.
template <auto N>
inline constexpr option::Groups<N> groups{};

inline constexpr option::Valid valid{};
inline constexpr option::Same same{};
inline constexpr option::Full full{};

namespace detail {

/// The sizes at the front of a layer's arguments.
template <auto... Argument>
struct sizes_of {
  static constexpr std::size_t count = (0 + ... + (std::is_integral_v<decltype(Argument)> ? 1 : 0));
  static constexpr std::size_t get(std::size_t index) {
    std::size_t found = 0, at = 0;
    ([&] {
      if constexpr (std::is_integral_v<decltype(Argument)>) {
        if (at++ == index) found = static_cast<std::size_t>(Argument);
      }
    }(),
     ...);
    return found;
  }
  static constexpr bool positive = [] {
    bool all = true;
    ([&] {
      if constexpr (std::is_integral_v<decltype(Argument)>) all = all && Argument > 0;
    }(),
     ...);
    return all;
  }();
};

template <class O>
inline constexpr bool turns_bias_off = std::is_same_v<O, option::Bias<false>>;
template <auto... Argument>
inline constexpr bool with_bias = !(turns_bias_off<std::remove_const_t<decltype(Argument)>> || ...);

/// The initialiser that an option brings; after the error about one that is none, the layer's default.
template <class I, class Default>
using initializer_or = std::conditional_t<Initializer<I>, I, Default>;

template <class Default, class... O>
struct find_init {
  using type = Default;
};
template <class Default, class First, class... O>
struct find_init<Default, First, O...> : find_init<Default, O...> {};
template <class Default, class I, class... O>
struct find_init<Default, option::Init<I>, O...> {
  using type = initializer_or<I, Default>;
};
template <class Default, class... O>
struct find_bias_init {
  using type = Default;
};
template <class Default, class First, class... O>
struct find_bias_init<Default, First, O...> : find_bias_init<Default, O...> {};
template <class Default, class I, class... O>
struct find_bias_init<Default, option::BiasInit<I>, O...> {
  using type = initializer_or<I, Default>;
};
template <class Default, auto... Argument>
using start_of_bias = typename find_bias_init<Default, std::remove_const_t<decltype(Argument)>...>::type;
template <class Default, auto... Argument>
using weight_init = typename find_init<Default, std::remove_const_t<decltype(Argument)>...>::type;

}  // namespace detail
}  // namespace tenon
