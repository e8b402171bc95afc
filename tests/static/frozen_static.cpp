// A trained 64-128-10 classifier reads a handwritten digit while this file is compiled.
#include <edge/models/digits.hpp>
#include <edge/models/digits_int8.hpp>

namespace {

using namespace tenon;
using Digits = Frozen<digits::Net, digits::weights>;

static_assert(Frozen<digits::Net>::ram_bytes <= 4096);
static_assert(Digits::ram_bytes == 128 * sizeof(float) + 16 * sizeof(float) + 10 * sizeof(float));
static_assert(Digits::weight_bytes == (64 * 128 + 128 + 128 * 10 + 16) * sizeof(float) + sizeof(float));
static_assert(Digits::macs == 64 * 128 + 128 * 10);
static_assert(sizeof(Digits) == Digits::ram_bytes);

// The test set's first digit is a seven.
constexpr int seen = [] {
  Digits net;
  return net.classify(digits::self_test.input);
}();
static_assert(seen == 7);

// With its probabilities.
constexpr float error = [] {
  Digits net;
  return self_test_error(net, digits::self_test);
}();
static_assert(error <= 1e-6F);

// In int8 too, with all that follows from the weights computed on the way.
using Digits8 = Quantized<digits_int8::Net, digits_int8::numbers>;
static_assert(Digits8::ram_bytes == 64 + 128);
constexpr bool same = [] {
  Digits8 net;
  return passes(net, digits_int8::self_test) && net.classify(digits::self_test.input) == 7;
}();
static_assert(same);

}  // namespace
