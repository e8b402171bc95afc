// Rows and classes as plain vectors are no columns.
// expect: argument<tenon::fixed_string<8>{"Dataset"}, tenon::fixed_string<8>{"columns"}>, tenon::takes<tenon::columns_or_a_shape_and_numbers>, tenon::but_gets<std::vector<std::vector<float
#include <tenon/tenon.hpp>

#include <vector>

using namespace tenon;

using Rows2 = std::vector<std::vector<float>>;

#ifdef TENON_WRONG
std::size_t count(const Rows2& rows, const std::vector<std::int32_t>& classes) {
  const Dataset data{rows, classes};
  return data.size();
}
#else
std::size_t count(const Rows2& rows, const std::vector<std::int32_t>& classes) {
  const Dataset data{Features{"x", {2}, rows[0]}, Labels{classes, 3}};
  return data.size();
}
#endif
