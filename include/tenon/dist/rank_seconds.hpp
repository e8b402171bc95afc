#pragma once

namespace tenon {

/// Seconds that a rank spent. The rest of an epoch is data, the optimizer, callbacks and evaluation.
struct RankSeconds {
  double compute = 0;   // forward, loss and backward of its own samples
  double wait = 0;      // waiting for other ranks in the small messages of a step: losses, batch statistics
  double exchange = 0;  // adding and moving gradients (and, with ZeRO-1, parameters) that backward did not hide
};

}  // namespace tenon
