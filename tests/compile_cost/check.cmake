# The compiler's work for one program, counted and held against the number kept in baseline.json:
# more than 5 % above it fails. Counts repeat, seconds do not. Run as
#   cmake -DCOMPILER=g++ -DCOMPILER_ID=GNU -DCOMPILER_VERSION=12.2.0 "-DFLAGS=-std=c++20;..."
#     -DSOURCE=file.cpp -DWORK=folder -P check.cmake
#
# clang tells every class and function it instantiates in its time trace. g++ tells how many megabytes
# its front end has allocated in all.
cmake_minimum_required(VERSION 3.24)
set(ENV{LC_ALL} C)
cmake_path(GET SOURCE STEM program)
string(REGEX MATCH "^[0-9]+" major "${COMPILER_VERSION}")
set(compiler "${COMPILER_ID} ${major}")
set(kept_file "${CMAKE_CURRENT_LIST_DIR}/baseline.json")
file(READ "${kept_file}" baseline)
string(JSON kept ERROR_VARIABLE unknown GET "${baseline}" "${compiler}" "${program}")
if(unknown)
  message("skipped: ${kept_file} has no count for ${program} with ${compiler}")
  return()
endif()

file(MAKE_DIRECTORY "${WORK}")
set(object "${WORK}/${program}.o")
set(trace "${WORK}/${program}.json")
if(COMPILER_ID STREQUAL "GNU")
  set(unit "megabytes allocated")
  set(report -ftime-report)
else()
  set(unit "template instantiations")
  set(report "-ftime-trace=${trace}" -ftime-trace-granularity=0)
endif()
execute_process(
  COMMAND "${COMPILER}" ${FLAGS} -O2 ${report} -c "${SOURCE}" -o "${object}"
  RESULT_VARIABLE failed OUTPUT_VARIABLE messages ERROR_VARIABLE messages)
if(failed)
  message(FATAL_ERROR "${SOURCE} does not compile:\n${messages}")
endif()

if(COMPILER_ID STREQUAL "GNU")
  string(REGEX MATCH "TOTAL[ :0-9.]* ([0-9]+)M" total "${messages}")
  set(count "${CMAKE_MATCH_1}")
else()
  file(READ "${trace}" events)
  string(REGEX MATCHALL "\"name\":\"Instantiate(Class|Function)\"" events "${events}")
  list(LENGTH events count)
endif()
if(NOT count GREATER 0)
  message(FATAL_ERROR "${compiler} reports no ${unit}:\n${messages}")
endif()

math(EXPR most "${kept} * 105 / 100")
math(EXPR least "${kept} * 95 / 100")
message("${program}, ${compiler}: ${count} ${unit}, ${kept} kept")
if(count GREATER most)
  message(FATAL_ERROR "more than 5 % above the ${kept} ${unit} of ${kept_file}. Where that is worth it, keep the new number.")
elseif(count LESS least)
  message("That is more than 5 % below: keep the new number in ${kept_file}.")
endif()
