# Install rules, what find_package(tenon) and pkg-config find, and a Debian package by CPack.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(tenon_package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/tenon")
install(DIRECTORY "${PROJECT_SOURCE_DIR}/include/" "${tenon_generated}/"
  DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" COMPONENT dev)
install(TARGETS tenon_core EXPORT tenonTargets)
if(TARGET tenon)
  install(TARGETS tenon EXPORT tenonTargets ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT dev)
  install(FILES "${PROJECT_SOURCE_DIR}/cmake/dependencies.cmake" "${PROJECT_SOURCE_DIR}/cmake/precompile.cmake" DESTINATION "${tenon_package_dir}" COMPONENT dev)
endif()
if(TARGET tenon_mpi)
  install(PROGRAMS "${PROJECT_SOURCE_DIR}/scripts/tenon-run" DESTINATION "${CMAKE_INSTALL_BINDIR}" COMPONENT mpi)
  # of its own, for who asks for it needs MPI
  install(TARGETS tenon_mpi EXPORT tenonMpiTargets ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT mpi)
  install(EXPORT tenonMpiTargets NAMESPACE tenon:: DESTINATION "${tenon_package_dir}" COMPONENT mpi)
endif()
install(EXPORT tenonTargets NAMESPACE tenon:: DESTINATION "${tenon_package_dir}" COMPONENT dev)

configure_package_config_file("${PROJECT_SOURCE_DIR}/cmake/tenonConfig.cmake.in"
  "${PROJECT_BINARY_DIR}/tenonConfig.cmake" INSTALL_DESTINATION "${tenon_package_dir}")
write_basic_package_version_file("${PROJECT_BINARY_DIR}/tenonConfigVersion.cmake"
  COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/tenonConfig.cmake"
  "${PROJECT_BINARY_DIR}/tenonConfigVersion.cmake" DESTINATION "${tenon_package_dir}" COMPONENT dev)

# What Debian's policy asks of a package.
install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" DESTINATION "${CMAKE_INSTALL_DATADIR}/doc/libtenon-dev" RENAME copyright
  COMPONENT dev)
install(FILES "${PROJECT_SOURCE_DIR}/CHANGELOG.md" DESTINATION "${CMAKE_INSTALL_DATADIR}/doc/libtenon-dev" COMPONENT dev)

# For builds without CMake. The file finds the headers from where it lies itself, so that a tree may be moved.
if(TARGET tenon)
  file(RELATIVE_PATH TENON_PC_PREFIX "/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/")
  string(REGEX REPLACE "/$" "" TENON_PC_PREFIX "${TENON_PC_PREFIX}")
  list(JOIN tenon_loop_flags " " TENON_PC_FLAGS)
  configure_file("${PROJECT_SOURCE_DIR}/cmake/tenon.pc.in" "${PROJECT_BINARY_DIR}/tenon.pc" @ONLY)
  install(FILES "${PROJECT_BINARY_DIR}/tenon.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig" COMPONENT dev)
endif()

# `cpack -G DEB` in a build folder writes libtenon-dev_VERSION_ARCHITECTURE.deb.
set(CPACK_PACKAGE_NAME libtenon-dev)
set(CPACK_PACKAGE_VENDOR "The Tenon authors")
set(CPACK_PACKAGE_CONTACT "The Tenon authors <tenon@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${PROJECT_DESCRIPTION}")
set(CPACK_PACKAGING_INSTALL_PREFIX "/usr")
set(CPACK_STRIP_FILES OFF)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_PACKAGE_DEPENDS
  "libxtensor-dev, libxtensor-blas-dev, libopenblas-dev, libboost-dev, libfmt-dev, zlib1g-dev")
if(TENON_WITH_PICTURES)
  string(APPEND CPACK_DEBIAN_PACKAGE_DEPENDS ", libpng-dev, libjpeg-dev")
endif()
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "g++ (>= 4:12) | clang-19, cmake (>= 3.24)")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "libopenmpi-dev")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
  "A network is a C++ type: shapes, parameters and the backward pass are known to the compiler.
 Trains on the CPU, and writes networks as constants for microcontrollers, in float and in int8.")
if(PROJECT_IS_TOP_LEVEL)
  include(CPack)
endif()
