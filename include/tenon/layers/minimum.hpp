#pragma once

#include <tenon/layers/maximum.hpp>

namespace tenon {

/// y = min(a, b, ...), number by number, of two or more inputs; NaN if any of them is.
///
/// Shapes: as Multiply's. Gradient: dy to the smallest, in equal shares if there are several, as in PyTorch.
/// PyTorch: torch.minimum; of several, torch.amin of their stack. Keras: Minimum. ONNX: Min.
///
///     Node<"safer", Minimum, "critic_a", "critic_b">
struct Minimum : detail::ElementwiseLayer<detail::ExtremeOf<-1>, 2, 32, two_or_more_inputs> {};

}  // namespace tenon
