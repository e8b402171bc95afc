// refused: expected 1 line with `error:`, got 2
// expect: takes<64>
#include "shapes.hpp"
#ifdef TENON_WRONG
constexpr auto checked = fits<64, 128>::mismatch;
constexpr auto again = fits<64, 256>::mismatch;
#endif
