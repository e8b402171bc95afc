#pragma once

// Compilers that are refused by name: what they lack is in every network, and their own words for it are hundreds of
// lines. What is built and tested is in docs/support.md.
#if defined(__clang__) && !defined(__apple_build_version__) && __clang_major__ < 18
// As a fatal warning it is the only line: behind an #error clang would go on.
#pragma clang diagnostic fatal "-W#warnings"
#warning "Tenon needs clang 18 or newer: earlier ones have no template arguments of type double"
#elif defined(__GNUC__) && !defined(__clang__) && __GNUC__ < 11
#error "Tenon needs g++ 11 or newer"
#endif
