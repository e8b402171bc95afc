# Every public header compiles alone and may be included twice, and files that include the same
# header link together (a function that should be inline and is not shows up there). That the
# program builds is the test; it does nothing.
file(GLOB_RECURSE headers CONFIGURE_DEPENDS
  RELATIVE "${PROJECT_SOURCE_DIR}/include" "${PROJECT_SOURCE_DIR}/include/*.hpp")

# What a firmware includes.
set(edge_headers ${headers})
list(FILTER edge_headers INCLUDE REGEX "^tenon/(shape\\.hpp|expr/|net/|layers/|networks/|kernels/|edge/)")
list(FILTER edge_headers EXCLUDE REGEX "^tenon/kernels/.*blas|^tenon/net/hana")
# Without exceptions they are compiled together.
if(headers AND TENON_TEST_PROGRAMS AND NOT TENON_CORE_ONLY)
  set(header_sources "${CMAKE_CURRENT_BINARY_DIR}/headers/main.cpp")
  file(CONFIGURE OUTPUT "${header_sources}" CONTENT "int main() {}\n")
  foreach(header IN LISTS headers)
    set(source "${CMAKE_CURRENT_BINARY_DIR}/headers/${header}.cpp")
    file(CONFIGURE OUTPUT "${source}" CONTENT "#include <${header}>\n#include <${header}>\n")
    list(APPEND header_sources "${source}")
  endforeach()
  add_executable(header_check ${header_sources})
  tenon_own(header_check)
  # Shadows too. To clang a local x shadows that of formulas (tenon::placeholders), so locals have longer names.
  target_compile_options(header_check PRIVATE -O0 -g0 -Wshadow)
  target_link_libraries(header_check PRIVATE tenon::tenon)
  add_test(NAME headers COMMAND header_check)
endif()

# All in one file too, where a local name of one may be that of another.
if(headers AND NOT TENON_CORE_ONLY AND NOT TENON_SANITIZE)
  list(TRANSFORM headers REPLACE "(.+)" "#include <\\1>" OUTPUT_VARIABLE all_includes)
  list(JOIN all_includes "\n" all_includes)
  file(CONFIGURE OUTPUT "${CMAKE_CURRENT_BINARY_DIR}/headers/all.cpp" CONTENT "${all_includes}\n")
  add_library(all_headers OBJECT "${CMAKE_CURRENT_BINARY_DIR}/headers/all.cpp")
  tenon_own(all_headers)
  target_compile_options(all_headers PRIVATE -O0 -g0 -Wshadow)
  target_link_libraries(all_headers PRIVATE tenon::tenon)
endif()

if(edge_headers)
  list(TRANSFORM edge_headers REPLACE "(.+)" "#include <\\1>" OUTPUT_VARIABLE edge_includes)
  list(JOIN edge_includes "\n" edge_includes)
  file(CONFIGURE OUTPUT "${CMAKE_CURRENT_BINARY_DIR}/headers/edge.cpp" CONTENT "${edge_includes}\n")
  add_library(edge_headers OBJECT "${CMAKE_CURRENT_BINARY_DIR}/headers/edge.cpp")
  tenon_own(edge_headers)
  target_compile_options(edge_headers PRIVATE -O0 -g0 -fno-exceptions -fno-rtti)
  target_link_libraries(edge_headers PRIVATE tenon::core)
endif()

add_test(NAME layering COMMAND "${CMAKE_COMMAND}" "-DINCLUDE=${PROJECT_SOURCE_DIR}/include"
  -P "${PROJECT_SOURCE_DIR}/cmake/check_layering.cmake")
