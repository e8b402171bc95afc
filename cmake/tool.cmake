# The command `tenon` and what it stands on, which no program of a user's links: readers of other frameworks' files.

file(GLOB_RECURSE tenon_import_sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/src/import/*.cpp")
list(REMOVE_ITEM tenon_import_sources ${tenon_onnx_sources})  # see cmake/library.cmake
add_library(tenon_import STATIC ${tenon_import_sources})
tenon_own(tenon_import)
target_compile_options(tenon_import PRIVATE "$<$<CONFIG:Release,RelWithDebInfo>:-O3>" "$<$<CONFIG:Debug>:-O2>")
target_link_libraries(tenon_import PUBLIC tenon PRIVATE fmt::fmt)
