# A compiler that cannot compile Tenon is refused by name, in one error: clang 19 that calls itself an older one.
#   cmake -DINCLUDES=-I... -DWORK=dir -P check_refused_compiler.cmake
cmake_minimum_required(VERSION 3.24)
find_program(clang clang++-19)
if(NOT clang)
  message("skipped: no clang++-19 (scripts/setup --all installs it)")
  return()
endif()
file(WRITE "${WORK}/refused.cpp" "#include <tenon/edge/quantized.hpp>\nint main() {}\n")
foreach(version IN ITEMS 16 17)
  execute_process(
    COMMAND "${clang}" -std=c++20 -fsyntax-only -Wno-builtin-macro-redefined -D__clang_major__=${version} ${INCLUDES}
    "${WORK}/refused.cpp"
    RESULT_VARIABLE status ERROR_VARIABLE errors)
  string(REGEX MATCHALL "error:" found "${errors}")
  list(LENGTH found count)
  if(status STREQUAL "0" OR NOT count EQUAL 1 OR NOT errors MATCHES "Tenon needs clang 18 or newer")
    message(FATAL_ERROR "clang ${version} is refused with ${count} errors:\n${errors}")
  endif()
endforeach()
