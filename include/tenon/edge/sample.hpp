#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <tuple>
#include <type_traits>
#include <utility>

#include <tenon/expr/edges.hpp>
#include <tenon/net/mistakes.hpp>
#include <tenon/net/ports.hpp>

/// One sample of several inputs as arguments of a call, and several outputs as its result, without a heap: for
/// `Frozen`, `Quantized` and a `Session`.
namespace tenon {

/// What a network of several outputs gives, as floats: each by its name or its number, or all in a structured binding.
template <class Net>
struct SampleResult {
  std::array<float, output_shape<Net>::size> numbers{};  // the outputs one behind the other

  template <size_t K>
  constexpr auto get() const {
    std::array<float, output_shape_at<Net, K>::size> one{};
    for (size_t i = 0; i < one.size(); ++i) one[i] = numbers[detail::port_offset<output_shape<Net>>(K) + i];
    return one;
  }
  template <fixed_string Name>
  constexpr auto get() const {
    return get<output_index<Net, Name>>();
  }
};

namespace edge::detail {

/// Argument K of a call: which input it is for, and its numbers.
template <class Net, size_t K, class X>
struct SampleArgument {
  using value = X;
  static constexpr bool named = false;
  static constexpr size_t input = K;
  static constexpr const X& numbers(const X& given) { return given; }
  static constexpr const X& numbers(const X&& given) = delete;  // what is returned would not last
};
template <class Net, size_t K, fixed_string Name, class X>
struct SampleArgument<Net, K, expr::Given<Name, X>> {
  using value = X;
  static constexpr bool named = true;
  static constexpr size_t input = input_index<Net, Name>;
  static constexpr const X& numbers(const expr::Given<Name, X>& given) { return given.value; }
};

template <class Net, size_t K>
inline constexpr size_t input_size = input_shape_at<Net, K>::size;

/// Whether these are floats for each of a network's inputs, all in order or each by its name. With a name that is not
/// there they are too: the call says what is wrong.
template <class Net, class... X, size_t... K>
constexpr bool are_inputs(std::index_sequence<K...>) {
  if constexpr (sizeof...(X) != number_of_inputs<Net> || sizeof...(X) == 0) {
    return false;
  } else if constexpr (!std::is_void_v<tenon::detail::misnamed_input<Net, X...>>) {
    return true;
  } else {
    constexpr size_t named = (size_t{0} + ... + (SampleArgument<Net, K, X>::named ? 1 : 0));
    std::array<bool, sizeof...(X)> given{};
    ((given[SampleArgument<Net, K, X>::input] = true), ...);
    return (named == 0 || named == sizeof...(X)) && (given[K] && ...) &&
           (std::is_convertible_v<const typename SampleArgument<Net, K, X>::value&,
                                  std::span<const float, input_size<Net, SampleArgument<Net, K, X>::input>>> &&
            ...);
  }
}
template <class Net, class... X>
concept SampleInputs = are_inputs<Net, X...>(std::index_sequence_for<X...>{});

/// Neither that nor a row of all inputs and the space for all outputs.
template <class Net, class... X>
inline constexpr bool are_no_sample = !SampleInputs<Net, std::remove_cvref_t<X>...>;
template <class Net, class X, class Y>
  requires(std::is_convertible_v<X, std::span<const float, input_shape<Net>::size>>&&
               std::is_convertible_v<Y, std::span<float, output_shape<Net>::size>>)
inline constexpr bool are_no_sample<Net, X, Y> = false;

/// What a call with anything else is: one compile error.
template <fixed_string Whose, class Net, class... X>
constexpr auto refuse_sample() {
  [&]<size_t... K>(std::index_sequence<K...>) {
    tenon::detail::refuse<
        wrong_argument<argument<Whose, "sample">, takes<std::span<const float, input_size<Net, K>>...>,
                       but_gets<std::remove_cvref_t<X>...>, write<"net(std::span<const float, N>(x.data(), N))">>>();
  }
  (std::make_index_sequence<number_of_inputs<Net>>{});
  if constexpr (number_of_outputs<Net> == 1) return std::array<float, output_shape<Net>::size>{};
  else return SampleResult<Net>{};
}

/// f(number of the input, its floats) for each argument; the number is a type.
template <class Net, class F, class... X>
constexpr void for_each_input(F f, const X&... sample) {
  using Mistake = tenon::detail::misnamed_input<Net, X...>;
  if constexpr (!std::is_void_v<Mistake>) {
    tenon::detail::refuse<Mistake>();
  } else {
    [&]<size_t... K>(std::index_sequence<K...>) {
      (f(std::integral_constant<size_t, SampleArgument<Net, K, X>::input>{},
         std::span<const float, input_size<Net, SampleArgument<Net, K, X>::input>>(
             SampleArgument<Net, K, X>::numbers(sample))
             .data()),
       ...);
    }
    (std::index_sequence_for<X...>{});
  }
}

/// What `run(row, outputs)` makes of these inputs. Those of several are copied one behind the other first.
template <class Net, class Run, class... X>
constexpr auto run_sample(Run run, const X&... sample) {
  SampleResult<Net> result;
  if constexpr (number_of_inputs<Net> == 1) {
    for_each_input<Net>([&](auto, const float* from) { run(from, result.numbers.data()); }, sample...);
  } else {
    std::array<float, input_shape<Net>::size> row{};
    for_each_input<Net>(
        [&]<size_t K>(std::integral_constant<size_t, K>, const float* from) {
          std::copy_n(from, input_size<Net, K>, row.data() + tenon::detail::port_offset<input_shape<Net>>(K));
        },
        sample...);
    run(row.data(), result.numbers.data());
  }
  if constexpr (number_of_outputs<Net> == 1) return result.numbers;
  else return result;
}

}  // namespace edge::detail
}  // namespace tenon

template <class Net>
struct std::tuple_size<tenon::SampleResult<Net>> : std::integral_constant<size_t, tenon::number_of_outputs<Net>> {};
template <size_t K, class Net>
struct std::tuple_element<K, tenon::SampleResult<Net>> {
  using type = decltype(std::declval<const tenon::SampleResult<Net>&>().template get<K>());
};
