#include "unit/zoo/nested.hpp"

using namespace tenon;
using namespace tenon::zoo;

TEST_CASE("the zoo: every composition in every other, first half") {
  check_table<
      Network<"InSequential", Nested<InSequential, InResidual<Plain>, InAdd<Plain>, InConcat<Plain>, InGate<Plain>,
                                     InSplitAt<Plain>, InRepeat<Plain>, InNamed<Plain>, InMasked<Plain>,
                                     InTimeDistributed<Plain>, InFreeze<Plain>, InMaxUnpool<Plain>>>,
      Network<"InResidual", Nested<InResidual, InSequential<Plain>, InAdd<Plain>, InConcat<Plain>, InGate<Plain>,
                                   InSplitAt<Plain>, InRepeat<Plain>, InNamed<Plain>, InMasked<Plain>,
                                   InTimeDistributed<Plain>, InFreeze<Plain>, InMaxUnpool<Plain>>>,
      Network<"InAdd", Nested<InAdd, InSequential<Plain>, InResidual<Plain>, InConcat<Plain>, InGate<Plain>,
                              InSplitAt<Plain>, InRepeat<Plain>, InNamed<Plain>, InMasked<Plain>,
                              InTimeDistributed<Plain>, InFreeze<Plain>, InMaxUnpool<Plain>>>,
      Network<"InConcat", Nested<InConcat, InSequential<Plain>, InResidual<Plain>, InAdd<Plain>, InGate<Plain>,
                                 InSplitAt<Plain>, InRepeat<Plain>, InNamed<Plain>, InMasked<Plain>,
                                 InTimeDistributed<Plain>, InFreeze<Plain>, InMaxUnpool<Plain>>>,
      Network<"InGate", Nested<InGate, InSequential<Plain>, InResidual<Plain>, InAdd<Plain>, InConcat<Plain>,
                               InSplitAt<Plain>, InRepeat<Plain>, InNamed<Plain>, InMasked<Plain>,
                               InTimeDistributed<Plain>, InFreeze<Plain>, InMaxUnpool<Plain>>>,
      Network<"InSplitAt", Nested<InSplitAt, InSequential<Plain>, InResidual<Plain>, InAdd<Plain>, InConcat<Plain>,
                                  InGate<Plain>, InRepeat<Plain>, InNamed<Plain>, InMasked<Plain>,
                                  InTimeDistributed<Plain>, InFreeze<Plain>, InMaxUnpool<Plain>>>>(
      "Every composition in every other, first half");
}
