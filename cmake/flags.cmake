# Every compiler flag of the project, in one place.

# Exported with tenon::core, because the loops that matter are templates which the user's own
# compiler call instantiates. Without the first, sqrt is a call; without the second, a branchless
# select becomes a branch; the third reads `#pragma omp simd` and needs no run time.
set(tenon_loop_flags -fno-math-errno -fno-trapping-math -fopenmp-simd)
# clang leaves loops that look for a maximum scalar unless NaN may be forgotten, and says so at every one.
set(tenon_core_options
  "$<$<COMPILE_LANG_AND_ID:CXX,GNU,Clang,AppleClang>:${tenon_loop_flags}>"
  "$<$<COMPILE_LANG_AND_ID:CXX,Clang,AppleClang>:-Wno-pass-failed>")

# Exported with tenon::tenon: clang 19 applies P0522 by default, and under it xtensor's
# rebind_container is ambiguous.
set(tenon_clang19_flags
  -fno-relaxed-template-template-args -Wno-deprecated-no-relaxed-template-template-args)
set(tenon_options
  "$<$<AND:$<COMPILE_LANG_AND_ID:CXX,Clang>,$<VERSION_GREATER_EQUAL:$<CXX_COMPILER_VERSION>,19>>:${tenon_clang19_flags}>")

# Both for this build's compiler, as a plain list.
set(tenon_flags_here ${tenon_loop_flags})
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang" AND CMAKE_CXX_COMPILER_VERSION VERSION_GREATER_EQUAL 19)
  list(APPEND tenon_flags_here ${tenon_clang19_flags})
endif()

# Sources named *.avx2.cpp and *.avx512.cpp hold the kernels that are chosen at run time.
set(tenon_avx2_flags -mavx2 -mfma)
set(tenon_avx512_flags
  -mavx512f -mavx512vl -mavx512dq -mavx512bw -mfma -mprefer-vector-width=512)

if(TENON_ARCH)
  add_compile_options("-march=${TENON_ARCH}")
endif()

if(TENON_SANITIZE)
  add_compile_options(
    "-fsanitize=${TENON_SANITIZE}" -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options("-fsanitize=${TENON_SANITIZE}")
endif()

# Of src/ more is asked than the language demands: that unsigned numbers do not wrap either, shifts lose no bits and
# conversions change no value, the usual ways to a wrong size. Only clang can. What programs make of templates is not
# looked at.
function(tenon_check_integers target)
  if(TENON_SANITIZE MATCHES "undefined" AND CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    set(ignored "${PROJECT_SOURCE_DIR}/cmake/integer_sanitizer.txt")
    if(CMAKE_GENERATOR MATCHES "Ninja")  # seen from where it runs the compiler: caches take the path as it stands
      cmake_path(RELATIVE_PATH ignored BASE_DIRECTORY "${CMAKE_BINARY_DIR}")
    endif()
    target_compile_options(${target} PRIVATE -fsanitize=integer "-fsanitize-ignorelist=${ignored}")
    # clang counts the steps of an empty `omp simd` loop with numbers that wrap; of a source, to stand behind
    # -fopenmp-simd
    get_target_property(sources ${target} SOURCES)
    set_property(SOURCE ${sources} APPEND PROPERTY COMPILE_OPTIONS -fno-openmp-simd)
  endif()
endfunction()

# Our own targets are warned about; those of a project that uses Tenon are its own affair. An optimising g++ 12 takes
# "text" + std::string for a copy onto itself (GCC's bug 105651).
function(tenon_own target)
  set(gcc_12 "$<AND:$<CXX_COMPILER_ID:GNU>,$<VERSION_LESS:$<CXX_COMPILER_VERSION>,13>>")
  target_compile_options(${target} PRIVATE
    -Wall -Wextra -Wpedantic -Wconversion -DTENON_OWN_WARNINGS $<$<BOOL:${TENON_WERROR}>:-Werror>
    "$<$<AND:$<CONFIG:Release,RelWithDebInfo>,${gcc_12}>:-Wno-restrict>")
endfunction()
