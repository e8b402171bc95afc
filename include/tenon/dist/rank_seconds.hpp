#pragma once

namespace tenon {

/// What a rank's time went to. The rest of an epoch is data, the optimizer, callbacks and evaluation.
struct RankSeconds {
  double compute = 0;   // forward, loss and backward of its own samples
  double wait = 0;      // for the others, in the small messages of a step: losses, batch statistics, agreements
  double exchange = 0;  // adding and moving gradients (and, with ZeRO-1, parameters) that backward did not hide
};

}  // namespace tenon
