# The compile-fail harness is itself tested: it accepts good.cpp and refuses every other file here
# for the reason that the file's first line gives. Takes the arguments of ../check.cmake.
cmake_minimum_required(VERSION 3.24)

set(lines 12)
if(COMPILER_ID MATCHES "Clang")
  set(lines 20)
endif()

set(faults "")
file(GLOB sources "${CMAKE_CURRENT_LIST_DIR}/*.cpp")
foreach(source IN LISTS sources)
  execute_process(
    COMMAND "${CMAKE_COMMAND}" "-DCOMPILER=${COMPILER}" "-DCOMPILER_ID=${COMPILER_ID}"
      "-DFLAGS=${FLAGS}" "-DSOURCE=${source}" -P "${CMAKE_CURRENT_LIST_DIR}/../check.cmake"
    RESULT_VARIABLE status OUTPUT_VARIABLE messages ERROR_VARIABLE messages)
  file(STRINGS "${source}" reason LIMIT_COUNT 1)
  string(REPLACE "LINES" "${lines}" reason "${reason}")
  if(NOT reason MATCHES "^// refused: (.+)")
    if(NOT status STREQUAL "0")
      string(APPEND faults "- ${source} should be accepted, but:\n${messages}\n")
    endif()
  else()
    set(reason "${CMAKE_MATCH_1}")
    string(FIND "${messages}" "${reason}" found)
    if(status STREQUAL "0" OR found EQUAL -1)
      string(APPEND faults "- ${source} should be refused with: ${reason}\n  but got ${status}:\n${messages}\n")
    endif()
  endif()
endforeach()

list(LENGTH sources count)
if(count LESS 8)
  string(APPEND faults "- only ${count} files found\n")
endif()
if(NOT faults STREQUAL "")
  message("${faults}")
  message(FATAL_ERROR "the compile-fail harness cannot be trusted")
endif()
