# tenon::tenon: tenon::core, xtensor, BLAS and the static library made of src/.

# A target that find_package makes is seen in one directory only; a project that adds Tenon by
# add_subdirectory links these from its own.
set(CMAKE_FIND_PACKAGE_TARGETS_GLOBAL TRUE)
include(dependencies)
tenon_need(nlohmann_json::nlohmann_json nlohmann-json3-dev nlohmann_json CONFIG)
if(tenon_missing)
  list(JOIN tenon_missing ", " tenon_missing)
  message(FATAL_ERROR "Tenon needs ${tenon_missing}. On Debian, scripts/setup installs everything.")
endif()

file(GLOB_RECURSE tenon_sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/src/*.cpp")
list(FILTER tenon_sources EXCLUDE REGEX "/src/(import|tool|mpi)/")  # see cmake/tool.cmake and cmake/mpi.cmake
# What export_onnx writes files with belongs to every program.
set(tenon_onnx_sources "")
foreach(name IN ITEMS graph onnx_schema onnx_tensor onnx_write protobuf)
  list(APPEND tenon_onnx_sources "${PROJECT_SOURCE_DIR}/src/import/${name}.cpp")
endforeach()
list(APPEND tenon_sources ${tenon_onnx_sources})
foreach(isa IN ITEMS avx2 avx512)
  foreach(source IN LISTS tenon_sources)
    if(NOT source MATCHES "\\.${isa}\\.cpp$")
      continue()
    elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64)$")
      set_source_files_properties(${source} PROPERTIES COMPILE_OPTIONS "${tenon_${isa}_flags}")
    else()
      list(REMOVE_ITEM tenon_sources ${source})
    endif()
  endforeach()
endforeach()

add_library(tenon STATIC ${tenon_sources})
add_library(tenon::tenon ALIAS tenon)
tenon_own(tenon)
tenon_check_integers(tenon)
target_compile_options(tenon
  PUBLIC ${tenon_options}
  # The kernels in here are worth optimising in every build, also in those for debugging and where a project that
  # includes this one names no build type.
  PRIVATE "$<$<CONFIG:Release,RelWithDebInfo>:-O3>" "$<$<CONFIG:Debug>:-O2>"
    "$<$<STREQUAL:$<CONFIG>,>:-O2>")
target_link_libraries(tenon
  PUBLIC tenon_core tenon::blas Boost::headers Threads::Threads
  PRIVATE fmt::fmt ZLIB::ZLIB "$<BUILD_INTERFACE:nlohmann_json::nlohmann_json>")

target_sources(tenon PRIVATE "${CMAKE_CURRENT_BINARY_DIR}/embedded/layer_headers.cpp")  # cmake/umbrella.cmake
include(embed)
tenon_embed(tenon digits_images "${PROJECT_SOURCE_DIR}/data/digits/digits-images-idx3-ubyte.gz")
tenon_embed(tenon digits_labels "${PROJECT_SOURCE_DIR}/data/digits/digits-labels-idx1-ubyte.gz")
