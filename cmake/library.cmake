# libhalbox: one shared library of all folders that shows only what include/
# declares HB_API, and what another project needs to find it.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

file(WRITE "${CMAKE_BINARY_DIR}/library.c" "")
add_library(halbox SHARED "${CMAKE_BINARY_DIR}/library.c")
target_link_libraries(halbox PRIVATE hb_debug)
# The public functions are in these; of the others, what they need.
set_target_properties(halbox PROPERTIES
                      LINK_LIBRARY_OVERRIDE "WHOLE_ARCHIVE,hb_base,hb_bus,hb_board,hb_debug"
                      VERSION ${PROJECT_VERSION}
                      SOVERSION ${PROJECT_VERSION_MAJOR})
if(NOT HALBOX_SANITIZE AND NOT HALBOX_COVERAGE)
  target_link_options(halbox PRIVATE -Wl,-z,defs)
endif()
target_include_directories(halbox INTERFACE
  $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}/include>
  $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)

install(TARGETS halbox_command RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
install(TARGETS halbox EXPORT halbox-targets
        LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}")
install(DIRECTORY include/halbox DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}"
        FILES_MATCHING PATTERN "*.h" PATTERN "*.def")
install(EXPORT halbox-targets NAMESPACE halbox::
        DESTINATION "${CMAKE_INSTALL_LIBDIR}/cmake/halbox")
file(WRITE "${CMAKE_BINARY_DIR}/halbox-config.cmake"
     "include(\"\${CMAKE_CURRENT_LIST_DIR}/halbox-targets.cmake\")\n")
write_basic_package_version_file("${CMAKE_BINARY_DIR}/halbox-config-version.cmake"
                                 COMPATIBILITY SameMinorVersion)
install(FILES "${CMAKE_BINARY_DIR}/halbox-config.cmake"
        "${CMAKE_BINARY_DIR}/halbox-config-version.cmake"
        DESTINATION "${CMAKE_INSTALL_LIBDIR}/cmake/halbox")

# The prefix is found from where the file lies: the tree may be moved.
file(RELATIVE_PATH HALBOX_PC_PREFIX "/x/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/x")
configure_file(cmake/halbox.pc.in "${CMAKE_BINARY_DIR}/halbox.pc" @ONLY)
install(FILES "${CMAKE_BINARY_DIR}/halbox.pc"
        DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
