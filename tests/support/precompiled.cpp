// The headers that tests have in common: see TENON_PRECOMPILE in tests/CMakeLists.txt.
