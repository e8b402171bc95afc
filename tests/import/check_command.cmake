# The command `tenon` as somebody types it: exit codes, what it writes, and that nothing is written where it fails. Run as
#   cmake -DTENON=tenon -DNETWORKS=folder-of-make_networks -DWORK=folder -P check_command.cmake
cmake_minimum_required(VERSION 3.24)
file(REMOVE_RECURSE "${WORK}")
file(MAKE_DIRECTORY "${WORK}")

# run(CODE TEXT ARGUMENT...): the exit code and a regular expression that its output has to match
function(run code wanted)
  execute_process(COMMAND "${TENON}" ${ARGN} WORKING_DIRECTORY "${WORK}" RESULT_VARIABLE status OUTPUT_VARIABLE out ERROR_VARIABLE err)
  if(NOT status STREQUAL code OR NOT "${out}${err}" MATCHES "${wanted}")
    message(FATAL_ERROR "tenon ${ARGN}\nexpected exit code ${code} and ${wanted}\ngot exit code ${status} and\n${out}${err}")
  endif()
  if(code EQUAL 2)
    string(REGEX MATCHALL "\n" lines "${err}")
    list(LENGTH lines count)
    if(NOT count EQUAL 1 OR NOT out STREQUAL "")
      message(FATAL_ERROR "tenon ${ARGN}\nexpected one line on stderr, got\n${out}${err}")
    endif()
  endif()
endfunction()

file(MAKE_DIRECTORY "${WORK}/folder.onnx")
# Whatever stands where weights begin in theirs, a file .onnx is one.
file(WRITE "${WORK}/brace.onnx" "12345678{ is no network")
run(2 "tenon: .*brace.onnx: expected an ONNX model" info brace.onnx)
set(net "${NETWORKS}/residual/net.onnx")
run(0 "net.hpp: Seen, [0-9]+ parameters" import "${net}" --name Seen -o seen --no-check)
file(READ "${WORK}/seen/net.hpp" header)
if(NOT header MATCHES "using Seen = Sequential<" OR NOT header MATCHES "Repeat<3, ")
  message(FATAL_ERROR "seen/net.hpp is not what was expected:\n${header}")
endif()
run(0 "\"type\":\"Seen\"" import "${net}" --name Seen -o seen --no-check --json)
run(0 "Conv.*BatchNormalization|BatchNormalization.*Conv" summary "${net}")
run(0 "ONNX" info "${net}")
run(0 "^digraph" dot "${net}")
run(0 "" diff seen/net.safetensors "${NETWORKS}/residual/net.safetensors")
run(1 "" diff seen/net.safetensors "${NETWORKS}/images/net.safetensors")

run(2 "tenon: .*missing.onnx" import missing.onnx -o none)
run(2 "tenon: .*my-net.*no name for a type" import "${net}" --name my-net -o none)
run(2 "tenon: .*shape" import "${net}" --shape x=1x4x7x7 -o none)
run(2 "tenon: --set y: the network has no input of that name" import "${net}" --set y=1 -o none)
run(2 "tenon: --set .x=one.: expected a name and a number" import "${net}" --set x=one -o none)
run(2 "tenon: --set x: 2 numbers are given, the file says" summary "${net}" --set x=1,2)
run(2 "tenon: " unknown "${net}")
# A header and samples become a program that quantises; without a compiler's command it is only written.
set(ENV{TENON_CHECK} "")
file(WRITE "${WORK}/samples.csv" "1,2\n3,4\n")
run(0 "quantize.cpp writes int8/seen_int8.hpp" quantize seen/net.hpp --name Seen --data samples.csv -o int8/seen_int8.hpp)
run(0 "\"output\":null" quantize seen/net.hpp --name Seen --data samples.csv -o int8/seen_int8.hpp --json)
run(2 "tenon: missing.csv: there is no such file" quantize seen/net.hpp --data missing.csv -o none/net.hpp)
run(2 "tenon: missing.hpp: expected a header" quantize missing.hpp --data samples.csv -o none/net.hpp)
run(0 "export.cpp writes onnx/seen.onnx" export seen/net.hpp --name Seen -o onnx/seen.onnx)
run(2 "tenon: none.safetensors: there is no such file" export seen/net.hpp --weights none.safetensors -o none/net.onnx)
# Weights for a type that is there: only a compiler knows what they must be called.
set(golden "${CMAKE_CURRENT_LIST_DIR}/../golden")
file(WRITE "${WORK}/plain.hpp" "#include <tenon/layers/batch_norm.hpp>
#include <tenon/layers/dense.hpp>
#include <tenon/layers/input.hpp>
#include <tenon/net/named.hpp>
#include <tenon/net/sequential.hpp>
using Plain = tenon::Sequential<tenon::Input<2>, tenon::Dense<2>, tenon::BatchNorm1D<>>;
using Moved = tenon::Sequential<tenon::Input<2>, tenon::Named<\"fc\", tenon::Dense<2>>, tenon::Dense<1>>;
")
run(2 "tenon: plain.hpp: which parameters Plain has only a compiler knows: set TENON_CHECK" import "${golden}/nested.pth" --into plain.hpp --name Plain)
run(2 "tenon: .*weights alone.*--into" import "${golden}/nested.pth")
run(2 "tenon: .*need --into" import "${net}" --prefix model.)
if(COMPILE)
  set(ENV{TENON_CHECK} "${COMPILE} {source} -o {program}")
  run(0 "6 of 6 parameters loaded, 0 tensors left over" import "${golden}/nested.pth" --into plain.hpp --name Plain --prefix model.)
  run(1 "0 of 6 parameters loaded.*names: all would be loaded with --prefix model. .6 of 6" import "${golden}/nested.pth" --into plain.hpp --name Plain)
  run(1 "fc.weight +2 x 2 +missing.*1.weight +1 x 2 +2 +other shape.*2 x 2 +left over +model.0.weight.*--rename 0=fc .2 of 4, "
    import "${golden}/nested.pth" --into plain.hpp --name Moved --prefix model.)
  run(1 "\"fits\":false.*\"renames\":.{\"from\":\"0\",\"to\":\"fc\"}" import "${golden}/nested.pth" --into plain.hpp --name Moved --prefix model. --json)
  set(ENV{TENON_CHECK} "")
endif()
run(0 "half +5 +F16 +5 +10" summary "${golden}/weights.pth")
run(0 "pth, [0-9]+ bytes, 15 tensors" info "${golden}/weights.pth")
run(0 "" diff "${golden}/weights.pth" "${golden}/weights.pth")
run(1 "only in .*nested.pth" diff "${golden}/weights.pth" "${golden}/nested.pth")

run(2 "tenon: .*no name of a type" quantize seen/net.hpp --name a-b --data samples.csv -o none/net.hpp)
file(WRITE "${WORK}/text.onnx" "this is no network")
run(2 "tenon: .*text.onnx" info text.onnx)
run(2 "tenon: .*folder.onnx" info "${WORK}/folder.onnx")
if(EXISTS "${WORK}/none")
  message(FATAL_ERROR "a command that failed has written ${WORK}/none")
endif()

# Completion in bash knows every option that the command has.
file(READ "${CMAKE_CURRENT_LIST_DIR}/../../packaging/tenon.bash" completion)
foreach(subcommand import quantize export summary dot info diff)
  execute_process(COMMAND "${TENON}" ${subcommand} --help OUTPUT_VARIABLE help COMMAND_ERROR_IS_FATAL ANY)
  string(REGEX MATCH "[^\n]*${subcommand}[ |)][^\n]*options=[^\n]*" known "${completion}")
  string(REGEX MATCHALL "--[a-z][a-z-]+" options "${help}")
  foreach(option IN LISTS options)
    if(NOT known MATCHES "${option}[ ']")
      message(FATAL_ERROR "packaging/tenon.bash does not know ${option} of tenon ${subcommand}")
    endif()
  endforeach()
endforeach()
