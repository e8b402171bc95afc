#include "unit/zoo/nested.hpp"

using namespace tenon;
using namespace tenon::zoo;

TEST_CASE("the zoo: every composition in every other, second half") {
  check_table<
      Network<"InRepeat", Nested<InRepeat, InSequential<Plain>, InResidual<Plain>, InAdd<Plain>, InConcat<Plain>,
                                 InGate<Plain>, InSplitAt<Plain>, InNamed<Plain>, InMasked<Plain>,
                                 InTimeDistributed<Plain>, InFreeze<Plain>, InMaxUnpool<Plain>>>,
      Network<"InNamed", Nested<InNamed, InSequential<Plain>, InResidual<Plain>, InAdd<Plain>, InConcat<Plain>,
                                InGate<Plain>, InSplitAt<Plain>, InRepeat<Plain>, InMasked<Plain>,
                                InTimeDistributed<Plain>, InFreeze<Plain>, InMaxUnpool<Plain>>>,
      Network<"InMasked", Nested<InMasked, InSequential<Plain>, InResidual<Plain>, InAdd<Plain>, InConcat<Plain>,
                                 InGate<Plain>, InSplitAt<Plain>, InRepeat<Plain>, InNamed<Plain>,
                                 InTimeDistributed<Plain>, InFreeze<Plain>, InMaxUnpool<Plain>>>,
      Network<"InTimeDistributed", Nested<InTimeDistributed, InSequential<Plain>, InResidual<Plain>, InAdd<Plain>,
                                          InConcat<Plain>, InGate<Plain>, InSplitAt<Plain>, InRepeat<Plain>,
                                          InNamed<Plain>, InMasked<Plain>, InFreeze<Plain>, InMaxUnpool<Plain>>>,
      Network<"InFreeze", Nested<InFreeze, InSequential<Plain>, InResidual<Plain>, InAdd<Plain>, InConcat<Plain>,
                                 InGate<Plain>, InSplitAt<Plain>, InRepeat<Plain>, InNamed<Plain>, InMasked<Plain>,
                                 InTimeDistributed<Plain>, InMaxUnpool<Plain>>>,
      Network<"InMaxUnpool", Nested<InMaxUnpool, InSequential<Plain>, InResidual<Plain>, InAdd<Plain>, InConcat<Plain>,
                                    InGate<Plain>, InSplitAt<Plain>, InRepeat<Plain>, InNamed<Plain>, InMasked<Plain>,
                                    InTimeDistributed<Plain>, InFreeze<Plain>>>>(
      "Every composition in every other, second half");
}
