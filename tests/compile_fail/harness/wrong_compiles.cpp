// refused: the wrong program, with -DTENON_WRONG, compiles
// expect: takes<64>
#include "shapes.hpp"
constexpr auto checked = fits<64, 64>::mismatch;
