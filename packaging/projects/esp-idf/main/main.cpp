// Says which gesture an accelerometer's reading is.
#include "gesture.hpp"

#include <cstdio>

namespace {

tenon::Frozen<gesture::Net, gesture::weights> net;
static_assert(sizeof net <= 256, "the network's memory");

}  // namespace

extern "C" void app_main() {
  const bool good = self_test_error(net, gesture::self_test) <= 1e-5F;
  std::puts(good ? "self-test passed" : "self-test failed");
  const float reading[3] = {0.1F, -0.4F, 0.9F};  // of your sensor
  std::printf("gesture %d\n", net.classify(reading));
}
