#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <type_traits>

#include <tenon/net/mistakes.hpp>

/// What functions that take a model say where they are given something else.
namespace tenon {

template <class Net>
struct QuantizedNumbers;
template <class Net, class Scalar, class Gemm>
class Model;

struct a_model;
struct a_model_that_is_there_afterwards;
struct a_model_that_is_not_const;
template <class Shape>
struct one_sample_of;
struct token_numbers;

namespace detail {

/// Told by its name: where a concept looks into the model of a wrong network, clang's error is twice as long.
template <class M>
inline constexpr bool is_model_itself = false;
template <class Net, class Scalar, class Gemm>
inline constexpr bool is_model_itself<Model<Net, Scalar, Gemm>> = true;

template <class M>
concept IsModel = is_model_itself<M> || requires {
  typename M::network;
  typename M::scalar;
  typename M::context;
  typename M::input;
};

/// What is no model, nor made of a network otherwise.
template <class M>
concept NoModel = !is_model_itself<M> && !requires {
  typename M::network;
};

template <class T>
using plain = std::remove_cvref_t<T>;

/// What to write where something else is given than a model.
template <fixed_string Function, class M>
struct instead_of_model {
  using type = write<"Model<Net> model{seed};">;
};
template <class Net>
struct instead_of_model<"evaluate", QuantizedNumbers<Net>> {
  using type = include_header<"tenon/train/evaluate_quantized.hpp">;
};
template <class Net, class Deleter>
struct instead_of_model<"evaluate", std::unique_ptr<QuantizedNumbers<Net>, Deleter>> {
  using type = write<"evaluate(*numbers, data)">;
};

/// `M` as a forwarding reference has it.
template <fixed_string Function, class M>
constexpr auto judge_model() {
  using Model = argument<Function, "model">;
  if constexpr (!IsModel<plain<M>>)
    return std::type_identity<wrong_argument<Model, takes<a_model>, but_gets<plain<M>>,
                                             typename instead_of_model<Function, plain<M>>::type>>{};
  else return std::type_identity<void>{};
}
template <fixed_string Function, class M>
constexpr auto judge_trained_model() {
  using Model = argument<Function, "model">;
  if constexpr (!IsModel<plain<M>>) return judge_model<Function, M>();
  else if constexpr (!std::is_lvalue_reference_v<M>)
    return std::type_identity<wrong_argument<Model, takes<a_model_that_is_there_afterwards>, but_gets<M&&>,
                                             write<"Model<Net> model{seed};">>>{};
  else if constexpr (std::is_const_v<std::remove_reference_t<M>>)
    return std::type_identity<
        wrong_argument<Model, takes<a_model_that_is_not_const>, but_gets<std::remove_reference_t<M>>>>{};
  else return std::type_identity<void>{};
}

/// `M`, as a forwarding reference has it, is no model whose numbers may be changed.
template <fixed_string Function, class M>
concept NotTrainable = !std::is_void_v<typename decltype(judge_trained_model<Function, M>())::type>;

/// A function of a model is given something else.
template <fixed_string Function, class M>
constexpr void refuse_no_model() {
  refuse<typename decltype(judge_model<Function, M>())::type>();
}
template <fixed_string Function, class M>
constexpr void refuse_not_trainable() {
  refuse<typename decltype(judge_trained_model<Function, M>())::type>();
}

/// A function of one sample is given something else, such as a data set.
template <fixed_string Function, class M, class Sample>
constexpr void refuse_sample() {
  refuse<wrong_argument<argument<Function, "sample">, takes<one_sample_of<typename M::input>>, but_gets<Sample>,
                        write<"data.sample(0)">>>();
}

/// Token numbers, which a text is not.
template <class T>
concept Tokens = std::is_convertible_v<const T&, std::span<const std::int32_t>>;
template <fixed_string Function, fixed_string Name, class T>
constexpr void refuse_tokens() {
  refuse<
      wrong_argument<argument<Function, Name>, takes<token_numbers>, but_gets<T>, write<"tokenizer.encode(text)">>>();
}

}  // namespace detail
}  // namespace tenon
