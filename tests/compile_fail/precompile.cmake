# What the programs here include is compiled once for all of them, where that is not done yet or a header is newer.
# Run as
#   cmake -DCOMPILER=g++ "-DFLAGS=-std=c++20;..." -DINCLUDE=folder -DGENERATED=folder
#     -DPRECOMPILED=folder -P precompile.cmake
cmake_minimum_required(VERSION 3.24)

file(GLOB_RECURSE headers "${INCLUDE}/*.hpp" "${GENERATED}/*.hpp")
execute_process(COMMAND "${COMPILER}" --version OUTPUT_VARIABLE version)
set(made_by "${version}${FLAGS}")

foreach(header IN ITEMS tenon net/networks)
  cmake_path(GET header FILENAME name)
  set(file "${PRECOMPILED}/${name}.hpp")
  set(before "")
  if(EXISTS "${file}.made_by")
    file(READ "${file}.made_by" before)
  endif()
  foreach(other IN LISTS headers)
    if("${other}" IS_NEWER_THAN "${file}.gch")
      set(before "")
    endif()
  endforeach()
  if(NOT before STREQUAL made_by)
    file(WRITE "${file}" "#include <tenon/${header}.hpp>\n")
    execute_process(COMMAND "${COMPILER}" ${FLAGS} -x c++-header "${file}" -o "${file}.gch" COMMAND_ERROR_IS_FATAL ANY)
    file(WRITE "${file}.made_by" "${made_by}")
  endif()
endforeach()
