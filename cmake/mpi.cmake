# tenon::mpi: training on several machines, where MPI is there.
set(MPI_CXX_SKIP_MPICXX TRUE)  # the bindings of C, which are what the standard has
if(TENON_BUILD_MPI STREQUAL "AUTO")
  find_package(MPI QUIET COMPONENTS CXX)
elseif(TENON_BUILD_MPI)
  find_package(MPI COMPONENTS CXX)
  if(NOT MPI_CXX_FOUND)
    message(FATAL_ERROR "TENON_BUILD_MPI needs MPI (Debian: libopenmpi-dev). scripts/setup --mpi installs it.")
  endif()
endif()
# Not its target: FindMPI leaves an empty one behind where it has found nothing.
if(NOT TENON_BUILD_MPI OR NOT MPI_CXX_FOUND)
  if(PROJECT_IS_TOP_LEVEL)
    message(STATUS "No MPI: tenon::mpi, examples/distributed and the tests of several processes are left out")
  endif()
  return()
endif()

add_library(tenon_mpi STATIC "${PROJECT_SOURCE_DIR}/src/mpi/distributed.cpp" "${PROJECT_SOURCE_DIR}/src/mpi/waiting.cpp"
  "${PROJECT_SOURCE_DIR}/src/mpi/witness.cpp")
add_library(tenon::mpi ALIAS tenon_mpi)
set_target_properties(tenon_mpi PROPERTIES EXPORT_NAME mpi)
tenon_own(tenon_mpi)
tenon_check_integers(tenon_mpi)
target_link_libraries(tenon_mpi PUBLIC tenon PRIVATE MPI::MPI_CXX)
