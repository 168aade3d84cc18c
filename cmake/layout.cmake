# The folders and who may include whom: a folder links, and so may include,
# only what stands left of it.
#   include <- base <- mm <- bus <- cpu <- ke <- hal <- nt <- board <- debug
#   <- script, window, cli.   image: include, base.   devices: include alone.
find_package(ZLIB REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(LIBELF REQUIRED IMPORTED_TARGET libelf)
pkg_check_modules(LUA REQUIRED IMPORTED_TARGET lua5.4)
pkg_check_modules(JANSSON REQUIRED IMPORTED_TARGET jansson)

hb_folder(base src/base)
hb_folder(image src/image hb_base ZLIB::ZLIB PkgConfig::LIBELF)
hb_folder(devices devices)
hb_folder(mm mm hb_base)
hb_folder(bus src/bus hb_mm)
hb_folder(cpu src/cpu hb_bus)
hb_folder(ke src/ke hb_cpu)
hb_folder(hal hal hb_ke)
hb_folder(mm_exports mm/exports hb_ke)
hb_folder(hal_exports hal/exports hb_hal)
hb_folder(nt src/nt hb_hal hb_image)
hb_folder(board src/board hb_nt hb_devices hb_mm_exports hb_hal_exports)
hb_folder(debug src/debug hb_board)
hb_folder(script src/script hb_debug PkgConfig::LUA PkgConfig::JANSSON)
