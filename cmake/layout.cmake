# The folders and who may include whom: a folder links, and so may include,
# only what stands left of it.
#   include <- base <- mm <- bus <- cpu <- ke <- hal <- nt <- board <- debug
#   <- script, window, cli.   image: include, base.   devices, net: include
#   alone.
find_package(ZLIB REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(LIBELF REQUIRED IMPORTED_TARGET libelf)
pkg_check_modules(LIBDW REQUIRED IMPORTED_TARGET libdw)
find_library(HB_ZYDIS Zydis REQUIRED) # they have no .pc in Debian
find_library(HB_ZYCORE Zycore REQUIRED)
pkg_check_modules(LUA REQUIRED IMPORTED_TARGET lua5.4)
find_library(HB_SLIRP slirp REQUIRED) # its .pc wants GLib's headers, we do not
pkg_check_modules(JANSSON REQUIRED IMPORTED_TARGET jansson)

hb_folder(base src/base)
hb_folder(image src/image hb_base ZLIB::ZLIB PkgConfig::LIBELF)
hb_folder(devices devices)
hb_folder(mm mm hb_base)
hb_folder(media src/media hb_base ZLIB::ZLIB)
hb_folder(bus src/bus hb_mm hb_media)
# What models and cards call is the bus's; they include none of it.
target_link_libraries(hb_devices INTERFACE $<LINK_ONLY:hb_bus>)
hb_folder(cpu src/cpu hb_bus)
hb_folder(ke src/ke hb_cpu)
hb_folder(hal hal hb_ke)
hb_folder(mm_exports mm/exports hb_ke)
hb_folder(hal_exports hal/exports hb_hal)
hb_folder(nt src/nt hb_hal hb_image)
hb_user_modules(nt) # what programs import is compiled in
# Lua that is the same in every run, and cards from files.
hb_folder(lua src/lua hb_base PkgConfig::LUA)
hb_embed(lua "${CMAKE_SOURCE_DIR}/src/lua/prelude.lua")
hb_folder(card src/card hb_lua ${CMAKE_DL_LIBS})
target_link_libraries(hb_card INTERFACE $<LINK_ONLY:hb_bus>)
hb_folder(board src/board hb_nt hb_devices hb_card hb_mm_exports hb_hal_exports)
# The option ROM by which a BIOS boots a kernel is compiled in.
find_program(HB_HOST_GCC gcc REQUIRED)
set(rom "${CMAKE_BINARY_DIR}/halboot.bin")
add_custom_command(OUTPUT "${rom}"
  COMMAND ${HB_HOST_GCC} -m32 -nostdlib -static -no-pie -Wl,--build-id=none
          -Wl,-Ttext,0 -Wl,--oformat,binary
          "${CMAKE_SOURCE_DIR}/src/board/halboot.S" -o "${rom}"
  DEPENDS "${CMAKE_SOURCE_DIR}/src/board/halboot.S" VERBATIM)
hb_embed(board "${rom}")
hb_folder(debug src/debug hb_board ${HB_ZYDIS} ${HB_ZYCORE} PkgConfig::LIBDW
          PkgConfig::LIBELF PkgConfig::JANSSON)
hb_folder(script src/script hb_debug hb_lua PkgConfig::JANSSON)

# The Lua side of scenarios is compiled in.
file(GLOB HB_PRELUDE CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/src/script/prelude/*.lua")
list(SORT HB_PRELUDE)
list(PREPEND HB_PRELUDE "${CMAKE_SOURCE_DIR}/src/lua/prelude.lua") # one chunk
hb_embed(script ${HB_PRELUDE})

# What the screen shows: a picture in a file, and with SDL2 a window.
pkg_check_modules(PNG REQUIRED IMPORTED_TARGET libpng)
pkg_check_modules(SDL2 IMPORTED_TARGET sdl2)
if(SDL2_FOUND)
  hb_folder(window src/window PkgConfig::SDL2) # a client of include/ alone
  target_compile_definitions(hb_window PUBLIC HALBOX_SDL)
else()
  add_library(hb_window INTERFACE)
endif()

# The three address spaces as a picture, a client of include/ alone; with SDL2
# and Dear ImGui the debugger's panels, the one folder in C++.
hb_folder(picture src/picture)
target_link_libraries(hb_picture INTERFACE $<LINK_ONLY:hb_board>)
pkg_check_modules(IMGUI IMPORTED_TARGET imgui)
find_file(HB_FONT DejaVuSansMono.ttf NO_DEFAULT_PATH
          PATHS /usr/share/fonts/truetype/dejavu /usr/share/fonts/dejavu
                /usr/share/fonts/TTF)
set(HB_PANELS OFF)
if(HALBOX_PANELS AND SDL2_FOUND AND IMGUI_FOUND AND HB_FONT)
  set(HB_PANELS ON)
  enable_language(CXX)
  set(CMAKE_CXX_VISIBILITY_PRESET hidden)
  hb_folder(panels src/panels hb_picture PkgConfig::SDL2 PkgConfig::IMGUI)
  target_link_libraries(hb_panels INTERFACE $<LINK_ONLY:hb_debug>)
  target_compile_features(hb_panels PUBLIC cxx_std_17)
  # Nothing may unwind through the C that calls it.
  target_compile_options(hb_panels PRIVATE $<$<COMPILE_LANGUAGE:CXX>:-fno-exceptions>)
  target_compile_definitions(hb_panels PUBLIC HALBOX_PANELS
                             PRIVATE HALBOX_FONT="${HB_FONT}")
else()
  add_library(hb_panels INTERFACE)
endif()

hb_folder(net src/net ${HB_SLIRP}) # a client of include/ alone
pkg_check_modules(EDIT REQUIRED IMPORTED_TARGET libedit) # lines on a terminal
hb_folder(cli src/cli hb_script hb_net hb_window hb_picture hb_panels
          PkgConfig::PNG PkgConfig::EDIT)
# What list exports tells of each: made from the sources' headers and the tests.
file(GLOB_RECURSE noted CONFIGURE_DEPENDS
     "${CMAKE_SOURCE_DIR}/src/*.def" "${CMAKE_SOURCE_DIR}/hal/*.def"
     "${CMAKE_SOURCE_DIR}/mm/*.def" "${CMAKE_SOURCE_DIR}/src/nt/*.c"
     "${CMAKE_SOURCE_DIR}/src/ke/*.c" "${CMAKE_SOURCE_DIR}/hal/*.c"
     "${CMAKE_SOURCE_DIR}/mm/*.c" "${CMAKE_SOURCE_DIR}/tests/*_test.c"
     "${CMAKE_SOURCE_DIR}/images/*.c")
set(notes "${CMAKE_BINARY_DIR}/export_notes.c")
add_custom_command(OUTPUT "${notes}"
  COMMAND sh -c "\"$1\" >\"$2.new\" && { cmp -s \"$2.new\" \"$2\" || mv \"$2.new\" \"$2\"; }"
          sh "${CMAKE_SOURCE_DIR}/src/cli/export_notes" "${notes}"
  DEPENDS ${noted} "${CMAKE_SOURCE_DIR}/src/cli/export_notes" VERBATIM)
target_sources(hb_cli PRIVATE "${notes}")
add_executable(halbox_command src/cli/main/halbox.c)
set_target_properties(halbox_command PROPERTIES OUTPUT_NAME halbox
  ENABLE_EXPORTS ON # cards from shared objects call halbox/device.h
  LINK_LIBRARY_OVERRIDE "WHOLE_ARCHIVE,hb_bus")
target_link_libraries(halbox_command PRIVATE hb_cli)
