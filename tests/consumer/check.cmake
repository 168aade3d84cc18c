# Installs libhalbox to an empty place, builds tests/consumer against it and
# runs it. cmake -DBUILD= -DSOURCE= -DWORK= -DDRIVER= -P check.cmake
file(REMOVE_RECURSE "${WORK}")
set(environment ${CMAKE_COMMAND} -E env
    "PKG_CONFIG_PATH=${WORK}/prefix/lib/pkgconfig"
    "LD_LIBRARY_PATH=${WORK}/prefix/lib")

function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE status
                  OUTPUT_VARIABLE out ERROR_VARIABLE out)
  if(status)
    message(FATAL_ERROR "${ARGN}\n${out}")
  endif()
endfunction()

run(${CMAKE_COMMAND} --install "${BUILD}" --prefix "${WORK}/prefix")
run(${environment} ${CMAKE_COMMAND} -S "${SOURCE}" -B "${WORK}/build"
    -DCMAKE_C_COMPILER=${COMPILER} "-DCMAKE_PREFIX_PATH=${WORK}/prefix"
    "-DDRIVER=${DRIVER}")
run(${CMAKE_COMMAND} --build "${WORK}/build")
run(${environment} ${CMAKE_CTEST_COMMAND} --test-dir "${WORK}/build"
    --output-on-failure)
