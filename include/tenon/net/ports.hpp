#pragma once

#include <array>
#include <cstddef>
#include <string_view>
#include <type_traits>
#include <utility>

#include <tenon/expr/edges.hpp>
#include <tenon/net/checked.hpp>
#include <tenon/net/graph.hpp>
#include <tenon/net/named.hpp>
#include <tenon/net/part_inputs.hpp>

/// The inputs and outputs of a network by their names.
namespace tenon {

namespace detail {

/// f(0), f(1), ... f(N - 1), each number as a type.
template <size_t N, class F>
constexpr void each_number(F f) {
  [&]<size_t... K>(std::index_sequence<K...>) { (f(std::integral_constant<size_t, K>{}), ...); }
  (std::make_index_sequence<N>{});
}

template <class S>
struct port_shapes {
  using type = list<S>;
};
template <class... S>
struct port_shapes<Inputs<S...>> {
  using type = list<S...>;
};
template <class... S>
struct port_shapes<Outputs<S...>> {
  using type = list<S...>;
};
template <size_t K, class List>
struct shape_at;
template <size_t K, class... S>
struct shape_at<K, list<S...>> : given_input<K, Inputs<S...>> {};

template <size_t N>
constexpr size_t find_name(const std::array<std::string_view, N>& names, std::string_view name) {
  size_t k = 0;
  while (k < N && names[k] != name) ++k;
  return k;
}
template <class Net, fixed_string Name>
constexpr size_t find_output() {
  constexpr const auto& names = port_names<Net>::outputs;
  constexpr size_t found = find_name(names, Name.view());
  if constexpr (found == names.size() && Checked<Net>::valid)
    static_assert(refuse<no_such_output<asked_for<Name>, known_ports<names>>>());
  return found == names.size() ? 0 : found;
}
template <class Net, fixed_string Name>
constexpr size_t find_input() {
  constexpr const auto& names = port_names<Net>::inputs;
  constexpr size_t found = find_name(names, Name.view());
  if constexpr (found == names.size() && Checked<Net>::valid)
    static_assert(refuse<no_such_input<asked_for<Name>, known_ports<names>>>());
  return found == names.size() ? 0 : found;
}

/// Of an argument that is given under a name that no input has.
template <class Net, class A>
struct name_mistake {
  using type = void;
};
template <class Net, fixed_string Name, class A>
struct name_mistake<Net, expr::Given<Name, A>> {
private:
  static constexpr const auto& names = port_names<Net>::inputs;

public:
  using type = std::conditional_t<find_name(names, Name.view()) == names.size(),
                                  no_such_input<asked_for<Name>, known_ports<names>>, void>;
};
/// The first such mistake among the arguments of a call, or void.
template <class Net, class... A>
using misnamed_input = typename first_refusal<typename name_mistake<Net, A>::type...>::type;

/// Where in a row input or output K begins.
template <class S>
constexpr size_t port_offset(size_t k) {
  if constexpr (requires { S::offsets; }) return S::offsets[k];
  else return 0;
}

}  // namespace detail

/// The shape of input or output number K of a network.
template <class Net, size_t K>
using input_shape_at = typename detail::shape_at<K, typename detail::port_shapes<input_shape<Net>>::type>::type;
template <class Net, size_t K>
using output_shape_at = typename detail::shape_at<K, typename detail::port_shapes<output_shape<Net>>::type>::type;

/// How many inputs and outputs a network has.
template <class Net>
inline constexpr size_t number_of_inputs = detail::port_shapes<input_shape<Net>>::type::size;
template <class Net>
inline constexpr size_t number_of_outputs = detail::port_shapes<output_shape<Net>>::type::size;

/// The number of the output of this name. A name that does not exist does not compile.
template <class Net, fixed_string Name>
inline constexpr size_t output_index = detail::find_output<Net, Name>();
template <class Net, fixed_string Name>
inline constexpr size_t input_index = detail::find_input<Net, Name>();

}  // namespace tenon
