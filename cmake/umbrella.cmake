# One layer is one header: no list of them is kept by hand. The header that includes all of a folder,
# <tenon/all/FOLDER.hpp>, is made here from what the folder holds.
set(tenon_generated "${CMAKE_CURRENT_BINARY_DIR}/generated")
foreach(folder IN ITEMS layers losses metrics optim init net networks data train/callbacks)
  file(GLOB headers CONFIGURE_DEPENDS RELATIVE "${PROJECT_SOURCE_DIR}/include" "${PROJECT_SOURCE_DIR}/include/tenon/${folder}/*.hpp")
  # Hana, second derivatives, training and weights for int8, streams, pictures and files of numpy are for those who ask
  # for them.
  list(FILTER headers EXCLUDE REGEX "hana|networks/(tangent|quantization_aware|store_weights|store_activations)\\.hpp|layers/fake_quantized?\\.hpp|data/(stream|row_source|stream_reader|pictures|npy)\\.hpp")
  list(TRANSFORM headers REPLACE "(.+)" "#include <\\1>")
  list(JOIN headers "\n" headers)
  file(CONFIGURE OUTPUT "${tenon_generated}/tenon/all/${folder}.hpp" CONTENT "#pragma once\n\n${headers}\n" @ONLY)
endforeach()

# Which header a layer is in, for headers that are exported: they include what they name, and only what a clone has.
file(GLOB headers CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/include/tenon/layers/*.hpp" "${PROJECT_SOURCE_DIR}/include/tenon/net/*.hpp"
  "${PROJECT_SOURCE_DIR}/include/tenon/networks/*.hpp"
  "${PROJECT_SOURCE_DIR}/include/tenon/init/*.hpp")
list(FILTER headers EXCLUDE REGEX "hana")
set(rows "")
foreach(header IN LISTS headers)
  cmake_path(RELATIVE_PATH header BASE_DIRECTORY "${PROJECT_SOURCE_DIR}/include" OUTPUT_VARIABLE name)
  file(STRINGS "${header}" lines REGEX "^(struct|using) [A-Z][A-Za-z0-9]*( |$)")
  foreach(line IN LISTS lines)
    string(REGEX REPLACE "^(struct|using) ([A-Z][A-Za-z0-9]*).*$" "\\2" layer "${line}")
    string(APPEND rows "    {\"${layer}\", \"${name}\"},\n")
  endforeach()
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${header}")
endforeach()
file(CONFIGURE OUTPUT "${CMAKE_CURRENT_BINARY_DIR}/embedded/layer_headers.cpp" CONTENT
"#include <span>
#include <string_view>
#include <utility>

namespace tenon::embedded {

const std::pair<std::string_view, std::string_view> layer_headers_list[] = {
${rows}};
extern const std::span<const std::pair<std::string_view, std::string_view>> layer_headers;
const std::span<const std::pair<std::string_view, std::string_view>> layer_headers = layer_headers_list;

}  // namespace tenon::embedded
" @ONLY)
