#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <tenon/layers/conv1d.hpp>
#include <tenon/layers/conv2d.hpp>
#include <tenon/layers/conv_transpose1d.hpp>
#include <tenon/layers/conv_transpose2d.hpp>
#include <tenon/layers/dense.hpp>
#include <tenon/layers/identity.hpp>
#include <tenon/layers/max_unpool.hpp>
#include <tenon/model/model.hpp>
#include <tenon/net/networks.hpp>

namespace tenon {

namespace detail {

/// A layer that is linear in its weight, whose outputs' axis of the weight is this one; -1: no such layer.
template <class L>
inline constexpr int output_axis = -1;
template <auto... A>
inline constexpr int output_axis<Dense<A...>> = 0;
template <auto... A>
inline constexpr int output_axis<Conv1D<A...>> = 0;
template <auto... A>
inline constexpr int output_axis<Conv2D<A...>> = 0;
template <auto... A>
inline constexpr int output_axis<ConvTranspose1D<A...>> = 1;
template <auto... A>
inline constexpr int output_axis<ConvTranspose2D<A...>> = 1;

template <class L>
concept NormalizesBatch = requires { L::batch_epsilon; };

template <class A, class B>
inline constexpr bool folds = output_axis<unnamed<A>> >= 0 && NormalizesBatch<unnamed<B>>;

/// The layer with a bias whatever it says.
template <auto... V>
struct value_list {};
template <class Kept, auto... Rest>
struct without_bias_option {
  using type = Kept;
};
template <auto... Kept, auto First, auto... Rest>
struct without_bias_option<value_list<Kept...>, First, Rest...>
    : std::conditional_t<turns_bias_off<std::remove_const_t<decltype(First)>>, without_bias_option<value_list<Kept...>, Rest...>,
                         without_bias_option<value_list<Kept..., First>, Rest...>> {};
template <template <auto...> class L, class Arguments>
struct apply_values;
template <template <auto...> class L, auto... A>
struct apply_values<L, value_list<A...>> {
  using type = L<A...>;
};

template <class L>
struct biased {
  using type = L;
};
template <template <auto...> class L, auto... A>
struct biased<L<A...>> : apply_values<L, typename without_bias_option<value_list<>, A...>::type> {};
template <fixed_string Name, class L>
struct biased<Named<Name, L>> {
  using type = Named<Name, typename biased<L>::type>;
};

template <class L, class By>
struct renamed_like {
  using type = L;
};
template <class L, fixed_string Name, class Inner>
struct renamed_like<L, Named<Name, Inner>> {
  using type = Named<Name, typename renamed_like<L, Inner>::type>;
};

template <class L>
struct folded {
  using type = L;
};

/// A chain: a normalisation behind a linear layer is replaced by nothing that costs anything, so that
/// all other layers keep their names.
template <class Done, class... L>
struct folded_chain {
  using type = Done;
};
template <class... Done, class A, class... Rest>
struct folded_chain<list<Done...>, A, Rest...> : folded_chain<list<Done..., typename folded<A>::type>, Rest...> {};
template <class... Done, class A, class B, class... Rest>
  requires folds<A, B>
struct folded_chain<list<Done...>, A, B, Rest...>
    : folded_chain<list<Done..., typename biased<A>::type, typename renamed_like<Identity, B>::type>, Rest...> {};

template <template <class...> class Composition, class List>
struct composed;
template <template <class...> class Composition, class... L>
struct composed<Composition, list<L...>> {
  using type = Composition<L...>;
};

template <class... L>
struct folded<Sequential<L...>> : composed<Sequential, typename folded_chain<list<>, L...>::type> {};
template <class... L>
struct folded<Residual<L...>> : composed<Residual, typename folded_chain<list<>, L...>::type> {};
template <class... L>
struct folded<Gate<L...>> : composed<Gate, typename folded_chain<list<>, L...>::type> {};
template <class L>
struct folded<Freeze<L>> {
  using type = Freeze<typename folded<L>::type>;
};
template <class... L>
struct folded<MaxUnpool<L...>> : composed<MaxUnpool, typename folded_chain<list<>, L...>::type> {};
template <class... L>
struct folded<Add<L...>> {
  using type = Add<typename folded<L>::type...>;
};
template <class... L>
struct folded<Concat<L...>> {
  using type = Concat<typename folded<L>::type...>;
};
template <std::size_t N, class L>
struct folded<Repeat<N, L>> {
  using type = Repeat<N, typename folded<L>::type>;
};
template <fixed_string Name, class L>
struct folded<Named<Name, L>> {
  using type = Named<Name, typename folded<L>::type>;
};

/// Two neighbours of which the first takes up the second, by the beginnings of their names.
struct Folding {
  std::string layer, norm;
  int axis = 0;
  double epsilon = 0;
};

template <class L>
struct find_foldings {
  static void in(const std::string&, std::vector<Folding>&) {}
};

template <class L>
inline constexpr bool is_input = false;
template <std::size_t... D>
inline constexpr bool is_input<Input<D...>> = true;

template <class L>
std::string step_to(const std::string& prefix, std::size_t index) {
  return prefix + (element<L>::named ? std::string(element<L>::name) : std::to_string(index)) + ".";
}

template <std::size_t Index>
void find_in_chain(const std::string&, std::vector<Folding>&) {}
template <std::size_t Index, class A, class... Rest>
void find_in_chain(const std::string& prefix, std::vector<Folding>& found);
template <std::size_t Index, class A, class B, class... Rest>
void find_pair(const std::string& prefix, std::vector<Folding>& found) {
  if constexpr (folds<A, B>)
    found.push_back({step_to<A>(prefix, Index), step_to<B>(prefix, Index + 1), output_axis<unnamed<A>>, unnamed<B>::batch_epsilon});
}
template <std::size_t Index, class A, class... Rest>
void find_in_chain(const std::string& prefix, std::vector<Folding>& found) {
  if constexpr (is_input<A>) {  // has no index
    find_in_chain<Index, Rest...>(prefix, found);
  } else {
    if constexpr (sizeof...(Rest) > 0) find_pair<Index, A, Rest...>(prefix, found);
    find_foldings<unnamed<A>>::in(step_to<A>(prefix, Index), found);
    find_in_chain<Index + 1, Rest...>(prefix, found);
  }
}

template <class... L>
struct find_in_elements {
  static void in(const std::string& prefix, std::vector<Folding>& found) { find_in_chain<0, L...>(prefix, found); }
};
template <class... L>
struct find_foldings<Sequential<L...>> : find_in_elements<L...> {};
template <class... L>
struct find_foldings<Residual<L...>> : find_in_elements<L...> {};
template <class... L>
struct find_foldings<Gate<L...>> : find_in_elements<L...> {};
template <class L>
struct find_foldings<Freeze<L>> : find_foldings<unnamed<L>> {};
template <class... L>
struct find_foldings<MaxUnpool<L...>> : find_in_elements<L...> {};

/// Branches are no neighbours.
template <class... L>
struct find_in_branches {
  static void in(const std::string& prefix, std::vector<Folding>& found) {
    std::size_t index = 0;
    ((find_foldings<unnamed<L>>::in(step_to<L>(prefix, index), found), ++index), ...);
  }
};
template <class... L>
struct find_foldings<Add<L...>> : find_in_branches<L...> {};
template <class... L>
struct find_foldings<Concat<L...>> : find_in_branches<L...> {};
template <std::size_t N, class L>
struct find_foldings<Repeat<N, L>> {
  static void in(const std::string& prefix, std::vector<Folding>& found) {
    for (std::size_t copy = 0; copy < N; ++copy) find_foldings<unnamed<L>>::in(prefix + std::to_string(copy) + ".", found);
  }
};

/// The row of this name, or null.
template <class Net>
const ParameterEntry* entry_named(std::string_view name) {
  const auto& table = parameter_table<Net>;
  const auto at = std::find_if(table.begin(), table.end(), [&](const ParameterEntry& entry) { return entry.name == name; });
  return at == table.end() ? nullptr : &*at;
}

}  // namespace detail

/// The network for inference: where batch normalisation follows Dense, Conv or ConvTranspose, in whatever
/// part of it, the normalisation is gone and the layer has a bias. All other names stay as they are.
template <class Net>
using Folded = typename detail::folded<Net>::type;

/// The model with its normalisations folded into the layers before them, W' = W s and
/// b' = (b - running_mean) s + bias with s = weight / sqrt(running_var + epsilon) for each output. It
/// predicts what `model` predicts, up to rounding, with one pass less each.
///
///     const auto fast = fold(model);  // a Model<Folded<Net>>
template <class Net, class Scalar, class Gemm>
Model<Folded<Net>, Scalar, Gemm> fold(const Model<Net, Scalar, Gemm>& model) {
  using To = Folded<Net>;
  Model<To, Scalar, Gemm> result;
  for (const ParameterEntry& entry : parameter_table<To>) {
    const std::span<Scalar> to = result.values(entry);
    if (const ParameterEntry* from = detail::entry_named<Net>(entry.name)) std::ranges::copy(model.values(*from), to.begin());
    else std::ranges::fill(to, Scalar(0));  // a bias that was none
  }
  std::vector<detail::Folding> foldings;
  const std::string root = detail::element<Net>::named ? std::string(detail::element<Net>::name) + "." : std::string();
  detail::find_foldings<detail::unnamed<Net>>::in(root, foldings);
  for (const detail::Folding& f : foldings) {
    const auto number = [&](const char* name, std::size_t i, double otherwise) {
      const ParameterEntry* entry = detail::entry_named<Net>(f.norm + name);
      return entry ? static_cast<double>(model.values(*entry)[i]) : otherwise;
    };
    const ParameterEntry& weights = *detail::entry_named<To>(f.layer + "weight");
    const std::span<Scalar> weight = result.values(weights);
    const std::span<Scalar> bias = result.values(*detail::entry_named<To>(f.layer + "bias"));
    const std::size_t outputs = bias.size();
    std::size_t inner = 1;  // numbers of one window
    for (std::size_t axis = 2; axis < weights.rank; ++axis) inner *= weights.dims[axis];
    // A transposed convolution's weight is (in, out / groups, ...): the groups fall along its first axis.
    const std::size_t group_outputs = weights.dims[1], group_inputs = f.axis == 0 ? 0 : weights.dims[0] / (outputs / group_outputs);
    for (std::size_t o = 0; o < outputs; ++o) {
      const double scale = number("weight", o, 1) / std::sqrt(number("running_var", o, 1) + f.epsilon);
      const auto stretch = [&](std::size_t first, std::size_t count) {
        for (Scalar& w : weight.subspan(first, count)) w = static_cast<Scalar>(static_cast<double>(w) * scale);
      };
      if (f.axis == 0) {
        stretch(o * weight.size() / outputs, weight.size() / outputs);
      } else {
        for (std::size_t i = 0; i < group_inputs; ++i)
          stretch(((o / group_outputs * group_inputs + i) * group_outputs + o % group_outputs) * inner, inner);
      }
      bias[o] = static_cast<Scalar>((static_cast<double>(bias[o]) - number("running_mean", o, 0)) * scale + number("bias", o, 0));
    }
  }
  return result;
}

}  // namespace tenon
