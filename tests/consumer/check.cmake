# Builds and runs this project as a user would. WAY is find_package, against a fresh install of the
# build tree TENON_BINARY, or fetch_content, with the sources in TENON_SOURCE.
cmake_minimum_required(VERSION 3.24)

function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE status OUTPUT_VARIABLE said ERROR_VARIABLE said)
  if(NOT status STREQUAL "0")
    list(JOIN ARGN " " command)
    message("${command}\n${said}")
    message(FATAL_ERROR "the command ended with ${status}")
  endif()
endfunction()

file(REMOVE_RECURSE "${WORK}")
if(WAY STREQUAL "find_package")
  run("${CMAKE_COMMAND}" --install "${TENON_BINARY}" --config ${CONFIG} --prefix "${WORK}/prefix")
  set(where "-DCMAKE_PREFIX_PATH=${WORK}/prefix")
else()
  set(where "-DTENON_SOURCE=${TENON_SOURCE}")
endif()
run("${CMAKE_COMMAND}" -S "${CMAKE_CURRENT_LIST_DIR}" -B "${WORK}/build" -G "${GENERATOR}"
  "-DCMAKE_CXX_COMPILER=${COMPILER}" -DCMAKE_BUILD_TYPE=Release "${where}")
run("${CMAKE_COMMAND}" --build "${WORK}/build")
run("${WORK}/build/consumer")
run("${WORK}/build/core_consumer")
