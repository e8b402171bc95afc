# One compile-fail test: the program compiles as it stands, and with -DTENON_WRONG it is refused
# with one error, whose text is what the file's comments say. Run as
#   cmake -DCOMPILER=g++ -DCOMPILER_ID=GNU "-DFLAGS=-std=c++20;..." -DSOURCE=file.cpp
#     [-DPRECOMPILED=folder] -P check.cmake
# With PRECOMPILED, tenon.hpp or networks.hpp, which most of the time would go into, is taken from where
# precompile.cmake has put it, by the programs that include it. What a compiler says is the same, but for
# a line more that says where the header comes from.
#
#   // expect: TEXT          TEXT occurs in the first lines; spaces and integer suffixes don't count
#   // max-lines-gcc: N      where g++ cannot do it in 12 lines
#   // max-lines-clang: N    where clang cannot do it in 20
#   // errors-clang: N       where clang has more to say that Tenon cannot keep it from saying
cmake_minimum_required(VERSION 3.24)

if(COMPILER_ID MATCHES "Clang")
  set(compiler_name clang)
  set(first_lines 20)
else()
  set(compiler_name gcc)
  set(first_lines 12)
endif()

# g++ prints 784 where clang prints 784UL, and each breaks template lists with its own spaces.
function(normalise text result)
  string(REGEX REPLACE "([0-9])(ull|ul|u|l|ULL|UL|U|L)" "\\1" text "${text}")
  string(REGEX REPLACE "[ \t\r\n]+" "" text "${text}")
  set(${result} "${text}" PARENT_SCOPE)
endfunction()

# CMake's lists cannot hold a compiler's output (brackets, semicolons), so lines are cut by hand.
macro(cut_line text line)
  string(FIND "${${text}}" "\n" end)
  if(end EQUAL -1)
    set(${line} "${${text}}")
    set(${text} "")
  else()
    string(SUBSTRING "${${text}}" 0 ${end} ${line})
    math(EXPR end "${end} + 1")
    string(SUBSTRING "${${text}}" ${end} -1 ${text})
  endif()
endmacro()

set(precompiled "")
if(PRECOMPILED)
  file(STRINGS "${SOURCE}" includes REGEX "^#(include <tenon/(tenon|net/networks)\\.hpp>|define)")
  if(includes AND NOT includes MATCHES "#define")  # the headers may look at what is defined
    string(REGEX MATCH "tenon\\.hpp|networks\\.hpp" precompiled "${includes}")
    set(precompiled "${PRECOMPILED}/${precompiled}")
  endif()
endif()
if(precompiled AND compiler_name STREQUAL "clang")
  set(precompiled -include-pch "${precompiled}.gch")
elseif(precompiled)
  set(precompiled -Winvalid-pch -include "${precompiled}")
endif()

function(compile result output)
  execute_process(
    COMMAND "${COMPILER}" ${FLAGS} ${precompiled} -fdiagnostics-color=never -fsyntax-only ${ARGN} "${SOURCE}"
    RESULT_VARIABLE status OUTPUT_VARIABLE messages ERROR_VARIABLE messages)
  set(${result} "${status}" PARENT_SCOPE)
  set(${output} "${messages}" PARENT_SCOPE)
endfunction()

set(ENV{LC_ALL} C)
set(faults "")

compile(status twin_output)
if(NOT status STREQUAL "0")
  string(APPEND faults
    "- the right program, without -DTENON_WRONG, does not compile:\n${twin_output}\n")
endif()

compile(status output -DTENON_WRONG)
set(rest "${output}")
set(head "")
set(lines 0)
set(errors 0)
while(NOT rest STREQUAL "")
  cut_line(rest line)
  math(EXPR lines "${lines} + 1")
  if(line MATCHES "error:")
    math(EXPR errors "${errors} + 1")
  endif()
  if(lines LESS_EQUAL first_lines)
    string(APPEND head "${line}\n")
  endif()
endwhile()
normalise("${head}" messages)

file(READ "${SOURCE}" rest)
set(max_lines ${first_lines})
set(wanted_errors 1)
set(expectations 0)
set(lacking "")
while(NOT rest STREQUAL "")
  cut_line(rest line)
  if(line MATCHES "^// max-lines-${compiler_name}: ([0-9]+)")
    set(max_lines ${CMAKE_MATCH_1})
  elseif(line MATCHES "^// errors-${compiler_name}: ([0-9]+)")
    set(wanted_errors ${CMAKE_MATCH_1})
  elseif(line MATCHES "^// expect: (.+)")
    set(expectation "${CMAKE_MATCH_1}")
    math(EXPR expectations "${expectations} + 1")
    normalise("${expectation}" wanted)
    string(FIND "${messages}" "${wanted}" found)
    if(found EQUAL -1)
      string(APPEND lacking "- the first ${first_lines} lines lack: ${expectation}\n")
    endif()
  endif()
endwhile()

if(expectations EQUAL 0)
  string(APPEND faults "- the file does not say what error it expects: // expect: TEXT\n")
endif()
if(status STREQUAL "0")
  string(APPEND faults "- the wrong program, with -DTENON_WRONG, compiles\n")
else()
  string(APPEND faults "${lacking}")
  if(NOT errors EQUAL wanted_errors)
    string(APPEND faults "- one mistake, one error: expected ${wanted_errors} line with `error:`, got ${errors}\n")
  endif()
  if(lines GREATER max_lines)
    string(APPEND faults "- expected at most ${max_lines} lines, got ${lines}\n")
  endif()
endif()

if(NOT faults STREQUAL "")
  message("${SOURCE}\n${faults}\nthe compiler's output (${COMPILER}, ${lines} lines):\n${output}")
  message(FATAL_ERROR "the compile error is not the one that was expected")
endif()
