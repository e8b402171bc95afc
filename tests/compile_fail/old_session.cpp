// The names that sessions had before warn where they are used; here a warning is an error.
// expect: deprecated: write Session net{model}
#include <tenon/model/session.hpp>

#include <tenon/layers/dense.hpp>

#pragma GCC diagnostic error "-Wdeprecated-declarations"

using namespace tenon;

using Net = Sequential<Dense<4, 2>>;

void run(const Model<Net>& model) {
#ifdef TENON_WRONG
  HostFrozen net{model};
#else
  Session net{model};
#endif
}
