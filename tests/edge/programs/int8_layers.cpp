// Every kind of int8 step on 64 random inputs: the same bytes as on the host. The numbers are random too, and made by
// the compiler. Built with -DTENON_WRITE_EXPECTED it prints those bytes as the header that the others include.
#include <tenon/edge/quantized.hpp>
#include <tenon/layers/additive_attention.hpp>
#include <tenon/layers/batch_norm.hpp>
#include <tenon/layers/conv1d.hpp>
#include <tenon/layers/conv2d.hpp>
#include <tenon/layers/conv_transpose2d.hpp>
#include <tenon/layers/dense.hpp>
#include <tenon/layers/group_norm.hpp>
#include <tenon/layers/gru.hpp>
#include <tenon/layers/hard_swish.hpp>
#include <tenon/layers/identity.hpp>
#include <tenon/layers/layer_norm.hpp>
#include <tenon/layers/log_softmax.hpp>
#include <tenon/layers/lstm.hpp>
#include <tenon/layers/max_pool1d.hpp>
#include <tenon/layers/maximum.hpp>
#include <tenon/layers/mean_steps.hpp>
#include <tenon/layers/minimum.hpp>
#include <tenon/layers/multihead_attention.hpp>
#include <tenon/layers/multiply.hpp>
#include <tenon/layers/permute.hpp>
#include <tenon/layers/relu.hpp>
#include <tenon/layers/repeat_vector.hpp>
#include <tenon/layers/reshape.hpp>
#include <tenon/layers/rms_norm.hpp>
#include <tenon/layers/rnn.hpp>
#include <tenon/layers/sigmoid.hpp>
#include <tenon/layers/slice.hpp>
#include <tenon/layers/softmax.hpp>
#include <tenon/layers/squeeze_excite.hpp>
#include <tenon/layers/subtract.hpp>
#include <tenon/layers/tanh.hpp>
#include <tenon/layers/upsample.hpp>
#include <tenon/layers/where.hpp>
#include <tenon/layers/zero_pad.hpp>
#include <tenon/net/concat.hpp>
#include <tenon/net/graph.hpp>
#include <tenon/net/masked.hpp>
#include <tenon/net/networks.hpp>
#include <tenon/net/repeat.hpp>
#include <tenon/net/split_at.hpp>
#include <tenon/random.hpp>

#include "platform.hpp"

namespace {

using namespace tenon;

using Pairs = Graph<In<"x", 8, 6>, Node<"a", Slice<0, 0, 4>, "x">, Node<"b", Slice<0, 4>, "x">,
                    Node<"product", Multiply, "a", "b">, Node<"difference", Subtract, "a", "product">,
                    Node<"larger", Maximum, "difference", "b">, Node<"smaller", Minimum, "larger", "a">,
                    Node<"chosen", Where, "smaller", "product", "a">, Node<"sum", Add<>, "smaller", "chosen", "b">,
                    Out<"sum">>;
/// The last of nine steps is padding.
using Ended = Sequential<GRU<3, mask<0>, bidirectional>, RNN<6, nonlinearity<ReLU>, mask<0>>>;
/// The first and the last of ten steps are padding. In the end, the mean of those that are there is added to all.
using Padded = Masked<0, SplitAt<4, Identity, MultiheadAttention<2>>, AdditiveAttention<5, 3>,
                      Add<Identity, Sequential<MeanSteps, RepeatVector<10>>>>;
using Net = Sequential<
    Input<3, 8, 7>, ZeroPad2D<0, 1, 0, 1>, Conv2D<6, 3, stride<2>>, HardSwish, SqueezeExcite<2>,
    Concat<Identity, Sequential<Conv2D<3, 1, per_tensor<true>>, Tanh>>, BatchNorm2D<>, Upsample<2>,
    ConvTranspose2D<4, 3, stride<2>, padding<1>>, GroupNorm<2>, Slice<1, 1, 5>, Upsample<2, 1, bilinear>,
    Permute<1, 0, 2>, Reshape<8, 44>, Conv1D<8, 4, stride<4>>, MaxPool1D<2>, Dense<6, weight_bits<4>>, RMSNorm<>,
    LSTM<3, bidirectional>, LSTM<5, peepholes>, LSTM<6, diagonal_peepholes>, GRU<6>, GRU<5, linear_before_reset<false>>,
    RNN<6>, MultiheadAttention<3, causal, rope<>>, Permute<1, 0>, ZeroPad1D<0, 1>, Permute<1, 0>, Ended, Permute<1, 0>,
    ZeroPad1D<1, 0>, Permute<1, 0>, Padded, Slice<0, 1, 9>, Repeat<2, Sequential<Dense<6>, LayerNorm<>, ReLU>>, Pairs,
    Concat<Identity, Sigmoid, Softmax, LogSoftmax>>;

constexpr auto make_numbers() {
  constexpr const auto& plan = edge::quantized_plan<Net>;
  static_assert(plan.fits);
  QuantizedNumbers<Net> q;
  unsigned state = 1;
  const auto next = [&state](int range) {
    state = state * 1664525U + 1013904223U;
    return static_cast<int>(state >> 16) % (2 * range + 1) - range;
  };
  q.scale[0] = 1.0F / 64;
  q.zero[0] = -12;
  for (std::size_t k = 0; k < plan.count; ++k) {
    const edge::QuantizedStep& step = plan.steps[k];
    const float in = q.scale[step.source];
    q.scale[k + 1] = in;
    q.zero[k + 1] = static_cast<std::int8_t>(next(30));
    if (step.fixed_scale > 0) {
      q.scale[k + 1] = static_cast<float>(step.fixed_scale);
      q.zero[k + 1] = static_cast<std::int8_t>(step.fixed_zero);
    } else if (step.keeps_scale()) {
      q.zero[k + 1] = q.zero[step.source];
    } else if (step.is_pair() || step.pattern.kind == edge::StepKind::join) {
      q.scale[k + 1] = step.pattern.kind == edge::StepKind::multiply ? in / 4 : in * 1.25F;
    }
    if (step.pattern.kind == edge::StepKind::norm) {
      q.scale[k + 1] = 1.0F / 32;
      for (std::size_t o = 0; o < step.factors; ++o) {
        q.weight_scale[step.row + o] = 0.02F * static_cast<float>(next(60));
        q.bias[step.row + o] = next(10000) * 100;
      }
    }
    if (step.pattern.kind == edge::StepKind::recurrent) {
      const edge::CellPass& c = step.cell;
      q.scale[k + 1] = 1.0F / 127;
      q.zero[k + 1] = 0;
      q.gate_bits[c.number] = 11;
      q.cell_bits[c.number] = 13;
      // zeros fill columns up to fours, behind which x may hold anything
      const auto fill = [&](std::size_t first, std::size_t columns) {
        for (std::size_t row = 0; row < c.rows(); ++row)
          for (std::size_t i = 0; i < columns; ++i)
            q.weights[first + kernels::packed_place(row, i, columns)] = static_cast<std::int8_t>(next(127));
      };
      fill(step.weights, c.features);
      fill(step.weights + c.input_bytes(), c.hidden);
      for (std::size_t row = step.row; row < step.row + 2 * c.rows(); ++row) {
        q.weight_scale[row] = row < step.row + c.rows() ? 0.006F / (32 * in) : 0.006F;
        q.bias[row] = next(2000);
      }
      const std::size_t peephole_bytes = step.weights + c.input_bytes() + c.state_weight_bytes();
      if (c.is_full()) fill(peephole_bytes, c.hidden);
      for (std::size_t i = 0; c.is_diagonal() && i < c.memory_bytes(); ++i)
        q.weights[peephole_bytes + i] = static_cast<std::int8_t>(next(127));
      for (std::size_t row = 0; row < (c.is_full() ? c.rows() : 4); ++row)
        q.weight_scale[step.row + 2 * c.rows() + row] = c.is_full() ? 0.006F : 0.00004F;
    }
    if (step.has_scaled_constants()) {
      q.weight_scale[step.row] = 0.02F;
      for (std::size_t i = 0; i < step.constants(); ++i)
        q.weights[step.weights + i] = static_cast<std::int8_t>(next(127));
    }
    if (!step.multiplies()) continue;
    q.scale[k + 1] = 1.0F / 32;
    for (std::size_t o = 0; o < step.outputs(); ++o) {
      const std::size_t row = step.row + step.packed_row(o);
      const int most = step.pattern.weights.most();
      const float of_row = step.stored().one_scale ? 1 : 1 + 0.05F * static_cast<float>(o);
      q.weight_scale[row] = (step.columns() > 20 ? 0.006F : 0.016F) * of_row / (32 * in) * 127 /
                            static_cast<float>(most);
      q.bias[row] = next(2000) * most / 127;
      for (std::size_t i = 0; i < step.columns(); ++i) step.put_weight(q.weights, o, i, next(most));
    }
  }
  return q;
}
constexpr QuantizedNumbers<Net> numbers = make_numbers();

constexpr std::uint32_t samples = 64;
constexpr std::size_t outputs = output_shape<Net>::size;

Quantized<Net, numbers> net;

void run(std::uint32_t sample) {
  Stream random(7, Purpose::user, sample);
  for (std::int8_t& number : net.input())
    number = static_cast<std::int8_t>(static_cast<std::uint8_t>(random.next() >> 24));
  net.run();
}

}  // namespace

#ifdef TENON_WRITE_EXPECTED

#include <cstdio>

int main() {
  std::printf("constexpr signed char expected[][%d] = {\n", static_cast<int>(outputs));
  for (std::uint32_t s = 0; s < samples; ++s) {
    run(s);
    std::printf("{");
    for (const std::int8_t p : net.output()) std::printf("%d,", p);
    std::printf("},\n");
  }
  std::printf("};\n");
}

#else

#include "expected.hpp"

int main() {
  std::uint32_t wrong = 0;
  for (std::uint32_t s = 0; s < samples; ++s) {
    run(s);
    for (std::size_t i = 0; i < outputs; ++i)
      if (net.output()[i] != expected[s][i]) ++wrong;
  }
  platform::print("wrong numbers: ", wrong);
  platform::print("RAM of the object: ", sizeof net);
  platform::print("stack: ", platform::stack_used());
  platform::print(wrong == 0 ? "all as on the host\n" : "DIFFERENT\n");
  return wrong == 0 ? 0 : 1;
}

#endif
