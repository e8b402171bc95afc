# What tenon::tenon is built from. The build and the installed package both include this file and
# get the same targets; afterwards the list `tenon_missing` names what was not found.
set(tenon_missing "")

# tenon_need(<target> <Debian package> <arguments of find_package>...)
macro(tenon_need target package)
  if(NOT TARGET ${target})
    find_package(${ARGN} QUIET)
    if(NOT TARGET ${target})
      list(APPEND tenon_missing "${target} (Debian: ${package})")
    endif()
  endif()
endmacro()

tenon_need(xtensor libxtensor-dev xtensor CONFIG)
tenon_need(Boost::headers libboost-dev Boost 1.74)
tenon_need(fmt::fmt libfmt-dev fmt CONFIG)
tenon_need(ZLIB::ZLIB zlib1g-dev ZLIB)
tenon_need(Threads::Threads libc6-dev Threads)

# Not by xtensor-blas' own package: that one links whatever libblas and liblapack are installed,
# and the reference BLAS is fifty times slower than OpenBLAS.
find_path(TENON_XTENSOR_BLAS_INCLUDE_DIR xtensor-blas/xblas.hpp)
find_library(TENON_OPENBLAS_LIBRARY openblas)
mark_as_advanced(TENON_XTENSOR_BLAS_INCLUDE_DIR TENON_OPENBLAS_LIBRARY)
if(NOT TENON_XTENSOR_BLAS_INCLUDE_DIR)
  list(APPEND tenon_missing "xtensor-blas (Debian: libxtensor-blas-dev)")
endif()
if(NOT TENON_OPENBLAS_LIBRARY)
  list(APPEND tenon_missing "OpenBLAS (Debian: libopenblas-dev)")
endif()
if(NOT tenon_missing AND NOT TARGET tenon::blas)
  add_library(tenon::blas INTERFACE IMPORTED GLOBAL)
  target_include_directories(tenon::blas INTERFACE "${TENON_XTENSOR_BLAS_INCLUDE_DIR}")
  target_link_libraries(tenon::blas INTERFACE xtensor "${TENON_OPENBLAS_LIBRARY}")
endif()
