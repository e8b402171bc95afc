/* Says which gesture an accelerometer's reading is. */
#include "gesture.h"

#include <stdio.h>

int main(void) {
  const float reading[GESTURE_INPUTS] = {0.1F, -0.4F, 0.9F};
  if (!gesture_self_test()) {
    puts("self-test failed");
    return 1;
  }
  puts("self-test passed");
  printf("gesture %d\n", gesture_classify(reading));
  return 0;
}
