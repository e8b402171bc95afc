# The command `tenon` and what it stands on, which no program of a user's links: readers of other frameworks' files.

file(GLOB_RECURSE tenon_import_sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/src/import/*.cpp")
list(REMOVE_ITEM tenon_import_sources ${tenon_onnx_sources})  # see cmake/library.cmake
add_library(tenon_import STATIC ${tenon_import_sources})
tenon_own(tenon_import)
tenon_check_integers(tenon_import)
# It reads a file once: in builds for debugging the compiler's time counts for more, but where a fuzzer reads thousands.
set(import_debug -O0)
if(TENON_LIBFUZZER)
  set(import_debug -O1)
endif()
target_compile_options(tenon_import PRIVATE
  "$<$<CONFIG:Release,RelWithDebInfo>:-O3>" "$<$<CONFIG:Debug>:${import_debug}>")
target_link_libraries(tenon_import PUBLIC tenon PRIVATE fmt::fmt)

if(NOT TENON_BUILD_TOOL)
  return()
endif()
find_package(CLI11 CONFIG QUIET)
if(TARGET CLI11::CLI11)
  file(GLOB tenon_tool_sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/src/tool/*.cpp")
  add_executable(tenon_command ${tenon_tool_sources})
  tenon_own(tenon_command)
  tenon_check_integers(tenon_command)
  set_target_properties(tenon_command PROPERTIES OUTPUT_NAME tenon)
  target_link_libraries(tenon_command PRIVATE tenon_import fmt::fmt nlohmann_json::nlohmann_json CLI11::CLI11)
  include(compile_line)
  if(TENON_INSTALL)
    install(TARGETS tenon_command RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}" COMPONENT tool)
    install(FILES "${PROJECT_SOURCE_DIR}/packaging/tenon.bash" DESTINATION "${CMAKE_INSTALL_DATADIR}/bash-completion/completions" RENAME tenon
      COMPONENT tool)
  endif()
else()
  message(STATUS "The command tenon is left out: it needs CLI11 (Debian: libcli11-dev)")
endif()
