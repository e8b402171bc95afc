# The examples in the comments of layers, losses, ... mean something to the compiler. Run with -DPYTHON= -DROOT= -DWORK=
# (a folder to write to) -DCOMPILER= -DFLAGS=
file(MAKE_DIRECTORY "${WORK}")
execute_process(COMMAND "${PYTHON}" -B "${ROOT}/scripts/doc_examples.py" "${WORK}/examples.cpp"
  RESULT_VARIABLE status OUTPUT_VARIABLE messages ERROR_VARIABLE messages)
if(NOT status STREQUAL "0")
  message(FATAL_ERROR "${messages}")
endif()
execute_process(COMMAND "${COMPILER}" ${FLAGS} -fsyntax-only "${WORK}/examples.cpp"
  RESULT_VARIABLE status OUTPUT_VARIABLE errors ERROR_VARIABLE errors)
if(NOT status STREQUAL "0")
  message("${errors}")
  message(FATAL_ERROR "an example in a header's comment does not compile; its namespace in ${WORK}/examples.cpp says which")
endif()
message(STATUS "${messages}")
