# Builds and runs this project as a user would. WAY is find_package, against what the Debian package of the build tree
# TENON_BINARY installs (or, where there is no dpkg-deb, against a fresh install), or fetch_content, with the sources in
# TENON_SOURCE.
cmake_minimum_required(VERSION 3.24)

function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE status OUTPUT_VARIABLE messages ERROR_VARIABLE messages)
  if(NOT status STREQUAL "0")
    list(JOIN ARGN " " command)
    message("${command}\n${messages}")
    message(FATAL_ERROR "the command ended with ${status}")
  endif()
endfunction()

file(REMOVE_RECURSE "${WORK}")
if(WAY STREQUAL "find_package")
  get_filename_component(cmake_folder "${CMAKE_COMMAND}" DIRECTORY)
  find_program(CPACK cpack HINTS "${cmake_folder}")
  find_program(DPKG_DEB dpkg-deb)
  if(CPACK AND DPKG_DEB AND EXISTS "${TENON_BINARY}/CPackConfig.cmake")
    run("${CPACK}" -G DEB -C ${CONFIG} --config "${TENON_BINARY}/CPackConfig.cmake" -B "${WORK}/package"
      -D CPACK_DEBIAN_COMPRESSION_TYPE=gzip)
    file(GLOB package "${WORK}/package/libtenon-dev_*.deb")
    run("${DPKG_DEB}" -x "${package}" "${WORK}/root")
    file(RENAME "${WORK}/root/usr" "${WORK}/prefix")  # a tree may be moved
    if(NOT EXISTS "${WORK}/prefix/share/doc/libtenon-dev/copyright")
      message(FATAL_ERROR "the package has no licence")
    endif()
    file(REMOVE_RECURSE "${WORK}/package")
  else()
    run("${CMAKE_COMMAND}" --install "${TENON_BINARY}" --config ${CONFIG} --prefix "${WORK}/prefix")
  endif()
  set(where "-DCMAKE_PREFIX_PATH=${WORK}/prefix")
  # The command finds what it compiles its check with beside itself, and a compiler by itself.
  if(EXISTS "${WORK}/prefix/bin/tenon")
    set(ENV{CXX} "${COMPILER}")
    execute_process(COMMAND "${WORK}/prefix/bin/tenon" import "${CMAKE_CURRENT_LIST_DIR}/../fuzz/corpus/onnx/good_relu.onnx"
      -o "${WORK}/imported" RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
    if(NOT status STREQUAL "0" OR NOT output MATCHES "\nchecked: the outputs differ from the file's by at most ")
      message(FATAL_ERROR "tenon import of the install was expected to check the type, got exit code ${status} and\n${output}")
    endif()
  endif()
else()
  set(where "-DTENON_SOURCE=${TENON_SOURCE}")
endif()
# The whole library is compiled for one of them, which need not be fast.
set(type Release)
if(WAY STREQUAL "fetch_content")
  set(type None)
endif()
run("${CMAKE_COMMAND}" -S "${CMAKE_CURRENT_LIST_DIR}" -B "${WORK}/build" -G "${GENERATOR}"
  "-DCMAKE_CXX_COMPILER=${COMPILER}" "-DCMAKE_BUILD_TYPE=${type}" "${where}")
run("${CMAKE_COMMAND}" --build "${WORK}/build")
run("${WORK}/build/consumer")
run("${WORK}/build/core_consumer")
if(EXISTS "${WORK}/build/mpi_consumer")
  run("${WORK}/build/mpi_consumer" 1)
  find_program(MPIRUN mpirun)
  if(MPIRUN)
    # Open MPI refuses root otherwise, which is who runs in a container.
    run("${CMAKE_COMMAND}" -E env OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
      "${MPIRUN}" --oversubscribe -n 2 "${WORK}/build/mpi_consumer" 2)
  endif()
endif()

# The same program without CMake, by what pkg-config says of the installed tree.
find_program(PKG_CONFIG pkg-config)
if(WAY STREQUAL "find_package" AND PKG_CONFIG)
  file(GLOB_RECURSE pc "${WORK}/prefix/*/tenon.pc")
  get_filename_component(pc_folder "${pc}" DIRECTORY)
  execute_process(COMMAND "${CMAKE_COMMAND}" -E env "PKG_CONFIG_PATH=${pc_folder}" "${PKG_CONFIG}" --cflags --libs tenon
    RESULT_VARIABLE status OUTPUT_VARIABLE flags ERROR_VARIABLE messages)
  if(NOT status STREQUAL "0")
    message(FATAL_ERROR "pkg-config does not find tenon in ${pc_folder}: ${messages}")
  endif()
  separate_arguments(flags UNIX_COMMAND "${flags}")
  if(COMPILER MATCHES "clang")
    list(PREPEND flags -fno-relaxed-template-template-args)  # as cmake/flags.cmake says why
  endif()
  run("${COMPILER}" -std=c++20 "${CMAKE_CURRENT_LIST_DIR}/main.cpp" -o "${WORK}/by_pkg_config" ${flags})
  run("${WORK}/by_pkg_config")

  # The installed library serves programs of the other compiler too.
  if(COMPILER MATCHES "clang")
    find_program(OTHER NAMES g++-12 g++)
    list(REMOVE_ITEM flags -fno-relaxed-template-template-args)
  else()
    find_program(OTHER NAMES clang++-19 clang++)
  endif()
  if(OTHER)
    run("${OTHER}" -std=c++20 "${CMAKE_CURRENT_LIST_DIR}/other_compiler.cpp" -o "${WORK}/by_another" ${flags})
    run("${WORK}/by_another")
  endif()
endif()
