# One layer is one header: no list of them is kept by hand. The header that includes all of a room,
# <tenon/all/ROOM.hpp>, is made here from what the folder holds.
set(tenon_generated "${CMAKE_CURRENT_BINARY_DIR}/generated")
foreach(room IN ITEMS layers losses metrics optim init net data train/callbacks)
  file(GLOB headers CONFIGURE_DEPENDS RELATIVE "${PROJECT_SOURCE_DIR}/include" "${PROJECT_SOURCE_DIR}/include/tenon/${room}/*.hpp")
  # Hana is for those who ask for it.
  list(FILTER headers EXCLUDE REGEX "hana")
  list(TRANSFORM headers REPLACE "(.+)" "#include <\\1>")
  list(JOIN headers "\n" headers)
  file(CONFIGURE OUTPUT "${tenon_generated}/tenon/all/${room}.hpp" CONTENT "#pragma once\n\n${headers}\n" @ONLY)
endforeach()
