# tenon_precompile_headers(TARGET [REUSE_FROM OTHER]) compiles <tenon/tenon.hpp> once for all files of TARGET, whose
# other contents then compile alone. With REUSE_FROM it takes what another target of the same flags has compiled
# already.
function(tenon_precompile_headers target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "REUSE_FROM" "")
  if(NOT TARGET ${target})
    message(FATAL_ERROR "tenon_precompile_headers: expected a target, got '${target}'")
  endif()
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "tenon_precompile_headers: expected REUSE_FROM target, got '${arg_UNPARSED_ARGUMENTS}'")
  endif()
  if(arg_REUSE_FROM)
    target_precompile_headers(${target} REUSE_FROM ${arg_REUSE_FROM})
  else()
    target_precompile_headers(${target} PRIVATE <tenon/tenon.hpp>)
  endif()
endfunction()
