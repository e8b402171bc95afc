# tenon_embed(<target> <symbol> <file>) compiles the bytes of a file into a target, which sees them
# as
#
#     namespace tenon::embedded {
#     extern const unsigned char <symbol>[];
#     extern const std::size_t <symbol>_size;
#     }
#
# The source is written when the target is built, by this same file run as a script.

if(NOT CMAKE_SCRIPT_MODE_FILE STREQUAL CMAKE_CURRENT_LIST_FILE)
  function(tenon_embed target symbol file)
    get_filename_component(file ${file} ABSOLUTE)
    set(output ${CMAKE_CURRENT_BINARY_DIR}/embedded/${symbol}.cpp)
    add_custom_command(
      OUTPUT ${output}
      COMMAND ${CMAKE_COMMAND} -D symbol=${symbol} -D file=${file} -D output=${output}
              -P ${CMAKE_CURRENT_FUNCTION_LIST_FILE}
      DEPENDS ${file} ${CMAKE_CURRENT_FUNCTION_LIST_FILE}
      COMMENT "Embedding ${symbol}"
      VERBATIM)
    target_sources(${target} PRIVATE ${output})
  endfunction()
  return()
endif()

file(READ ${file} bytes HEX)
string(REGEX REPLACE "(..)" "0x\\1," bytes "${bytes}")
string(REPEAT "0x..," 16 line)
string(REGEX REPLACE "(${line})" "\\1\n" bytes "${bytes}")
file(WRITE ${output}
"#include <cstddef>

namespace tenon::embedded {
extern const unsigned char ${symbol}[];
extern const std::size_t ${symbol}_size;

const unsigned char ${symbol}[] = {
${bytes}};
const std::size_t ${symbol}_size = sizeof ${symbol};
}  // namespace tenon::embedded
")
