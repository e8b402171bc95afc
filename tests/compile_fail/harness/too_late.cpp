// refused: the first LINES lines lack: but_gets<128>
// max-lines-gcc: 1000
// max-lines-clang: 1000
// expect: but_gets<128>
#include "shapes.hpp"
#ifdef TENON_WRONG
#warning Seven warnings
#warning push the error
#warning out of the first lines,
#warning which are all
#warning that most people
#warning will ever
#warning read.
constexpr auto checked = fits<64, 128>::mismatch;
#endif
