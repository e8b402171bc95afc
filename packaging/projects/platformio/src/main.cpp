// Says which gesture an accelerometer's reading is.
#include "gesture.hpp"

namespace {

tenon::Frozen<gesture::Net, gesture::weights> net;
static_assert(sizeof net <= 256, "the network's memory");

}  // namespace

int main() {
  if (self_test_error(net, gesture::self_test) > 1e-5F) return 1;
  const float reading[3] = {0.1F, -0.4F, 0.9F};  // of your sensor
  return net.classify(reading) >= 0 ? 0 : 1;
}
