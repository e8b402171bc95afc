// refused: the file does not say what error it expects
#include "shapes.hpp"
#ifdef TENON_WRONG
constexpr auto checked = fits<64, 128>::mismatch;
#endif
