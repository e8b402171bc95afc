#pragma once

#include <tenon/net/refuse.hpp>  // first: compilers print the path of includes that leads to an error

#include <algorithm>
#include <cstddef>
#include <string>
#include <type_traits>

#include <tenon/layers/log_softmax.hpp>
#include <tenon/layers/softmax.hpp>
#include <tenon/model/arena.hpp>
#include <tenon/model/arguments.hpp>
#include <tenon/model/model.hpp>
#include <tenon/net/select.hpp>
#include <tenon/networks/last_layer.hpp>

namespace tenon {

struct the_number_of_an_output;

namespace detail {

/// What gives the scores that a final Softmax turns into probabilities.
template <class Net>
using scores_of = std::conditional_t<
    std::is_same_v<last_layer<Net>, Softmax> || std::is_same_v<last_layer<Net>, LogSoftmax>, without_last<Net>, Net>;

}  // namespace detail

/// The gradient of one output of a model at its input, as a tensor of the input's shape: how much each
/// number of it moves that output. Of a network that ends in Softmax, the score before it is meant. Its
/// size is the saliency map of Simonyan et al. 2014.
///
///     auto gradient = input_gradient(model, image, 3);   // of a sample, or of each sample of a batch
///
/// The pass is one of training, so the network must have neither dropout nor running statistics; frozen layers and
/// those of fixed numbers, such as Standardize, may be there. Takes memory for the batch on every call. Throws Error if
/// there is no such output.
template <detail::IsModel M, detail::FixedRank Images>
auto input_gradient(const M& model, const Images& images, size_t output) {
  using T = typename M::scalar;
  using Logits = detail::scores_of<typename M::network>;
  using Bound = bound_network<Logits>;
  using In = typename M::input;
  constexpr const Layout& layout = workspace<Logits>;
  constexpr const Needs& needs = layout.needs;
  static_assert(needs.streams == 0 && detail::running_statistics<Logits>.count == 0,
                "input_gradient takes a network that does in training what it does in evaluation: without dropout and "
                "running statistics");
  constexpr size_t size = Bound::output::size;
  if (output >= size)
    throw Error("input_gradient: expected an output below " + std::to_string(size) + ", got " + std::to_string(output));

  return detail::with_samples<In, T>(
      images, [&]<bool Batched>(std::bool_constant<Batched>, const T* samples, size_t count) {
        auto gradient = detail::output_tensor<In, T, Batched>(count);
        Arena<T> saved(needs.saved.sample * count), saved_fixed(needs.saved.fixed),
            parameter_gradients(layout.trainable_size);
        Arena<T> scratch(std::max(needs.forward.sample, needs.backward.sample) * count);
        Arena<T> scratch_fixed(std::max(needs.forward.fixed, needs.backward.fixed));
        Arena<T> y(size * count), dy(size * count);
        for (size_t i = 0; i < count; ++i) {
          std::fill_n(dy.data() + i * size, size, T(0));
          dy.data()[i * size + output] = T(1);
        }
        typename M::context context{};
        context.overwrite_gradients = true;
        const Memory<T> memory{.parameters = {.values = model.parameters().data(),
                                              .gradients = parameter_gradients.data(),
                                              .constants = model.buffers().data()},
                               .workspace = {saved.data(), saved_fixed.data(), scratch.data(), scratch_fixed.data()}};
        const Rows<const T> input{samples, count, In::size};
        const Rows<T> results{y.data(), count, size};
        run_forward<Bound>(context, memory, input, results, Training{});
        run_backward<Bound>(context, memory, input, Rows<const T>(results), Rows<const T>{dy.data(), count, size},
                            Rows<T>{gradient.data(), count, In::size});
        return gradient;
      });
}
template <detail::IsModel M, class Images, class Output>
  requires(!detail::FixedRank<Images>)
Images input_gradient(const M&, const Images& images, const Output&) {
  detail::refuse<
      wrong_argument<argument<"input_gradient", "images">, takes<one_sample_or_a_batch_of<typename M::input>>,
                     but_gets<Images>, write<"features_tensor<2>(data)">>>();
  return images;
}
template <detail::IsModel M, class Images>
Images input_gradient(const M&, const Images& images) {
  detail::refuse<wrong_argument<argument<"input_gradient", "output">, takes<the_number_of_an_output>,
                                but_gets<M, Images>, write<"input_gradient(model, images, 3)">>>();
  return images;
}
template <detail::NoModel M, class Images>
Images input_gradient(const M&, const Images& images, size_t) {
  detail::refuse_no_model<"input_gradient", M>();
  return images;
}

}  // namespace tenon
