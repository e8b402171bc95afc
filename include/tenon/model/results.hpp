#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <tenon/error.hpp>
#include <tenon/expr/edges.hpp>
#include <tenon/model/tensors.hpp>
#include <tenon/net/part_inputs.hpp>
#include <tenon/net/ports.hpp>

/// Calls of models with several inputs and outputs.
namespace tenon {

/// What a network with several outputs says about a batch (`Batched`) or one sample:
///
///     auto result = model(images, tables);
///     result.get<"digit">();                    // an xtensor: (samples, 10)
///     auto [digit, value] = model(images, tables);
template <class Net, class T, bool Batched>
class Results {
public:
  using network = Net;
  static constexpr size_t size = output_shape<Net>::size;

  explicit Results(size_t count) : rows_(std::array<size_t, 2>{count, size}) {}

  /// All outputs of a sample, one behind the other.
  const xt::xtensor<T, 2>& rows() const { return rows_; }
  T* data() { return rows_.data(); }

  template <size_t K>
  auto get() const {
    using Out = output_shape_at<Net, K>;
    auto tensor = detail::output_tensor<Out, T, Batched>(rows_.shape()[0]);
    const T* from = rows_.data() + detail::port_offset<output_shape<Net>>(K);
    const size_t count = Batched ? rows_.shape()[0]
                                 : 1;  // known for one sample: or g++ warns of what a loop might write
    for (size_t i = 0; i < count; ++i) std::copy_n(from + i * size, Out::size, tensor.data() + i * Out::size);
    return tensor;
  }
  template <fixed_string Name>
  auto get() const {
    constexpr const auto& names = detail::port_names<Net>::outputs;
    constexpr size_t found = detail::find_name(names, Name.view());
    if constexpr (found < names.size()) {
      return get<found>();
    } else {
      detail::refuse<no_such_output<asked_for<Name>, detail::known_ports<names>>>();
      return get<0>();
    }
  }

private:
  xt::xtensor<T, 2> rows_;
};

struct every_input_by_its_name_or_all_in_order;

namespace detail {

template <class Net, class T, bool Batched>
auto make_result(size_t count) {
  if constexpr ((number_of_outputs<Net>) > 1) return Results<Net, T, Batched>(count);
  else return output_tensor<output_shape<Net>, T, Batched>(count);
}

/// Argument K of a call, in order or by name.
template <class Net, size_t K, class A>
struct argument_port {
  using value = A;
  static constexpr size_t index = K;
  static constexpr bool named = false;
  static const A& get(const A& a) { return a; }
  static const A& get(const A&& a) = delete;  // what is returned would not last
};
template <class Net, size_t K, fixed_string Name, class A>
struct argument_port<Net, K, expr::Given<Name, A>> {
  using value = A;
  static constexpr size_t index = input_index<Net, Name>;
  static constexpr bool named = true;
  static const A& get(const expr::Given<Name, A>& a) { return a.value; }
};

template <class In, class T, class A, class F>
auto with_any_samples(const A& samples, F f, SampleNames names) {
  if constexpr (FixedRank<A>) return with_samples<In, T>(samples, f, names);
  else return with_copied_samples<In, T>(samples, f, names);
}

/// Brings the inputs of a call together, a row for each sample.
template <class Net, class T>
struct InputRows {
  static constexpr size_t size = input_shape<Net>::size;
  std::vector<T> rows{};
  size_t count = 0, first = 0;  // samples, and the input that determined how many

  template <size_t K, class A>
  void take(const A& samples) {
    static constexpr const auto& names = port_names<Net>::inputs;
    with_any_samples<input_shape_at<Net, K>, T>(
        samples,
        [this]<bool Batched>(std::bool_constant<Batched>, const T* x, size_t n) {
          constexpr size_t own = input_shape_at<Net, K>::size;
          if (rows.empty()) {
            count = n;
            first = K;
            rows.resize(n * size);
          } else if (n != count) {
            throw Error("model: expected as many samples of every input, got " + std::to_string(count) + " of \"" +
                        std::string(names[first]) + "\" and " + std::to_string(n) + " of \"" + std::string(names[K]) +
                        "\"");
          }
          for (size_t i = 0; i < n; ++i)
            std::copy_n(x + i * own, own, rows.data() + i * size + port_offset<input_shape<Net>>(K));
          return 0;
        },
        {std::span(names).template subspan<K, 1>()});
  }
};

/// Whether an argument is one sample; containers and xarrays of a batch are not.
template <class In, class A>
constexpr bool is_one_sample() {
  if constexpr (FixedRank<A>) return std::tuple_size_v<typename A::shape_type> == In::rank;
  else return NumberRange<A>;
}

/// The mistake in what one input is given, under the input's name, or void.
template <class Mistake, fixed_string Name>
struct under_name {
  using type = Mistake;
};
template <class... Fact, fixed_string Name>
struct under_name<wrong_argument<argument<"model", "samples">, Fact...>, Name> {
  using type = wrong_argument<argument<"model", Name>, Fact...>;
};
template <class Net, size_t K, class A>
constexpr auto judge_argument() {
  using port = argument_port<Net, K, A>;
  constexpr std::string_view name = port_names<Net>::inputs[port::index];
  return under_name<typename judge_samples<input_shape_at<Net, port::index>, typename port::value>::type,
                    to_fixed_string<name.size()>(name)>{};
}

template <class Net, size_t... K, class... A>
constexpr auto judge_arguments(std::index_sequence<K...>, list<A...>) {
  return first_refusal<typename decltype(judge_argument<Net, K, A>())::type...>{};
}
template <class Net, class... A>
constexpr auto judge_call() {
  constexpr size_t count = number_of_inputs<Net>;
  constexpr bool by_name = (argument_port<Net, 0, A>::named && ...),
                 in_order = !(argument_port<Net, 0, A>::named || ...);
  if constexpr (!std::is_void_v<misnamed_input<Net, A...>>) return std::type_identity<misnamed_input<Net, A...>>{};
  else if constexpr (sizeof...(A) != count || !(by_name || in_order))
    return std::type_identity<wrong_argument<argument<"model", "inputs">,
                                             takes<so_many_inputs<count>, every_input_by_its_name_or_all_in_order>,
                                             but_gets<so_many_inputs<sizeof...(A)>>>>{};
  else return judge_arguments<Net>(std::index_sequence_for<A...>{}, list<A...>{});
}

/// The model's answer to several inputs.
template <class Net, class T, class Model, size_t... K, class... A>
auto call_with_inputs(const Model& model, std::index_sequence<K...>, const A&... argument) {
  using Mistake = typename decltype(judge_call<Net, A...>())::type;
  if constexpr (!Checked<Net>::valid || !std::is_void_v<Mistake>) {
    if constexpr (Checked<Net>::valid) refuse<Mistake>();
    return make_result<Net, T, true>(0);
  } else {
    constexpr bool single = (is_one_sample<input_shape_at<Net, argument_port<Net, K, A>::index>,
                                           typename argument_port<Net, K, A>::value>() &&
                             ...);
    InputRows<Net, T> in;
    (in.template take<argument_port<Net, K, A>::index>(argument_port<Net, K, A>::get(argument)), ...);
    auto result = make_result<Net, T, !single>(in.count);
    model.predict(std::span<const T>(in.rows), std::span<T>(result.data(), in.count * output_shape<Net>::size));
    return result;
  }
}

}  // namespace detail
}  // namespace tenon

template <class Net, class T, bool Batched>
struct std::tuple_size<tenon::Results<Net, T, Batched>>
    : std::integral_constant<size_t, tenon::number_of_outputs<Net>> {};
template <size_t K, class Net, class T, bool Batched>
struct std::tuple_element<K, tenon::Results<Net, T, Batched>> {
  using type = decltype(std::declval<const tenon::Results<Net, T, Batched>&>().template get<K>());
};
