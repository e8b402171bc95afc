// refused: expected at most 2 lines, got
// max-lines-gcc: 2
// max-lines-clang: 2
// expect: takes<64>
#include "shapes.hpp"
#ifdef TENON_WRONG
constexpr auto checked = fits<64, 128>::mismatch;
#endif
