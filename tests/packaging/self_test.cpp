// What a network does anywhere: its self-test in float and in int8, and a few steps of learning, of which every machine
// gets the same bits.
#include "digits_int8.hpp"
#include "gesture.hpp"
#include "platform.hpp"

#include <tenon/edge/checksum.hpp>
#include <tenon/edge/learner.hpp>

namespace {

using namespace tenon;

Frozen<gesture::Net, gesture::weights> float_net;
Quantized<digits_int8::Net, digits_int8::numbers> int8_net;
edge::Learner<gesture::Net, CrossEntropy<>, Adam, 2> learner;

}  // namespace

int main() {
  const bool good = self_test_error(float_net, gesture::self_test) <= 1e-5F && passes(int8_net, digits_int8::self_test);
  platform::print(good ? "self-tests passed\n" : "SELF-TESTS FAILED\n");
  learner.start(gesture::weights);
  for (int s = 0; s < 20; ++s) {
    const float reading[3] = {0.1F * static_cast<float>(s % 5), 0.5F, -0.2F * static_cast<float>(s % 3)};
    learner.learn(reading, s % 4);
  }
  platform::print("learned: ", crc32(std::as_bytes(learner.parameters())));
  return good ? 0 : 1;
}
