# One program on one target: built for this machine it says what the right answers are, built for the
# target it runs there and compares. Run as
#   cmake -DMACHINE=cortex-m4 -DPROGRAM=programs/float -DHOST_COMPILER=g++ "-DINCLUDES=-I..." -DWORK=dir
#         -P check_target.cmake
# On a microcontroller the program must also come without everything a system would have to provide.
# Where a tool is missing it says "skipped" and which.
cmake_minimum_required(VERSION 3.24)
get_filename_component(here "${CMAKE_CURRENT_LIST_FILE}" DIRECTORY)
get_filename_component(board_files "${here}/../../examples/firmware/board" ABSOLUTE)

set(hard -mfloat-abi=hard)
set(soft -mfloat-abi=soft)
set(board "")
if(MACHINE STREQUAL "cortex-m0")
  set(board mps2-an385)  # a Cortex-M3, which runs every instruction that an M0 has
  set(cpu -mcpu=cortex-m0 ${soft})
elseif(MACHINE STREQUAL "cortex-m3")
  set(board mps2-an385)
  set(cpu -mcpu=cortex-m3 ${soft})
elseif(MACHINE STREQUAL "cortex-m4")
  set(board mps2-an386)
  set(cpu -mcpu=cortex-m4 ${hard} -mfpu=fpv4-sp-d16)
elseif(MACHINE STREQUAL "cortex-m7")
  set(board mps2-an500)
  set(cpu -mcpu=cortex-m7 ${hard} -mfpu=fpv5-d16)
elseif(MACHINE STREQUAL "cortex-m55")
  set(board mps3-an547)
  set(cpu -mcpu=cortex-m55 ${hard})
elseif(MACHINE STREQUAL "aarch64")
  set(compiler aarch64-linux-gnu-g++)
  set(emulator qemu-aarch64)
elseif(MACHINE STREQUAL "armhf")
  set(compiler arm-linux-gnueabihf-g++)
  set(emulator qemu-arm)
else()
  message(FATAL_ERROR "no target is called '${MACHINE}'")
endif()
if(board)
  set(compiler arm-none-eabi-g++)
  set(emulator qemu-system-arm)
endif()
foreach(tool IN ITEMS ${compiler} ${emulator})
  find_program(found_${tool} ${tool})
  if(NOT found_${tool})
    message("skipped: no ${tool} (scripts/setup --all installs it)")
    return()
  endif()
endforeach()

macro(run what)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE errors)
  if(NOT status STREQUAL "0")
    message("${output}\n${errors}")
    message(FATAL_ERROR "${what} failed with ${status}")
  endif()
endmacro()

file(MAKE_DIRECTORY "${WORK}")
set(program "${here}/${PROGRAM}.cpp")
set(flags -std=gnu++20 -O2 -fno-exceptions -fno-rtti -fno-math-errno -fno-trapping-math -fopenmp-simd
  -Wall -Wextra -Werror ${INCLUDES} "-I${WORK}" "-I${board_files}")

if(PROGRAM MATCHES "learner")  # which has to give the same bits everywhere
  list(APPEND flags -ffp-contract=off)
endif()

run("the host's build" "${HOST_COMPILER}" ${flags} -DTENON_WRITE_EXPECTED "${program}" "${board_files}/hosted.cpp"
  -o "${WORK}/host")
run("the host's run" "${WORK}/host")
file(WRITE "${WORK}/expected.hpp" "${output}")

if(NOT board)
  run("the build" ${compiler} ${flags} -static "${program}" "${board_files}/hosted.cpp" -o "${WORK}/program")
  run("the run" ${emulator} "${WORK}/program")
  message("${output}")
  return()
endif()

set(elf "${WORK}/program.elf")
set(map "${WORK}/program.map")
run("the build" ${compiler} ${cpu} -mthumb ${flags} -ffunction-sections -fdata-sections -fno-threadsafe-statics
  -fno-unwind-tables -fno-asynchronous-unwind-tables -fstack-usage "${program}" "${board_files}/cortex_m.cpp"
  -nostartfiles --specs=nano.specs --specs=nosys.specs -Wl,--gc-sections "-Wl,-Map,${map}"
  -T "${board_files}/cortex_m.ld" -o "${elf}")
run("the run" timeout 100 ${emulator} -M ${board} -display none -monitor none -serial null
  -semihosting-config enable=on,target=native -kernel "${elf}")
message("${output}${errors}")
if(NOT "${output}${errors}" MATCHES "all as on the host")
  message(FATAL_ERROR "the program did not get to its end")
endif()

# The symbols that were linked, and no others.
run("nm" arm-none-eabi-nm -C "${elf}")
string(REPLACE ";" "," symbols "${output}")
string(REPLACE "\n" ";" symbols "${symbols}")
set(faults "")
foreach(symbol IN LISTS symbols)
  if(symbol MATCHES " (_?malloc(_r)?|_?free(_r)?|_?calloc(_r)?|_?realloc(_r)?|abort|_sbrk|_sbrk_r|__cxa_.*|raise|atexit)$"
      OR symbol MATCHES " operator (new|delete)" OR symbol MATCHES "(iostream|ios_base|basic_[io]*stream|locale|_ZNSt6locale)"
      OR symbol MATCHES "_Unwind|typeinfo for|vtable for")
    list(APPEND faults "${symbol}")
  endif()
endforeach()
run("size" arm-none-eabi-size -A "${elf}")
message("${output}")
string(REGEX MATCH "\\.init_array +([0-9]+)" ignored "${output}")
if(CMAKE_MATCH_1 AND NOT CMAKE_MATCH_1 EQUAL 0)
  list(APPEND faults "init_array holds ${CMAKE_MATCH_1} bytes: static constructors")
endif()
file(READ "${map}" linked)
if(NOT linked MATCHES "Linker script and memory map")
  message(FATAL_ERROR "no link map in ${map}")
endif()
if(faults)
  list(JOIN faults "\n" faults)
  message("${faults}")
  message(FATAL_ERROR "a frozen network needs none of these (where each comes from is in ${map})")
endif()
