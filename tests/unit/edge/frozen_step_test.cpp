#include <catch2/catch.hpp>

#include <cmath>
#include <memory>
#include <vector>

#include <tenon/edge/frozen_step.hpp>
#include <tenon/layers/batch_norm.hpp>
#include <tenon/layers/conv1d.hpp>
#include <tenon/layers/dense.hpp>
#include <tenon/layers/group_norm.hpp>
#include <tenon/layers/gru.hpp>
#include <tenon/layers/last.hpp>
#include <tenon/layers/layer_norm.hpp>
#include <tenon/layers/lstm.hpp>
#include <tenon/layers/map.hpp>
#include <tenon/layers/mean_steps.hpp>
#include <tenon/layers/multihead_attention.hpp>
#include <tenon/layers/rnn.hpp>
#include <tenon/layers/sigmoid.hpp>
#include <tenon/layers/sinusoidal_positional_encoding.hpp>
#include <tenon/layers/softmax.hpp>
#include <tenon/layers/tanh.hpp>
#include <tenon/layers/time_distributed.hpp>
#include <tenon/model/export.hpp>
#include <tenon/model/model.hpp>
#include <tenon/model/session.hpp>
#include <tenon/net/networks.hpp>
#include <tenon/net/split_at.hpp>

#include "support/counting_new.hpp"

using namespace tenon;

namespace {

constexpr std::size_t steps = 11;

using Lstm = Sequential<Input<steps, 3>, LSTM<6>, Dense<2>>;
using Gru = Sequential<Input<steps, 3>, GRU<5, layers<2>>, LayerNorm<>, RNN<4>, Dense<3>, Softmax>;
using Attentive = Sequential<Input<steps, 4>, SinusoidalPositionalEncoding<>,
                             Residual<LayerNorm<>, MultiheadAttention<2, causal, rope<>>>, Dense<3>>;
using Peeping = Sequential<Input<steps, 3>, LSTM<5, diagonal_peepholes>, LSTM<4, peepholes>, GRU<3, bias<false>>>;
using ResetBefore = Sequential<Input<steps, 3>, GRU<5, linear_before_reset<false>>, Dense<2>>;
using Signal = Sequential<Input<2, steps + 6>, Conv1D<4, 3>, Tanh, Conv1D<4, 3, dilation<2>>, Tanh, Conv1D<1, 1>>;

using Branches = Sequential<Input<steps, 3>, Add<GRU<4>, Dense<4>>, Dense<2>>;
using Nested = Sequential<
    Input<steps, 3>, Named<"a", Freeze<Sequential<Repeat<2, Residual<LayerNorm<>, LSTM<3>>>, Dense<4>>>>,
    TimeDistributed<Sequential<Dense<6>, LayerNorm<>, Dense<2>>>, Inline<Add<GRU<3>, Sequential<GRU<2>, Dense<3>>>>>;
using Wave = Conv1D<4, 3, dilation<2>>;
using Gated = Sequential<Input<2, steps + 6>, Add<Sequential<Wave, Tanh>, Sequential<Wave, Sigmoid>>, BatchNorm1D<>,
                         Concat<Conv1D<2, 3>, Sequential<Conv1D<3, 3>, Residual<Conv1D<3, 1>>>>, Conv1D<2, 1>>;

/// What is named where a network is refused.
template <class Net, class L, auto... Step>
constexpr bool refuses = std::is_same_v<refusal<step_by_step, Net>, cannot_run<layer<path<Step...>, L>, step_by_step>>;
template <class Net, class L, auto... Step>
constexpr bool looks_ahead = std::is_same_v<refusal<step_by_step, Net>,
                                            cannot_run<layer<path<Step...>, L>, step_by_step, takes<a_causal_layer>>>;
template <class... L>
using Of = Sequential<Input<steps, 4>, L...>;
template <class... L>
using OfSignals = Sequential<Input<4, steps>, Conv1D<4, 1>, L...>;
static_assert(looks_ahead<Of<Add<Dense<4>, GRU<2, bidirectional>>>, GRU<2, bidirectional>, 0, 1>);
static_assert(
    looks_ahead<Of<Named<"a", Add<MultiheadAttention<2>, GRU<4>>>>, MultiheadAttention<2>, fixed_string("a"), 0>);
static_assert(looks_ahead<Of<Repeat<2, Residual<MultiheadAttention<2>>>>, MultiheadAttention<2>, 0, 0, 0>);
static_assert(refuses<Of<GRU<4>, MeanSteps>, MeanSteps, 1> && refuses<Of<GRU<4>, Last>, Last, 1>);
static_assert(refuses<Of<Flatten, Dense<2>>, Flatten, 0>);
static_assert(refuses<Of<Concat<GRU<4>, GRU<4>>>, Concat<GRU<4>, GRU<4>>, 0>);
static_assert(refuses<Of<SplitAt<3, Dense<4>, Dense<4>>>, SplitAt<3, Dense<4>, Dense<4>>, 0>);
static_assert(refuses<Of<BatchNorm1D<>>, BatchNorm1D<>, 0> && refuses<Of<GroupNorm<1>>, GroupNorm<1>, 0>);
static_assert(refuses<OfSignals<GroupNorm<2>>, GroupNorm<2>, 1> && refuses<OfSignals<Softmax>, Softmax, 1>);
static_assert(refuses<OfSignals<LayerNorm<>>, LayerNorm<>, 1> &&
              refuses<OfSignals<Map<x - mean(x)>>, Map<x - mean(x)>, 1>);
static_assert(refuses<OfSignals<GRU<4>>, GRU<4>, 1> && refuses<OfSignals<Dense<4>>, Dense<4>, 1>);
static_assert(refuses<OfSignals<Residual<Conv1D<4, 3, padding<1>>>>, Conv1D<4, 3, padding<1>>, 1, 0>);
/// Nodes that share a layer do it as one step of the same layer: where they are given other shapes, a graph is refused,
/// though each node could be run so.
template <std::size_t Kernel>
using SharedBehind = Graph<In<"x", 4, steps>, Node<"a", Conv1D<4, 1>>, Node<"wide", Conv1D<4, Kernel>>,
                           Node<"b", Shared<"a">>, Out<"a", "b">>;
static_assert(refuses<SharedBehind<3>, SharedBehind<3>> && runs_as<step_by_step, SharedBehind<1>>);
static_assert(refuses<OfSignals<SharedBehind<3>>, SharedBehind<3>, 1>);

static_assert(std::is_same_v<Frozen<Lstm>::Stepped::input, Shape<1, 3>> &&
              std::is_same_v<Frozen<Lstm>::Stepped::output, Shape<1, 2>>);
static_assert(std::is_same_v<Frozen<Signal>::Stepped::input, Shape<2, 1>> &&
              std::is_same_v<Frozen<Signal>::Stepped::output, Shape<1, 1>>);
static_assert(Frozen<Lstm>::Stepped::ram_bytes < Frozen<Lstm>::ram_bytes);
static_assert(!steps_forward<Sequential<Input<steps, 3>, LSTM<6, bidirectional>, Dense<2>>>);
static_assert(!steps_forward<Sequential<Input<2, 17>, Conv1D<4, 3, padding<1>>, Tanh>>);
static_assert(!steps_forward<Sequential<Input<2, 17>, Conv1D<4, 3, stride<2>>, Tanh>>);

/// The number of feature f at step t; in signals it is the step that runs fastest.
template <class Net>
constexpr bool is_signal = detail::takes_signals<Net>();

/// Steps of a constant-weight network against the whole sequence by the model.
template <class Net>
void check_steps_of() {
  using Step = typename Frozen<Net>::Stepped;
  constexpr std::size_t length = is_signal<Net> ? input_shape<Net>::dims[1] : steps,
                        late = is_signal<Net> ? length - output_shape<Net>::dims[1] : 0;
  Model<Net> model{3};
  const auto weights = frozen_weights(model);
  Step net{*weights}, other{*weights};
  Session host{model, session::stepped};
  for (const std::uint32_t sample : {0U, 1U}) {
    Stream random(5, Purpose::user, sample);
    std::vector<float> x(input_shape<Net>::size), expected(output_shape<Net>::size), in(Step::input::size),
        out(Step::output::size);
    for (float& number : x) number = random.uniform<float>(-1.F, 1.F);
    model.predict(std::span<const float>(x), expected);
    net.reset();
    host.reset();
    std::vector<float> on_host(Step::output::size);
    for (std::size_t t = 0; t < length; ++t) {
      for (std::size_t f = 0; f < in.size(); ++f) in[f] = is_signal<Net> ? x[f * length + t] : x[t * in.size() + f];
      const auto use = test::heap_use([&] {
        net.step(std::span<const float, Step::input::size>(in), std::span<float, Step::output::size>(out));
        host.step(std::span<const float, Step::input::size>(in), std::span<float, Step::output::size>(on_host));
      });
      CHECK(use.news == 0);
      if (t < late) continue;
      for (std::size_t f = 0; f < out.size(); ++f) {
        const float right = is_signal<Net> ? expected[f * output_shape<Net>::dims[1] + t - late]
                                           : expected[t * out.size() + f];
        CHECK(out[f] == Approx(right).margin(1e-6).epsilon(1e-5));
        CHECK(on_host[f] == Approx(right).margin(1e-6).epsilon(1e-5));
      }
      // another object has a memory of its own
      if (t == 0) other.step(std::span<const float, Step::input::size>(in), std::span<float, Step::output::size>(out));
    }
  }
}

}  // namespace

TEST_CASE("steps of constant-weight networks give what the whole sequence gives") {
  check_steps_of<Lstm>();
  check_steps_of<Gru>();
  check_steps_of<Attentive>();
  check_steps_of<Signal>();
  check_steps_of<Peeping>();
  check_steps_of<ResetBefore>();
  check_steps_of<Branches>();
  check_steps_of<Nested>();
  check_steps_of<Gated>();
}
