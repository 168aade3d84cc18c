# The user-mode modules of programs, guest code in user/: ntdll, kernel32 and
# msvcrt are PE images made by mingw from one table of exports each.
find_program(HB_MINGW_GCC i686-w64-mingw32-gcc REQUIRED)
find_program(HB_MINGW_DLLTOOL i686-w64-mingw32-dlltool REQUIRED)
set(HB_USER_COMPILE -std=gnu11 -O2 -march=i486 -ffreestanding -fno-builtin
    -fno-asynchronous-unwind-tables -mno-stack-arg-probe -mno-sse
    -fno-tree-loop-distribute-patterns -Wall -Wextra -Werror -Wno-attributes
    -Wno-cast-function-type "-I${CMAKE_SOURCE_DIR}/user"
    "-I${CMAKE_SOURCE_DIR}/src")
set(HB_USER_LINK -shared -nostdlib -s -Wl,--no-insert-timestamp
    -Wl,--dynamicbase -Wl,--exclude-all-symbols -Wl,--disable-auto-import
    -Wl,--enable-stdcall-fixup -Wl,--entry,_DllMain@12)

# hb_user_module(NAME BASE DEFINE LIBRARIES...): NAME.dll of user/NAME as the C
# array NAME_image.
function(hb_user_module name base define)
  file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/user/${name}/*.[cS]")
  file(GLOB headers CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/user/*.h"
       "${CMAKE_SOURCE_DIR}/user/*/*.h")
  set(out "${CMAKE_BINARY_DIR}/user")
  file(MAKE_DIRECTORY "${out}")
  set(table "${CMAKE_SOURCE_DIR}/user/exports_${name}.def")
  set(services "${CMAKE_SOURCE_DIR}/src/nt/services.def")
  set(preprocess ${HB_MINGW_GCC} -E -P -x c -D "HB_${name}"
      "-I${CMAKE_SOURCE_DIR}/user" "-I${CMAKE_SOURCE_DIR}/src")
  add_custom_command(OUTPUT "${out}/${name}.def" "${out}/lib${name}.a"
    COMMAND ${preprocess} -include export.h "${table}" -o "${out}/${name}.def"
    COMMAND ${preprocess} -DHB_LIBRARY -include export.h "${table}"
            -o "${out}/lib${name}.def"
    COMMAND ${HB_MINGW_DLLTOOL} --kill-at --dllname ${name}.dll
            --input-def "${out}/lib${name}.def" --output-lib "${out}/lib${name}.a"
    DEPENDS "${table}" "${services}" ${headers} VERBATIM)
  list(TRANSFORM ARGN PREPEND "${out}/lib" OUTPUT_VARIABLE libraries)
  list(TRANSFORM libraries APPEND ".a")
  add_custom_command(OUTPUT "${out}/${name}.dll"
    COMMAND ${HB_MINGW_GCC} ${HB_USER_COMPILE} ${HB_USER_LINK}
            "-D${define}" "-Wl,--image-base,${base}" ${sources}
            "${out}/${name}.def" -o "${out}/${name}.dll" ${libraries} -lgcc
    DEPENDS ${sources} ${headers} "${out}/${name}.def" "${services}"
            ${libraries} VERBATIM)
  add_custom_command(OUTPUT "${out}/${name}.c"
    COMMAND ${CMAKE_COMMAND} "-DIN=${out}/${name}.dll" -DNAME=${name}_image
            "-DOUT=${out}/${name}.c" -P "${CMAKE_SOURCE_DIR}/cmake/embed.cmake"
    DEPENDS "${out}/${name}.dll" "${CMAKE_SOURCE_DIR}/cmake/embed.cmake" VERBATIM)
endfunction()
hb_user_module(ntdll 0x7c900000 _NTSYSTEM_)
hb_user_module(kernel32 0x7c800000 _KERNEL32_ ntdll)
hb_user_module(msvcrt 0x77c10000 _MSVCRT_ kernel32)

function(hb_user_modules folder)
  foreach(name ntdll kernel32 msvcrt)
    target_sources(hb_${folder} PRIVATE "${CMAKE_BINARY_DIR}/user/${name}.c")
  endforeach()
endfunction()
