#pragma once

#include <span>

#include <tenon/net/mistakes.hpp>

namespace tenon {

/// Scales all gradients by min(1, max_norm / (norm + 1e-6)), so that their norm, taken of all of them as
/// one vector, is at most max_norm (Pascanu et al. 2013). Returns the norm before. `norm_type` 2 is the
/// Euclidean one, infinity the largest absolute value. PyTorch: nn.utils.clip_grad_norm_.
template <class T>
double clip_grad_norm(std::span<T> gradients, double max_norm, double norm_type = 2);

/// Limits every gradient to [-clip_value, clip_value]. PyTorch: nn.utils.clip_grad_value_.
template <class T>
void clip_grad_value(std::span<T> gradients, double clip_value);

namespace detail {
template <class Given>
inline constexpr bool is_span = false;
template <class T>
inline constexpr bool is_span<std::span<T>> = true;
}  // namespace detail

struct a_span_of_gradients;

/// Given anything but a span of gradients, an error that says so.
template <class Given>
  requires(!detail::is_span<Given>)
double clip_grad_norm(const Given&, double, double = 2) {
  detail::refuse<wrong_argument<argument<"clip_grad_norm", "gradients">, takes<a_span_of_gradients>, but_gets<Given>,
                                write<"trainer.clip_grad_norm(max_norm)">>>();
  return 0;
}
/// Given anything but a span of gradients, an error that says so.
template <class Given>
  requires(!detail::is_span<Given>)
void clip_grad_value(const Given&, double) {
  detail::refuse<wrong_argument<argument<"clip_grad_value", "gradients">, takes<a_span_of_gradients>, but_gets<Given>,
                                write<"trainer.clip_grad_value(clip_value)">>>();
}

extern template double clip_grad_norm(std::span<float>, double, double);
extern template double clip_grad_norm(std::span<double>, double, double);
extern template void clip_grad_value(std::span<float>, double);
extern template void clip_grad_value(std::span<double>, double);

}  // namespace tenon
