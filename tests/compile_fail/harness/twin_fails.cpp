// refused: the right program, without -DTENON_WRONG, does not compile
// expect: takes<64>
#include "shapes.hpp"
constexpr auto checked = fits<64, 128>::mismatch;
