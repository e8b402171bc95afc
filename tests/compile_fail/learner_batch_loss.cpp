// A device learns from one sample at a time: a loss that compares the samples of a batch is refused.
// expect: no_code_on_device<Centred, tenon::takes<tenon::edge::a_loss_of_each_sample_alone>>
#include <tenon/edge/learner.hpp>
#include <tenon/layers/dense.hpp>
#include <tenon/net/networks.hpp>

using namespace tenon;

#ifdef TENON_WRONG
struct Centred : FormulaLoss<square(prediction - batch_mean(prediction) - target)> {};
#else
struct Centred : FormulaLoss<square(prediction - target)> {};
#endif

using Device = edge::Learner<Sequential<Input<4>, Dense<2>>, Centred, PlainSGD>;

constexpr std::size_t space = Device::ram_bytes;

float learn(Device& device, std::span<const float, 4> x, std::span<const float, 2> target) {
  return device.learn(x, target);
}
