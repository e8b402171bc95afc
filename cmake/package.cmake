# Install rules and the package that find_package(tenon) finds.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(tenon_package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/tenon")
install(DIRECTORY "${PROJECT_SOURCE_DIR}/include/" "${tenon_generated}/" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
install(TARGETS tenon_core EXPORT tenonTargets)
if(TARGET tenon)
  install(TARGETS tenon EXPORT tenonTargets ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}")
  install(FILES "${PROJECT_SOURCE_DIR}/cmake/dependencies.cmake" DESTINATION "${tenon_package_dir}")
endif()
install(EXPORT tenonTargets NAMESPACE tenon:: DESTINATION "${tenon_package_dir}")

configure_package_config_file("${PROJECT_SOURCE_DIR}/cmake/tenonConfig.cmake.in"
  "${PROJECT_BINARY_DIR}/tenonConfig.cmake" INSTALL_DESTINATION "${tenon_package_dir}")
write_basic_package_version_file("${PROJECT_BINARY_DIR}/tenonConfigVersion.cmake"
  COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/tenonConfig.cmake"
  "${PROJECT_BINARY_DIR}/tenonConfigVersion.cmake" DESTINATION "${tenon_package_dir}")
