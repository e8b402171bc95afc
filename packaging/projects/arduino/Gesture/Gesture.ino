// Says which gesture an accelerometer's reading is. Settings of the board have to ask for C++20: compiler.cpp.extra_flags=-std=gnu++20
#include <Tenon.h>

#include "gesture.hpp"

tenon::Frozen<gesture::Net, gesture::weights> net;
static_assert(sizeof net <= 256, "the network's memory");

void setup() {
  Serial.begin(115200);
  const bool good = self_test_error(net, gesture::self_test) <= 1e-5F;
  Serial.println(good ? "self-test passed" : "self-test failed");
}

void loop() {
  const float reading[3] = {0.1F, -0.4F, 0.9F};  // of your sensor
  Serial.println(net.classify(reading));
  delay(1000);
}
