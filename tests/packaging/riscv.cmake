# Bare Debian has no C++ library for riscv64-unknown-elf. The headers of the Arm package will do for what is header
# only.
execute_process(COMMAND arm-none-eabi-g++ -x c++ -E -v /dev/null OUTPUT_QUIET ERROR_VARIABLE messages)
string(REGEX MATCHALL "\n /[^\n]*" folders "${messages}")
set(riscv_headers -nostdinc++)
foreach(folder IN LISTS folders)
  string(STRIP "${folder}" folder)
  if(folder MATCHES "/c\\+\\+/|arm-none-eabi/include$")
    list(APPEND riscv_headers -isystem "${folder}")
  endif()
endforeach()
