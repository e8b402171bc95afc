# Which header may include what. Run as cmake -DINCLUDE=<include directory> -P check_layering.cmake
#
# Arrows point down only: a folder includes none that stands above it here. io/, text/, data/, report/ and generative/
# stand beside these. Apart are the words of compile errors (net/mistakes.hpp, net/refuse.hpp), which include nothing of
# ours but a string and a list of types, and net/networks.hpp, which includes what networks need for those who write
# one.
set(heights 1 1 2 3 4 5 6 6 6 7 8 9 10)
set(folders expr kernels net init layers networks losses metrics optim edge model dist train)
set(below_all "^tenon/net/(mistakes|refuse)\\.hpp$")
set(above_networks "^tenon/net/networks\\.hpp$")

# tenon::core is everything but the upper folders and the BLAS policy: it needs the standard library
# and itself, so that a firmware can include it. What makes every user's build slow is in .cpp files.
# xtensor's headers, which have moved from version to version, are named by two headers, and the
# examples include these.
set(upper_folders "^tenon/(tenon\\.hpp$|model/|train/|data/|io/|report/|text/|dist/|generative/)")
set(blas_policy "^tenon/kernels/.*blas")
set(xtensor_headers "^tenon/model/(xtensor|tensor_tools)\\.hpp$|${blas_policy}")
set(xtensor "^(xtensor|xtensor-blas|xtl|xflens)/")
# Type-level algorithms for those who ask for them; nothing else includes this header.
set(hana "^tenon/net/hana\\.hpp$")
set(beyond_std "${xtensor}|^(boost|xsimd)/")
set(concepts "std::(floating_point|integral|signed_integral|unsigned_integral|same_as|convertible_to|invocable) ")
set(slow "^(iostream|regex|filesystem|cblas\\.h|zlib\\.h)$|^(nlohmann|fmt|CLI|catch2|benchmark)/")

# The height of a header's folder; nothing for those beside.
function(height_of header result)
  set(height "")
  if(header MATCHES "${below_all}")
    set(height 0)
  elseif(header MATCHES "${above_networks}")
    set(height 5)
  elseif(header MATCHES "^tenon/[^/]*$")
    set(height 0)
  elseif(header MATCHES "^tenon/([^/]*)/")
    list(FIND folders "${CMAKE_MATCH_1}" at)
    if(at GREATER_EQUAL 0)
      list(GET heights ${at} height)
    endif()
  endif()
  set(${result} "${height}" PARENT_SCOPE)
endfunction()

set(faults "")
file(GLOB_RECURSE headers RELATIVE "${INCLUDE}" "${INCLUDE}/*.hpp")
foreach(header IN LISTS headers)
  file(STRINGS "${INCLUDE}/${header}" lines REGEX "^[ \t]*#[ \t]*include[ \t]*[<\"]")
  foreach(line IN LISTS lines)
    string(REGEX REPLACE "^[^<\"]*[<\"]([^>\"]+)[>\"].*" "\\1" included "${line}")
    height_of("${header}" from)
    height_of("${included}" to)
    if(NOT from STREQUAL "" AND NOT to STREQUAL "" AND to GREATER from AND NOT header STREQUAL "tenon/tenon.hpp")
      list(APPEND faults "${header} includes <${included}>, which stands above it")
    endif()
    if(included MATCHES "${slow}")
      list(APPEND faults "${header} includes <${included}>, which belongs in a .cpp file")
    elseif(included MATCHES "${xtensor}" AND NOT header MATCHES "${xtensor_headers}")
      list(APPEND faults "${header} includes <${included}>, which lies elsewhere in other versions of xtensor: include tenon/model/xtensor.hpp or tensor_tools.hpp")
    elseif(NOT header MATCHES "${upper_folders}|${blas_policy}|${hana}"
        AND included MATCHES "${upper_folders}|${blas_policy}|${beyond_std}|${hana}")
      list(APPEND faults "${header} is part of tenon::core and includes <${included}>")
    endif()
  endforeach()

  # A function template that is only declared here is compiled in the library. With a constraint it would have one name
  # in the object files of clang and another in those of g++ 12, and a program of the one would not link with the
  # other's library.
  file(READ "${INCLUDE}/${header}" text)
  string(REGEX REPLACE "= *{[^{}]*}" "" text "${text}")
  string(REGEX REPLACE "//[^\n]*" "" text "${text}")
  string(REPLACE ";" "@" text "${text}")
  string(REGEX MATCHALL "template <[^\n]*${concepts}[^\n]*>[ \n]+[^@{}]*\\)( const)?( noexcept)?@" declared "${text}")
  foreach(function IN LISTS declared)
    string(REGEX REPLACE "[ \n@]+" " " function "${function}")
    list(APPEND faults "${header} declares ${function}without a definition: say class instead of the concept")
  endforeach()
endforeach()

file(GLOB_RECURSE examples RELATIVE "${INCLUDE}/../examples" "${INCLUDE}/../examples/*.?pp")
foreach(example IN LISTS examples)
  file(STRINGS "${INCLUDE}/../examples/${example}" lines REGEX "^#include <(xtensor|xtl)/")
  foreach(line IN LISTS lines)
    list(APPEND faults "examples/${example} has ${line}, which lies elsewhere in other versions of xtensor: include tenon/model/tensor_tools.hpp")
  endforeach()
endforeach()
if(NOT examples)
  list(APPEND faults "no examples are beside ${INCLUDE}")
endif()

if(faults)
  list(JOIN faults "\n" faults)
  message("${faults}")
  message(FATAL_ERROR "arrows point down only, and all compilers link with one library")
endif()
