#pragma once

#include <tenon/net/refuse.hpp>  // first: compilers print the path of includes that leads to an error

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <type_traits>

#include <tenon/error.hpp>
#include <tenon/model/arena.hpp>
#include <tenon/model/arguments.hpp>
#include <tenon/model/model.hpp>
#include <tenon/net/select.hpp>

namespace tenon {

/// How each output of a model moves with each number of its input at one sample: J(i, j) = d y_i / d x_j, of the whole
/// network, its last Softmax included; several inputs, and several outputs, one behind the other. One forward and one
/// backward pass over as many copies of the sample as there are outputs, for which it takes memory on every call.
///
/// The pass is one of training, so the network must have neither dropout nor running statistics; frozen layers and
/// those of fixed numbers, such as Standardize, may be there. Throws an Error where the sample has another size.
/// PyTorch: torch.autograd.functional.jacobian.
///
///     xt::xtensor<float, 2> J = jacobian(model, image);
template <class M>
auto jacobian(const M& model, std::span<const typename M::scalar> sample) {
  using T = typename M::scalar;
  using Bound = bound_network<typename M::network>;
  constexpr const Layout& layout = workspace<typename M::network>;
  constexpr const Needs& needs = layout.needs;
  static_assert(needs.streams == 0 && detail::running_statistics<typename M::network>.count == 0,
                "jacobian takes a network that does in training what it does in evaluation: without dropout and "
                "running statistics");
  constexpr size_t inputs = M::input::size, outputs = M::output::size;
  if (sample.size() != inputs)
    throw Error("jacobian: expected one sample of " + std::to_string(inputs) + " numbers, got " +
                std::to_string(sample.size()));
  Arena<T> copies(inputs * outputs), y(outputs * outputs), dy(outputs * outputs),
      parameter_gradients(layout.trainable_size);
  Arena<T> saved(needs.saved.sample * outputs), saved_fixed(needs.saved.fixed);
  Arena<T> scratch(std::max(needs.forward.sample, needs.backward.sample) * outputs);
  Arena<T> scratch_fixed(std::max(needs.forward.fixed, needs.backward.fixed));
  for (size_t i = 0; i < outputs; ++i) {
    std::copy_n(sample.data(), inputs, copies.data() + i * inputs);
    for (size_t k = 0; k < outputs; ++k) dy.data()[i * outputs + k] = i == k ? T(1) : T(0);
  }
  xt::xtensor<T, 2> result(std::array<size_t, 2>{outputs, inputs});
  typename M::context context{};
  context.overwrite_gradients = true;
  const Memory<T> memory{.parameters = {.values = model.parameters().data(),
                                        .gradients = parameter_gradients.data(),
                                        .constants = model.buffers().data()},
                         .workspace = {saved.data(), saved_fixed.data(), scratch.data(), scratch_fixed.data()}};
  const Rows<const T> given{copies.data(), outputs, inputs};
  const Rows<T> got{y.data(), outputs, outputs};
  run_forward<Bound>(context, memory, given, got, Training{});
  run_backward<Bound>(context, memory, given, Rows<const T>(got), Rows<const T>{dy.data(), outputs, outputs},
                      Rows<T>{result.data(), outputs, inputs});
  return result;
}
/// Of a tensor of one sample.
template <detail::IsModel M, detail::FixedRank Sample>
auto jacobian(const M& model, const Sample& sample) {
  using T = typename M::scalar;
  return detail::with_samples<typename M::input, T>(sample, [&](auto, const T* samples, size_t count) {
    return jacobian(model, std::span<const T>(samples, count * M::input::size));
  });
}
template <detail::IsModel M, class Sample>
  requires(!detail::FixedRank<Sample> && !std::is_convertible_v<const Sample&, std::span<const typename M::scalar>>)
xt::xtensor<typename M::scalar, 2> jacobian(const M&, const Sample&) {
  detail::refuse_sample<"jacobian", M, Sample>();
  return {};
}
template <detail::NoModel M, class Sample>
xt::xtensor<float, 2> jacobian(const M&, const Sample&) {
  detail::refuse_no_model<"jacobian", M>();
  return {};
}

}  // namespace tenon
