# Packages and machines: what a user's build includes is what is included here, with the compilers that are there. Run
# as
#   cmake -DWHAT=arduino -DHOST_COMPILER=g++ -DHOST_C_COMPILER=gcc -DWORK=dir -P check.cmake
# Where a tool is missing it says "skipped" and which.
cmake_minimum_required(VERSION 3.24)
get_filename_component(root "${CMAKE_CURRENT_LIST_DIR}/../.." ABSOLUTE)
set(board "${root}/examples/firmware/board")
set(projects "${root}/packaging/projects")
set(warn -Wall -Wextra -Werror)
set(bare -std=gnu++20 -O2 -fno-exceptions -fno-rtti -fno-threadsafe-statics -ffp-contract=off ${warn})
set(m4 -mcpu=cortex-m4 -mthumb -mfloat-abi=hard -mfpu=fpv4-sp-d16)
file(REMOVE_RECURSE "${WORK}")
file(MAKE_DIRECTORY "${WORK}")

function(need)
  foreach(tool IN LISTS ARGN)
    find_program(found_${tool} ${tool})
    if(NOT found_${tool})
      message(FATAL_ERROR "skipped: no ${tool} (scripts/setup --all installs it)")
    endif()
  endforeach()
endfunction()
macro(run what)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE errors)
  if(NOT status STREQUAL "0")
    message("${output}\n${errors}")
    message(FATAL_ERROR "${what} failed with ${status}")
  endif()
endmacro()
# Options are misspelt without a word from CMake.
function(only_known_options)
  file(READ "${root}/CMakeLists.txt" text)
  if(NOT ARGN)
    message(FATAL_ERROR "the recipe gives no options")
  endif()
  foreach(option IN LISTS ARGN)
    string(REGEX REPLACE "^-D([A-Z_]+)=.*" "\\1" option "${option}")
    if(NOT text MATCHES "(option|set)\\(${option} ")
      message(FATAL_ERROR "the recipe gives CMake ${option}, which is no option of Tenon")
    endif()
  endforeach()
endfunction()
# What this machine says, and what the other one says.
macro(compare_with_host what)
  set(got "${output}${errors}")
  run("the host's build" "${HOST_COMPILER}" ${bare} "-I${root}/include" "-I${projects}/model" "-I${root}/tests/edge/models" "-I${board}"
    "${CMAKE_CURRENT_LIST_DIR}/self_test.cpp" "${board}/hosted.cpp" -o "${WORK}/host")
  run("the host's run" "${WORK}/host")
  if(NOT output MATCHES "self-tests passed" OR NOT got STREQUAL output)
    message(FATAL_ERROR "${what} says\n${got}and this machine\n${output}")
  endif()
  message("${got}")
endmacro()
set(self_test "-I${projects}/model" "-I${root}/tests/edge/models" "-I${board}" "${CMAKE_CURRENT_LIST_DIR}/self_test.cpp")

if(WHAT STREQUAL "makefile")
  need(make arm-none-eabi-g++)
  file(COPY "${projects}/makefile" "${projects}/model" DESTINATION "${WORK}")
  run("make" make -C "${WORK}/makefile" "TENON=${root}" "CC=${HOST_C_COMPILER}" "CXX=${HOST_COMPILER}" "TARGET=-Werror")
  run("the program" "${WORK}/makefile/main")
  if(NOT output MATCHES "self-test passed\ngesture [0-3]\n")
    message(FATAL_ERROR "the program says ${output}")
  endif()
  run("make for a device" make -C "${WORK}/makefile" clean gesture_c.o main.o "TENON=${root}" CC=arm-none-eabi-gcc CXX=arm-none-eabi-g++
    "TARGET=-mcpu=cortex-m0 -mthumb -Werror")

elseif(WHAT STREQUAL "arduino")
  need(arm-none-eabi-g++ qemu-system-arm)
  run("packing" "${root}/packaging/arduino/pack" "${WORK}/libraries")
  set(library "${WORK}/libraries/Tenon")
  file(WRITE "${WORK}/core/Arduino.h" "#pragma once\nstruct Port { void begin(long) {} void println(const char*) {} void println(int) {} };\n"
    "inline Port Serial;\ninline void delay(unsigned long) {}\nvoid setup();\nvoid loop();\n")
  run("the sketch" arm-none-eabi-g++ ${m4} ${bare} "-I${WORK}/core" "-I${library}/src" "-I${library}/examples/Gesture" -include Arduino.h
    -x c++ "${library}/examples/Gesture/Gesture.ino" -c -o "${WORK}/sketch.o")
  run("the self-test" arm-none-eabi-g++ ${m4} ${bare} "-I${library}/src" -include Tenon.h ${self_test} "${board}/cortex_m.cpp"
    -nostartfiles --specs=nano.specs --specs=nosys.specs -ffunction-sections -fdata-sections -Wl,--gc-sections -T "${board}/cortex_m.ld"
    -o "${WORK}/program.elf")
  run("the run" timeout 100 qemu-system-arm -M mps2-an386 -display none -monitor none -serial null
    -semihosting-config enable=on,target=native -kernel "${WORK}/program.elf")
  compare_with_host("an M4")

elseif(WHAT STREQUAL "platformio")
  need(arm-none-eabi-g++)
  file(READ "${root}/library.json" json)
  string(JSON include GET "${json}" build includeDir)
  run("the program" arm-none-eabi-g++ ${m4} ${bare} "-I${root}/${include}" "-I${projects}/model" "${projects}/platformio/src/main.cpp"
    -c -o "${WORK}/main.o")

elseif(WHAT STREQUAL "esp-idf" OR WHAT STREQUAL "zephyr")
  # The functions of those builds that the modules call, and what they are called with.
  file(WRITE "${WORK}/CMakeLists.txt" "cmake_minimum_required(VERSION 3.24)\nproject(test LANGUAGES NONE)\n"
    "function(idf_component_register)\n  cmake_parse_arguments(a \"\" \"\" \"INCLUDE_DIRS;SRCS;REQUIRES\" \${ARGN})\n"
    "  foreach(d IN LISTS a_INCLUDE_DIRS)\n    file(APPEND \"${WORK}/includes\" \"-I\${CMAKE_CURRENT_SOURCE_DIR}/\${d};\")\n  endforeach()\nendfunction()\n"
    "function(zephyr_include_directories)\n  foreach(d IN LISTS ARGN)\n    file(APPEND \"${WORK}/includes\" \"-I\${CMAKE_CURRENT_SOURCE_DIR}/\${d};\")\n  endforeach()\nendfunction()\n")
  if(WHAT STREQUAL "esp-idf")
    need(riscv64-unknown-elf-g++ arm-none-eabi-g++)
    file(APPEND "${WORK}/CMakeLists.txt" "set(ESP_PLATFORM 1)\nadd_subdirectory(\"${root}\" tenon)\nadd_subdirectory(\"${projects}/esp-idf/main\" main)\n")
  else()
    need(arm-none-eabi-g++)
    file(STRINGS "${root}/zephyr/module.yml" lines REGEX "^  cmake: ")
    string(REPLACE "  cmake: " "" folder "${lines}")
    file(APPEND "${WORK}/CMakeLists.txt" "set(CONFIG_TENON y)\nadd_subdirectory(\"${root}/${folder}\" tenon)\n")
  endif()
  run("configuring" "${CMAKE_COMMAND}" -S "${WORK}" -B "${WORK}/build")
  file(READ "${WORK}/includes" includes)
  if(WHAT STREQUAL "zephyr")
    run("the program" arm-none-eabi-g++ ${m4} ${bare} ${includes} "-I${projects}/model" "${projects}/zephyr/src/main.cpp" -c -o "${WORK}/main.o")
  else()  # an ESP32-C3 is an rv32imc
    include("${CMAKE_CURRENT_LIST_DIR}/riscv.cmake")
    run("the program" riscv64-unknown-elf-g++ -march=rv32imc -mabi=ilp32 ${bare} ${riscv_headers} ${includes} "${projects}/esp-idf/main/main.cpp"
      -c -o "${WORK}/main.o")
  endif()

elseif(WHAT MATCHES "^rv(32|64)")
  if(WHAT STREQUAL "rv32imac")
    set(emulator qemu-riscv32)
    set(abi -mabi=ilp32)
  else()
    set(emulator qemu-riscv64)
    set(abi -mabi=lp64d -mcmodel=medany)
  endif()
  need(riscv64-unknown-elf-g++ arm-none-eabi-g++ ${emulator})
  include("${CMAKE_CURRENT_LIST_DIR}/riscv.cmake")
  run("the build" riscv64-unknown-elf-g++ -march=${WHAT} ${abi} ${bare} ${riscv_headers} "-I${root}/include" ${self_test}
    "${CMAKE_CURRENT_LIST_DIR}/riscv.cpp" -fno-builtin-memcpy -fno-tree-loop-distribute-patterns -ffunction-sections -fdata-sections
    -Wl,--gc-sections,--no-relax -nostdlib -static -lgcc -o "${WORK}/program")
  run("the run" timeout 100 ${emulator} "${WORK}/program")
  compare_with_host("${WHAT}")

elseif(WHAT STREQUAL "wasm")
  need(clang++-19 wasm-ld-19 node)
  run("the build" clang++-19 --target=wasm32-wasi ${bare} "-I${root}/include" ${self_test}
    "${board}/hosted.cpp" -o "${WORK}/program.wasm")
  file(WRITE "${WORK}/run.mjs" "import { readFileSync } from 'node:fs';\nimport { WASI } from 'node:wasi';\n"
    "const wasi = new WASI({ version: 'preview1' });\n"
    "const { instance } = await WebAssembly.instantiate(readFileSync(process.argv[2]), wasi.getImportObject());\n"
    "process.exitCode = wasi.start(instance);\n")
  run("the run" node --no-warnings "${WORK}/run.mjs" "${WORK}/program.wasm")
  compare_with_host("WebAssembly")

elseif(WHAT STREQUAL "vcpkg")
  # The port as vcpkg reads it, with its functions in the place of vcpkg's.
  set(called "")
  macro(vcpkg_cmake_configure)
    cmake_parse_arguments(configure "" "SOURCE_PATH" "OPTIONS" ${ARGN})
    list(APPEND called configure)
  endmacro()
  macro(vcpkg_cmake_install)
    list(APPEND called install)
  endmacro()
  macro(vcpkg_cmake_config_fixup)
    cmake_parse_arguments(fixup "" "CONFIG_PATH" "" ${ARGN})
    list(APPEND called config)
  endmacro()
  macro(vcpkg_fixup_pkgconfig)
    list(APPEND called pkgconfig)
  endmacro()
  macro(vcpkg_install_copyright)
    cmake_parse_arguments(copyright "" "" "FILE_LIST" ${ARGN})
    list(APPEND called copyright)
  endmacro()
  set(CURRENT_PACKAGES_DIR "${WORK}/package")
  file(MAKE_DIRECTORY "${CURRENT_PACKAGES_DIR}/debug/include")
  set(recipe "${root}/packaging/vcpkg/tenon")
  include("${recipe}/portfile.cmake")
  file(READ "${recipe}/vcpkg.json" manifest)
  string(JSON name GET "${manifest}" name)
  string(JSON dependencies LENGTH "${manifest}" dependencies)
  if(NOT called STREQUAL "configure;install;config;pkgconfig;copyright" OR NOT name STREQUAL "tenon" OR dependencies LESS 10
      OR NOT configure_SOURCE_PATH STREQUAL root OR NOT EXISTS "${copyright_FILE_LIST}" OR EXISTS "${WORK}/package/debug/include"
      OR NOT fixup_CONFIG_PATH STREQUAL "lib/cmake/tenon")
    message(FATAL_ERROR "the port of vcpkg is not right: it calls ${called} with ${configure_SOURCE_PATH}, ${fixup_CONFIG_PATH}")
  endif()
  only_known_options(${configure_OPTIONS})

elseif(WHAT STREQUAL "conan")
  # The recipe runs with a module in the place of Conan's that writes down what it asks for, and copies.
  need(python3)
  run("the recipe" "${found_python3}" -B "${CMAKE_CURRENT_LIST_DIR}/conan_recipe.py" "${root}" "${WORK}")
  string(STRIP "${output}" options)
  only_known_options(${options})
  # What it gives Conan has all that CMake's files name.
  file(GLOB lists "${root}/CMakeLists.txt" "${root}/cmake/*.cmake")
  foreach(list IN LISTS lists)
    file(READ "${list}" text)
    string(REGEX MATCHALL "PROJECT_SOURCE_DIR}/[A-Za-z0-9_./-]+" files "${text}")
    foreach(file IN LISTS files)
      string(REPLACE "PROJECT_SOURCE_DIR}/" "" file "${file}")
      if(NOT EXISTS "${WORK}/sources/${file}" AND NOT file MATCHES "^scripts/")  # tenon-run, of the MPI that it leaves out
        message(FATAL_ERROR "the recipe of Conan does not export ${file}, which ${list} names")
      endif()
    endforeach()
  endforeach()

else()
  message(FATAL_ERROR "no package is called '${WHAT}'")
endif()
message("works")
