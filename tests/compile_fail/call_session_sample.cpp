// A session takes as many numbers as its type says.
// expect: argument<tenon::fixed_string<8>{"Session"}, tenon::fixed_string<7>{"sample"}>, tenon::takes<std::span<const float, 11
#include <tenon/model/session.hpp>
#include <tenon/tenon.hpp>

#include <vector>

using namespace tenon;

using Net = Sequential<Dense<11, 10>>;

#ifdef TENON_WRONG
float first(Session<Model<Net>>& session, const std::vector<float>& sample) { return session(sample)[0]; }
#else
float first(Session<Model<Net>>& session, const std::vector<float>& sample) {
  return session(std::span<const float, 11>(sample.data(), 11))[0];
}
#endif
