// refused: the first LINES lines lack: but_gets<127>
// expect: takes<64>
// expect: but_gets<127>
#include "shapes.hpp"
#ifdef TENON_WRONG
constexpr auto checked = fits<64, 128>::mismatch;
#endif
