# Run as cmake -DNM=<nm> -DARCHIVE=<library> -P check_instruction_sets.cmake
#
# A *.avx512.cpp file that emits an ordinary inline function (std::max, say) offers the linker an
# AVX-512 copy of it, which the whole program may then use, on a processor that has no AVX-512.
# Whatever these files emit must be local to them or carry the instruction set in its name.
execute_process(COMMAND "${NM}" -C "${ARCHIVE}" OUTPUT_VARIABLE symbols RESULT_VARIABLE failed)
if(failed)
  message(FATAL_ERROR "${NM} cannot read ${ARCHIVE}")
endif()
string(REGEX REPLACE "[][;]" "." symbols "${symbols}")
string(REPLACE "\n" ";" symbols "${symbols}")

set(faults "")
set(object "")
foreach(line IN LISTS symbols)
  if(line MATCHES "^[^ ]+\\.o:$")
    set(object "${line}")
  elseif(object MATCHES "\\.(avx2|avx512)\\.cpp" AND line MATCHES "^[0-9a-f]+ W (.+)$")
    set(symbol "${CMAKE_MATCH_1}")
    string(TOLOWER "${symbol}" lowered)
    if(NOT lowered MATCHES "avx")
      list(APPEND faults "${object} ${symbol}")
    endif()
  endif()
endforeach()

if(faults)
  list(JOIN faults "\n" faults)
  message("${faults}\n\nMake them always_inline, put them in an anonymous namespace, or give them a "
    "template argument with the instruction set in its name.")
  message(FATAL_ERROR "shared functions compiled for one instruction set")
endif()
