#pragma once

#include <algorithm>
#include <cstddef>

#include <tenon/layers/dense.hpp>
#include <tenon/layers/global_avg_pool.hpp>
#include <tenon/layers/relu.hpp>
#include <tenon/layers/sigmoid.hpp>
#include <tenon/net/gate.hpp>

namespace tenon {

/// Squeeze and excitation, Hu et al. 2018: every channel is multiplied by a factor from 0 to 1 that follows from the
/// means of all channels, s = sigmoid(W2 relu(W1 mean(x) + b1) + b2), with C / Reduction hidden units.
///
/// Shapes: (C, H, W) to the same. Parameters: 1.weight (C / Reduction, C), 1.bias, 3.weight (C, C / Reduction), 3.bias.
/// Gradients: as Gate's. PyTorch: torchvision's SqueezeExcitation, whose fc1 and fc2 have two more axes of 1.
/// ONNX: GlobalAveragePool, Gemm, Relu, Gemm, Sigmoid, Mul.
///
///     using Block = Residual<Conv2D<64, 3, padding<1>>, BatchNorm2D<>, ReLU, SqueezeExcite<8>>;
template <size_t Reduction = 16>
struct SqueezeExcite {
  static_assert(Reduction > 0, "SqueezeExcite<Reduction> takes Reduction >= 1");

  template <class In>
  using problem = typename GlobalAvgPool::template problem<In>;
  template <class In>
  struct at : detail::BoundGate<SqueezeExcite, In, GlobalAvgPool, Dense<std::max<size_t>(In::front / Reduction, 1)>,
                                ReLU, Dense<In::front>, Sigmoid> {
    template <class To>
    static auto onnx(To& to) {
      const auto gemm = [&](auto value, auto weight, auto bias) {
        return to.node("Gemm", {value, to.parameter(weight), to.parameter(bias)}, {{"transB", 1}});
      };
      const auto means = to.node("Flatten", {to.node("GlobalAveragePool", {to.input()})});
      const auto narrow = to.node("Relu", {gemm(means, "1.weight", "1.bias")});
      const auto factors = to.node("Sigmoid", {gemm(narrow, "3.weight", "3.bias")});
      return to.node("Mul", {to.along_channels(factors, In::front, In::rank), to.input()});
    }
  };
};

}  // namespace tenon
