// Written by Tenon. Not to be edited by hand.
#include "gesture.h"

#include "gesture.hpp"

namespace {

tenon::Frozen<gesture::Net, gesture::weights> net;

}  // namespace

extern "C" {

void gesture_run(const float input[3], float output[4]) {
  net(std::span<const float, 3>(input, 3), std::span<float, 4>(output, 4));
}
int gesture_classify(const float input[3]) { return net.classify(std::span<const float, 3>(input, 3)); }
int gesture_self_test(void) { return self_test_error(net, gesture::self_test) <= 1e-5F ? 1 : 0; }

}  // extern "C"
