#pragma once

#include <type_traits>

#include <tenon/layers/conv1d.hpp>
#include <tenon/layers/conv2d.hpp>
#include <tenon/layers/dense.hpp>
#include <tenon/net/composition.hpp>

namespace tenon {

namespace detail {

/// A layer with options for how its int8 weights are kept: in four bits, or with one scale for all instead of one for
/// each output.
template <class L>
inline constexpr bool keeps_weights = false;
template <auto... A>
inline constexpr bool keeps_weights<Dense<A...>> = true;
template <auto... A>
inline constexpr bool keeps_weights<Conv1D<A...>> = window_of<1, A...>().groups == 1;
template <auto... A>
inline constexpr bool keeps_weights<Conv2D<A...>> = window_of<2, A...>().groups == 1;

template <class L, auto... Option>
struct more_options;
template <template <auto...> class L, auto... A, auto... Option>
struct more_options<L<A...>, Option...> {
  using type = L<A..., Option...>;
};

template <class L, auto... Option>
struct storing;
template <class L, class Parts, auto... Option>
struct storing_parts;
template <class L, class... Part, auto... Option>
struct storing_parts<L, list<Part...>, Option...> {
  using type = remake<L, list<typename storing<Part, Option...>::type...>>;
};
template <class L, auto... Option>
struct storing {
  static constexpr auto judge() {
    if constexpr (structure_of<L> != Structure::leaf) return storing_parts<L, parts_of<L>, Option...>{};
    else if constexpr (keeps_weights<L> && storage_of_layer<L> == WeightStorage{}) return more_options<L, Option...>{};
    else return std::type_identity<L>{};
  }
  using type = typename decltype(judge())::type;
};

}  // namespace detail

/// The network whose Dense layers and convolutions without groups keep their weights so where it runs in int8:
/// `weight_bits<4>`, `per_tensor<true>` or both. Layers that say so themselves stay as they are. Parameters keep their
/// names, so trained ones are copied:
///
///     using Small = store_weights<Net, weight_bits<4>>;
///     Model<Small> small{seed};
///     copy_parameters(model, small);
///     const auto numbers = quantize(small, calibration);
template <class Net, auto... Option>
using store_weights = typename detail::storing<Net, Option...>::type;

}  // namespace tenon
