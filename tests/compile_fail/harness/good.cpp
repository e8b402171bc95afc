// The harness accepts this one. Suffixes and spaces differ between the compilers on purpose.
// expect: shape_mismatch< takes<64ul>,but_gets<128> >
#include "shapes.hpp"
#ifdef TENON_WRONG
constexpr auto checked = fits<64, 128>::mismatch;
#else
constexpr auto checked = fits<64, 64>::mismatch;
#endif
