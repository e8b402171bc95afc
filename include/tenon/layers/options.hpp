#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

#include <tenon/init/initializer.hpp>
#include <tenon/net/mistakes.hpp>
#include <tenon/net/named.hpp>
#include <tenon/net/type_name.hpp>

/// Options of layers are values and stand after the sizes, in any order:
/// `Dense<128, bias<false>, init<HeNormal>>`.
namespace tenon {

/// What `init` or `bias_init` is given cannot fill a span of numbers.
template <class T, class Takes>
struct not_an_initializer;
struct a_type_with_fill_of_values_spec_and_stream;

/// What is wrong with a layer's options.
template <fixed_string Option>
struct no_option_such_as;
template <fixed_string Option>
struct this_option_once;
template <fixed_string Option>
struct another_value_than;

namespace option {

/// Every option is of a kind, and a layer says which kinds it has.
enum Kind : std::uint32_t {
  size = 1U << 0,
  bias = 1U << 1,
  init = 1U << 2,
  bias_init = 1U << 3,
  kernel = 1U << 4,
  stride = 1U << 5,
  padding = 1U << 6,
  output_padding = 1U << 7,
  dilation = 1U << 8,
  groups = 1U << 9,
  count_include_pad = 1U << 10,
  epsilon = 1U << 11,
  affine = 1U << 12,
  momentum = 1U << 13,
  padding_idx = 1U << 14,
  bilinear = 1U << 15,
  cached = 1U << 16,
  weight_bits = 1U << 17,
  per_tensor = 1U << 18,
  activation_bits = 1U << 19,
  unknown = 1U << 31
};

/// The types of the options below.
template <bool Value>
struct Bias {};
template <class I>
struct Init {};
template <class I>
struct BiasInit {};

/// See `kernel`, `stride`, `padding`, `output_padding`, `dilation` and `groups`.
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

/// See `weight_bits`, `per_tensor` and `activation_bits`.
template <auto N>
struct WeightBits {};
template <bool Value>
struct PerTensor {};
template <auto N>
struct ActivationBits {};

/// See `valid`, `same` and `full`.
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

/// How many bits a weight has where the network runs in int8: 8, or 4, two to a byte. In float nothing changes.
template <auto N>
inline constexpr option::WeightBits<N> weight_bits{};
/// Whether all weights of a layer have one scale where the network runs in int8, instead of one for each output.
template <bool Value>
inline constexpr option::PerTensor<Value> per_tensor{};
/// How many bits the numbers between layers have where a network does not run in float: 8 or 16. It is an option of
/// whole networks, StoreActivations.
template <auto N>
inline constexpr option::ActivationBits<N> activation_bits{};

/// Paddings: none; as many zeros as keep the size; so many that every number is seen by every weight.
inline constexpr option::Valid valid{};
inline constexpr option::Same same{};
inline constexpr option::Full full{};

namespace detail {

/// What kind of option a type is; who makes one specialises it, in its header. Whole numbers are sizes.
template <class O>
inline constexpr std::uint32_t option_kind = std::is_integral_v<O> && !std::is_same_v<O, bool> ? option::size
                                                                                               : option::unknown;
template <bool V>
inline constexpr std::uint32_t option_kind<option::Bias<V>> = option::bias;
template <class I>
inline constexpr std::uint32_t option_kind<option::Init<I>> = option::init;
template <class I>
inline constexpr std::uint32_t option_kind<option::BiasInit<I>> = option::bias_init;
template <auto... N>
inline constexpr std::uint32_t option_kind<option::Kernel<N...>> = option::kernel;
template <auto... N>
inline constexpr std::uint32_t option_kind<option::Stride<N...>> = option::stride;
template <auto... N>
inline constexpr std::uint32_t option_kind<option::Padding<N...>> = option::padding;
template <auto... N>
inline constexpr std::uint32_t option_kind<option::OutputPadding<N...>> = option::output_padding;
template <auto... N>
inline constexpr std::uint32_t option_kind<option::Dilation<N...>> = option::dilation;
template <auto N>
inline constexpr std::uint32_t option_kind<option::Groups<N>> = option::groups;
template <auto N>
inline constexpr std::uint32_t option_kind<option::WeightBits<N>> = option::weight_bits;
template <bool V>
inline constexpr std::uint32_t option_kind<option::PerTensor<V>> = option::per_tensor;
template <auto N>
inline constexpr std::uint32_t option_kind<option::ActivationBits<N>> = option::activation_bits;

/// Whether an option's value makes sense, where layers do not check that themselves.
template <class O>
inline constexpr bool option_in_range = true;
template <auto N>
inline constexpr bool option_in_range<option::WeightBits<N>> = N == 4 || N == 8;
template <auto N>
inline constexpr bool option_in_range<option::ActivationBits<N>> = N == 8 || N == 16;

/// The first option that is wrong, from 1; 0: none is. A size may come twice, and before all others.
constexpr size_t first_wrong_option(const std::uint32_t* kinds, size_t count, std::uint32_t known) {
  std::uint32_t seen = 0;
  for (size_t i = 0; i < count; ++i) {
    if ((kinds[i] & known) == 0 || (kinds[i] != option::size && (kinds[i] & seen) != 0)) return i + 1;
    seen |= kinds[i];
  }
  return 0;
}

template <auto Value>
struct number;
template <size_t Size>
constexpr auto text_of_option(std::string_view text) {
  return to_fixed_string<Size>(text);
}
/// A value as its user writes it: stride<2>, 0.5.
template <auto Value>
constexpr auto option_text() {
  using O = std::remove_const_t<decltype(Value)>;
  if constexpr (std::is_class_v<O>) {
    return text_of_option<type_name<O>().size()>(type_name<O>());
  } else {
    constexpr std::string_view text = type_name<number<Value>>();
    constexpr size_t front = std::string_view("number<").size();
    return text_of_option<text.size() - front - 1>(text.substr(front, text.size() - front - 1));
  }
}
template <size_t Index, auto First, auto... Rest>
constexpr auto option_text_at() {
  if constexpr (Index == 0) return option_text<First>();
  else return option_text_at<Index - 1, Rest...>();
}

/// What is wrong with the options of a layer that has the kinds Known, or void.
template <std::uint32_t Known, auto... Argument>
constexpr auto judge_options() {
  constexpr std::uint32_t kinds[]{option_kind<std::remove_const_t<decltype(Argument)>>..., 0};
  constexpr size_t wrong = first_wrong_option(kinds, sizeof...(Argument), Known);
  if constexpr (wrong > 0) {
    constexpr auto text = option_text_at<wrong - 1, Argument...>();
    if constexpr ((kinds[wrong - 1] & Known) == 0) return std::type_identity<takes<no_option_such_as<text>>>{};
    else return std::type_identity<takes<this_option_once<text>>>{};
  } else if constexpr (!(option_in_range<std::remove_const_t<decltype(Argument)>> && ...)) {
    constexpr bool fits[]{option_in_range<std::remove_const_t<decltype(Argument)>>...};
    constexpr size_t index = [&] {
      size_t i = 0;
      while (fits[i]) ++i;
      return i;
    }();
    return std::type_identity<takes<another_value_than<option_text_at<index, Argument...>()>>>{};
  } else {
    return std::type_identity<void>{};
  }
}
template <std::uint32_t Known, auto... Argument>
using options_fault = typename decltype(judge_options<Known, Argument...>())::type;

/// The first of two faults that is one.
template <class First, class Second>
using first_fault = std::conditional_t<std::is_void_v<First>, Second, First>;

/// The sizes at the front of a layer's arguments.
template <auto... Argument>
struct sizes_of {
  static constexpr size_t count = (0 + ... + (std::is_integral_v<decltype(Argument)> ? 1 : 0));
  static constexpr size_t get(size_t index) {
    size_t found = 0, at = 0;
    (
        [&] {
          if constexpr (std::is_integral_v<decltype(Argument)>) {
            if (at++ == index) found = static_cast<size_t>(Argument);
          }
        }(),
        ...);
    return found;
  }
  static constexpr bool positive = [] {
    bool all = true;
    (
        [&] {
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

/// How a layer's weights are kept where it runs in int8.
struct WeightStorage {
  unsigned bits = 8;
  bool per_tensor = false;

  /// The largest whole number that a weight becomes; the least is its negative.
  constexpr int most() const { return bits == 4 ? 7 : 127; }
  constexpr bool operator==(const WeightStorage&) const = default;

  template <auto N>
  constexpr void read(option::WeightBits<N>) {
    bits = static_cast<unsigned>(N);
  }
  template <bool V>
  constexpr void read(option::PerTensor<V>) {
    per_tensor = V;
  }
  template <class Other>
  constexpr void read(Other) {}
};
template <auto... Argument>
inline constexpr WeightStorage weight_storage = [] {
  WeightStorage storage;
  (storage.read(Argument), ...);
  return storage;
}();
template <class L>
inline constexpr WeightStorage storage_of_layer{};
template <template <auto...> class L, auto... Argument>
inline constexpr WeightStorage storage_of_layer<L<Argument...>> = weight_storage<Argument...>;

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
