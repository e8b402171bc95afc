# PNG and JPEG for data/pictures.hpp, where both libraries are there: TENON_WITH_PICTURES. Else its functions refuse.
set(TENON_WITH_PICTURES OFF)
if(TENON_BUILD_PICTURES STREQUAL "AUTO" OR TENON_BUILD_PICTURES)
  find_package(PNG QUIET)
  find_package(JPEG QUIET)
  if(TARGET PNG::PNG AND TARGET JPEG::JPEG)
    set(TENON_WITH_PICTURES ON)
  elseif(NOT TENON_BUILD_PICTURES STREQUAL "AUTO")
    message(FATAL_ERROR "TENON_BUILD_PICTURES needs libpng and libjpeg-turbo (Debian: libpng-dev, libjpeg-dev). "
      "scripts/setup installs them.")
  endif()
endif()
if(TENON_WITH_PICTURES)
  set(TENON_PC_PICTURES "-lpng -ljpeg ")
  target_link_libraries(tenon PRIVATE PNG::PNG JPEG::JPEG)
  set_property(SOURCE "${PROJECT_SOURCE_DIR}/src/data/picture_png.cpp" "${PROJECT_SOURCE_DIR}/src/data/picture_jpeg.cpp"
    APPEND PROPERTY COMPILE_DEFINITIONS TENON_WITH_PICTURES)
endif()
