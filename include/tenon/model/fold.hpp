#pragma once

#include <tenon/net/refuse.hpp>  // first: compilers print the path of includes that leads to an error

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
#include <tenon/model/arguments.hpp>
#include <tenon/model/model.hpp>
#include <tenon/net/composition.hpp>
#include <tenon/net/networks.hpp>
#include <tenon/net/part_inputs.hpp>

namespace tenon {

namespace detail {

/// Along which axis of its weight the outputs of a linear layer lie; -1 for any other layer.
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
inline constexpr bool is_dense = false;
template <auto... A>
inline constexpr bool is_dense<Dense<A...>> = true;

template <class L>
concept NormalizesBatch = requires {
  L::batch_epsilon;
};

/// Of a sequence, a Dense gives features, while a normalisation takes the steps for channels: nothing can be folded.
template <class A, class In, class B>
inline constexpr bool folds = output_axis<unnamed<A>> >= 0 &&
                              (!is_dense<unnamed<A>> || In::rank == 1) && NormalizesBatch<unnamed<B>>;

/// The same layer with a bias, even where it says bias<false>.
template <auto... V>
struct value_list {};
template <class Kept, auto... Rest>
struct without_bias_option {
  using type = Kept;
};
template <auto... Kept, auto First, auto... Rest>
struct without_bias_option<value_list<Kept...>, First, Rest...>
    : std::conditional_t<turns_bias_off<std::remove_const_t<decltype(First)>>,
                         without_bias_option<value_list<Kept...>, Rest...>,
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

/// A chain: a normalisation behind a linear layer is replaced by nothing that costs anything, so that
/// all other layers keep their names.
template <class L, class In, class Parts = parts_of<L>, class Inputs = part_inputs<L, In>>
struct folded;
template <class Done, class Parts, class Inputs>
struct folded_chain {
  using type = Done;
};
template <class... Done, class A, class... Rest, class In, class... Later>
struct folded_chain<list<Done...>, list<A, Rest...>, list<In, Later...>>
    : folded_chain<list<Done..., typename folded<A, In>::type>, list<Rest...>, list<Later...>> {};
template <class... Done, class A, class B, class... Rest, class In, class Out, class... Later>
  requires folds<A, In, B>
struct folded_chain<list<Done...>, list<A, B, Rest...>, list<In, Out, Later...>>
    : folded_chain<list<Done..., typename biased<A>::type, typename renamed_like<Identity, B>::type>, list<Rest...>,
                   list<Later...>> {
};

/// Nodes that share their layers with others are folded once, which has to be right for all of them.
template <class L, class In>
consteval bool shares_alike() {
  if constexpr (structure_of<L> == Structure::graph) return composition<L>::template shared_alike<In>;
  else return true;
}

/// Branches do not follow one another: each is folded by itself.
template <class L, class In, class... Part, class... Given>
struct folded<L, In, list<Part...>, list<Given...>> {
  static_assert(shares_alike<L, In>(),
                "fold takes graphs whose nodes with the same layers are given inputs of one shape");
  static constexpr auto parts() {
    if constexpr (is_chain_like(structure_of<L>))
      return typename folded_chain<list<>, list<Part...>, list<Given...>>::type{};
    else return list<typename folded<Part, Given>::type...>{};
  }
  using type = remake<L, decltype(parts())>;
};
template <class L, class In>
  requires(structure_of<L> == Structure::leaf)
struct folded<L, In, list<>, list<>> {
  using type = L;
};

/// A layer and the normalisation that is folded into it, as their parameters' names begin: "encoder.2.".
struct Folding {
  std::string layer, norm;
  int axis = 0;
  double epsilon = 0;
};

template <class L>
inline constexpr bool is_input = false;
template <size_t... D>
inline constexpr bool is_input<Input<D...>> = true;

/// The beginning of the names of an element's parameters.
template <class L>
std::string step_to(const std::string& prefix, size_t index) {
  if (element<L>::named) return element<L>::name == "." ? prefix : prefix + std::string(element<L>::name) + ".";
  return prefix + std::to_string(index) + ".";
}

template <class L, class In>
void find_foldings(const std::string& prefix, std::vector<Folding>& found);

/// The element at `index` and those behind it.
inline void find_among(const std::string&, std::vector<Folding>&, bool, size_t, list<>, list<>) {}
template <class A, class... Rest, class In, class... Later>
void find_among(const std::string& prefix, std::vector<Folding>& found, bool chain, size_t index, list<A, Rest...>,
                list<In, Later...>) {
  if constexpr (is_input<A>) {  // has no index
    find_among(prefix, found, chain, index, list<Rest...>{}, list<Later...>{});
  } else {
    const auto pair = [&]<class B, class... Behind>(list<B, Behind...>) {
      if constexpr (folds<A, In, B>)
        found.push_back({step_to<A>(prefix, index), step_to<B>(prefix, index + 1), output_axis<unnamed<A>>,
                         unnamed<B>::batch_epsilon});
    };
    if constexpr (sizeof...(Rest) > 0)
      if (chain) pair(list<Rest...>{});
    find_foldings<unnamed<A>, In>(step_to<A>(prefix, index), found);
    find_among(prefix, found, chain, index + 1, list<Rest...>{}, list<Later...>{});
  }
}

template <class L, class In>
void find_foldings(const std::string& prefix, std::vector<Folding>& found) {
  constexpr Structure what = structure_of<L>;
  if constexpr (what == Structure::copies) {
    for (size_t copy = 0; copy < composition<L>::count; ++copy)
      find_foldings<unnamed<part_of<L>>, In>(prefix + std::to_string(copy) + ".", found);
  } else if constexpr (what == Structure::steps) {
    find_foldings<unnamed<part_of<L>>, typename without_front<In>::type>(prefix, found);
  } else if constexpr (is_wrapper(what)) {
    find_foldings<unnamed<part_of<L>>, In>(prefix, found);
  } else if constexpr (what != Structure::leaf) {
    find_among(prefix, found, is_chain_like(what), 0, parts_of<L>{}, part_inputs<L, In>{});
  }
}

/// The row of this name, or null.
template <class Net>
const ParameterEntry* entry_named(std::string_view name) {
  const auto& table = parameter_table<Net>;
  const auto at = std::find_if(table.begin(), table.end(),
                               [&](const ParameterEntry& entry) { return entry.name == name; });
  return at == table.end() ? nullptr : &*at;
}

}  // namespace detail

/// The network for inference: where batch normalisation follows Dense, Conv or ConvTranspose, in whatever
/// part of it, the normalisation is gone and the layer has a bias. All other names stay as they are.
template <class Net>
using Folded = typename detail::folded<Net, typename Checked<Net>::input>::type;  // input_shape: longer errors

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
    if (const ParameterEntry* from = detail::entry_named<Net>(entry.name))
      std::ranges::copy(model.values(*from), to.begin());
    else std::ranges::fill(to, Scalar(0));  // a bias that was none
  }
  std::vector<detail::Folding> foldings;
  const std::string root = detail::element<Net>::named ? std::string(detail::element<Net>::name) + "." : std::string();
  detail::find_foldings<detail::unnamed<Net>, input_shape<Net>>(root, foldings);
  for (const detail::Folding& f : foldings) {
    const auto number = [&](const char* name, size_t i, double otherwise) {
      const ParameterEntry* entry = detail::entry_named<Net>(f.norm + name);
      return entry ? static_cast<double>(model.values(*entry)[i]) : otherwise;
    };
    const ParameterEntry& weights = *detail::entry_named<To>(f.layer + "weight");
    const std::span<Scalar> weight = result.values(weights);
    const std::span<Scalar> bias = result.values(*detail::entry_named<To>(f.layer + "bias"));
    const size_t outputs = bias.size();
    size_t inner = 1;  // numbers of one window
    for (size_t axis = 2; axis < weights.rank; ++axis) inner *= weights.dims[axis];
    // A transposed convolution's weight is (in, out / groups, ...): the groups fall along its first axis.
    const size_t group_outputs = weights.dims[1],
                 group_inputs = f.axis == 0 ? 0 : weights.dims[0] / (outputs / group_outputs);
    for (size_t o = 0; o < outputs; ++o) {
      const double scale = number("weight", o, 1) / std::sqrt(number("running_var", o, 1) + f.epsilon);
      const auto stretch = [&](size_t first, size_t count) {
        for (Scalar& w : weight.subspan(first, count)) w = static_cast<Scalar>(static_cast<double>(w) * scale);
      };
      if (f.axis == 0) {
        stretch(o * weight.size() / outputs, weight.size() / outputs);
      } else {
        for (size_t i = 0; i < group_inputs; ++i)
          stretch(((o / group_outputs * group_inputs + i) * group_outputs + o % group_outputs) * inner, inner);
      }
      bias[o] = static_cast<Scalar>((static_cast<double>(bias[o]) - number("running_mean", o, 0)) * scale +
                                    number("bias", o, 0));
    }
  }
  return result;
}
template <detail::NoModel M>
const M& fold(const M& model) {
  detail::refuse_no_model<"fold", M>();
  return model;  // NOLINT(bugprone-return-const-ref-from-parameter): it is never run
}

}  // namespace tenon
