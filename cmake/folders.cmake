# One target per folder. A folder's headers are reached as "folder/name.h"
# through a directory of its own that holds nothing but that folder: who does
# not link the target cannot include its headers.
add_library(hb_options INTERFACE)
target_compile_definitions(hb_options INTERFACE _GNU_SOURCE)
target_compile_options(hb_options INTERFACE -Wall -Wextra -Wshadow -Wconversion
                       -Wno-sign-conversion -Werror -fno-strict-aliasing)
if(HALBOX_SANITIZE)
  target_compile_options(hb_options INTERFACE -fsanitize=address,undefined
                         -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(hb_options INTERFACE -fsanitize=address,undefined)
endif()
# What tests/fuzz see of all: which lines run. Of those who read what others
# made also what is compared with it; everywhere that costs half of the speed.
set(HB_READERS image media devices debug)
if(HALBOX_FUZZ)
  target_compile_options(hb_options INTERFACE
                         -fsanitize-coverage=inline-8bit-counters,pc-table)
endif()
if(HALBOX_COVERAGE)
  target_compile_options(hb_options INTERFACE --coverage)
  target_link_options(hb_options INTERFACE --coverage)
endif()

add_library(hb_include INTERFACE)
target_include_directories(hb_include INTERFACE
                           $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}/include>)
target_link_libraries(hb_include INTERFACE hb_options)

# hb_folder(NAME PATH TARGETS-AND-LIBRARIES...): target hb_NAME of the sources
# in PATH, which may include only itself and what it links.
function(hb_folder name path)
  file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/${path}/*.c"
       "${CMAKE_SOURCE_DIR}/${path}/*.cpp")
  if(NOT sources)
    add_library(hb_${name} INTERFACE)
    set(scope INTERFACE)
  else()
    add_library(hb_${name} STATIC ${sources})
    set(scope PUBLIC)
    set_property(GLOBAL APPEND PROPERTY HALBOX_OBJECTS_${name} hb_${name})
  endif()
  if(HALBOX_FUZZ AND name IN_LIST HB_READERS)
    target_compile_options(hb_${name} PRIVATE -fsanitize-coverage=trace-cmp)
  endif()
  set(root "${CMAKE_BINARY_DIR}/include_roots/${name}")
  string(REGEX REPLACE "^src/" "" prefix "${path}")
  get_filename_component(parent "${root}/${prefix}" DIRECTORY)
  file(MAKE_DIRECTORY "${parent}")
  file(CREATE_LINK "${CMAKE_SOURCE_DIR}/${path}" "${root}/${prefix}" SYMBOLIC)
  target_include_directories(hb_${name} ${scope} "${root}")
  target_link_libraries(hb_${name} ${scope} hb_include ${ARGN})
endfunction()

# hb_embed(FOLDER FILES...): the files, one after the other, compiled into the
# folder's target as FOLDER_prelude.
function(hb_embed folder)
  set(out "${CMAKE_BINARY_DIR}/${folder}_prelude.c")
  add_custom_command(OUTPUT "${out}"
    COMMAND ${CMAKE_COMMAND} "-DIN=${ARGN}" -DNAME=${folder}_prelude
            "-DOUT=${out}" -P "${CMAKE_SOURCE_DIR}/cmake/embed.cmake"
    DEPENDS ${ARGN} "${CMAKE_SOURCE_DIR}/cmake/embed.cmake" VERBATIM)
  target_sources(hb_${folder} PRIVATE "${out}")
endfunction()
