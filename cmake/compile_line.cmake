# How a program is compiled with this build, and with what it installs: tenon.flags, by which the command `tenon`
# compiles the checks that it writes. A word of the command line is a line; {bin} is the folder of the command,
# {compiler} any that is found, {source} and {program} it says itself.
include(GNUInstallDirs)
file(RELATIVE_PATH prefix_from_bin "/${CMAKE_INSTALL_BINDIR}" "/")
get_filename_component(openblas_folder "${TENON_OPENBLAS_LIBRARY}" DIRECTORY)

# The folders of a target's headers as options. That of the system has to stay where the compiler looks last.
function(tenon_include_options target result)
  set(folders "$<FILTER:$<REMOVE_DUPLICATES:$<TARGET_PROPERTY:${target},INTERFACE_INCLUDE_DIRECTORIES>>,EXCLUDE,^/usr/include$>")
  set(${result} "$<$<BOOL:${folders}>:-I$<JOIN:${folders},$<SEMICOLON>-I>>" PARENT_SCOPE)
endfunction()

set(options -std=c++20 -O1 -w ${tenon_loop_flags} "$<$<BOOL:${TENON_ARCH}>:-march=${TENON_ARCH}>")
if(TENON_SANITIZE)
  string(REPLACE "," "$<COMMA>" sanitizers "${TENON_SANITIZE}")  # a comma separates in the expressions below
  list(APPEND options "-fsanitize=${sanitizers}")
endif()
set(libraries "")
foreach(folder IN ITEMS "${openblas_folder}" "$<TARGET_FILE_DIR:fmt::fmt>")
  list(APPEND libraries "-L${folder}" "-Wl$<COMMA>-rpath$<COMMA>${folder}")
endforeach()
separate_arguments(pictures UNIX_COMMAND "${TENON_PC_PICTURES}")
list(APPEND libraries -lopenblas -lfmt ${pictures} -lz -pthread)

function(tenon_write_flags file compiler include_options archive)
  set(words "${compiler}" ${options} ${include_options} "{source}" -o "{program}" "${archive}" ${libraries})
  file(GENERATE OUTPUT "${file}" CONTENT "$<JOIN:$<FILTER:${words},INCLUDE,.>,\n>\n")
endfunction()

tenon_include_options(tenon build_includes)
tenon_write_flags("$<TARGET_FILE_DIR:tenon_command>/tenon.flags" "${CMAKE_CXX_COMPILER}" "${build_includes}"
  "$<TARGET_FILE:tenon>")
tenon_include_options(tenon::blas installed_includes)
set(installed_flags "${CMAKE_CURRENT_BINARY_DIR}/installed/$<CONFIG>/tenon.flags")
tenon_write_flags("${installed_flags}" "{compiler}"
  "-I{bin}/${prefix_from_bin}${CMAKE_INSTALL_INCLUDEDIR};${installed_includes}"
  "{bin}/${prefix_from_bin}${CMAKE_INSTALL_LIBDIR}/$<TARGET_FILE_NAME:tenon>")
target_compile_definitions(tenon_command PRIVATE
  "TENON_FLAGS_FROM_BIN=\"${prefix_from_bin}${CMAKE_INSTALL_DATADIR}/tenon/tenon.flags\"")
if(TENON_INSTALL)
  install(FILES "${installed_flags}" DESTINATION "${CMAKE_INSTALL_DATADIR}/tenon" COMPONENT tool)
endif()
