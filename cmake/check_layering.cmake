# Which header may include what. Run as cmake -DINCLUDE=<include directory> -P check_layering.cmake
#
# tenon::core is everything but the upper folders and the BLAS policy: it needs the standard library
# and itself, so that a firmware can include it. xtensor is seen where tensors meet the user, and
# what makes every user's build slow is in .cpp files.
set(upper_folders "^tenon/(tenon\\.hpp$|model/|train/|data/|io/|report/|text/|dist/|generative/)")
set(blas_policy "^tenon/kernels/.*blas")
set(xtensor_folders "^tenon/(model/|data/)|${blas_policy}")
set(xtensor "^(xtensor|xtensor-blas|xtl|xflens)/")
# Type-level algorithms for those who ask for them; nothing else includes this header.
set(hana "^tenon/net/hana\\.hpp$")
set(beyond_std "${xtensor}|^(boost|xsimd)/")
set(concepts "std::(floating_point|integral|signed_integral|unsigned_integral|same_as|convertible_to|invocable) ")
set(slow "^(iostream|regex|filesystem|cblas\\.h|zlib\\.h)$|^(nlohmann|fmt|CLI|catch2|benchmark)/")

set(faults "")
file(GLOB_RECURSE headers RELATIVE "${INCLUDE}" "${INCLUDE}/*.hpp")
foreach(header IN LISTS headers)
  file(STRINGS "${INCLUDE}/${header}" lines REGEX "^[ \t]*#[ \t]*include[ \t]*[<\"]")
  foreach(line IN LISTS lines)
    string(REGEX REPLACE "^[^<\"]*[<\"]([^>\"]+)[>\"].*" "\\1" included "${line}")
    if(included MATCHES "${slow}")
      list(APPEND faults "${header} includes <${included}>, which belongs in a .cpp file")
    elseif(included MATCHES "${xtensor}" AND NOT header MATCHES "${xtensor_folders}")
      list(APPEND faults "${header} includes <${included}>: xtensor is for model/ and data/")
    elseif(NOT header MATCHES "${upper_folders}|${blas_policy}|${hana}"
        AND included MATCHES "${upper_folders}|${blas_policy}|${beyond_std}|${hana}")
      list(APPEND faults "${header} is part of tenon::core and includes <${included}>")
    endif()
  endforeach()

  # A function template that is only declared here is compiled in the library. With a constraint it would have one name in
  # the object files of clang and another in those of g++ 12, and a program of the one would not link with the other's library.
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

if(faults)
  list(JOIN faults "\n" faults)
  message("${faults}")
  message(FATAL_ERROR "arrows point down only, and all compilers link with one library")
endif()
