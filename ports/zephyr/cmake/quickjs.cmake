# The library `quickjs` for Zephyr, and ISERE_QUICKJS, the folder of its
# patched sources. They come from QUICKJS_DIR (as they are), from the west
# project modules/lib/quickjs, or through scripts/get-quickjs.
set(QUICKJS_DIR "$ENV{QUICKJS_DIR}" CACHE PATH "QuickJS sources to use as is")
get_filename_component(workspace ${ZEPHYR_BASE} DIRECTORY)
set(west_project ${workspace}/modules/lib/quickjs)

if(QUICKJS_DIR)
    set(ISERE_QUICKJS ${QUICKJS_DIR})
else()
    set(fetch_dir ${ISERE_ROOT}/build)
    set(from)
    if(EXISTS ${west_project}/quickjs.c)
        set(fetch_dir ${CMAKE_BINARY_DIR}/isere)
        set(from ${west_project})
    endif()
    execute_process(
        COMMAND ${ISERE_ROOT}/scripts/get-quickjs ${fetch_dir} ${from}
        RESULT_VARIABLE failed)
    if(failed)
        message(FATAL_ERROR "QuickJS could not be had, see above")
    endif()
    set(ISERE_QUICKJS ${fetch_dir}/quickjs)
    file(GLOB patches CONFIGURE_DEPENDS ${ISERE_ROOT}/third_party/quickjs/patches/*)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${patches})
endif()

set(ISERE_QUICKJS ${ISERE_QUICKJS} CACHE INTERNAL "QuickJS, patched")

file(STRINGS ${ISERE_ROOT}/third_party/quickjs/pin pin REGEX "^version=")
string(REPLACE "version=" "" QUICKJS_VERSION "${pin}")

zephyr_library_named(quickjs)
zephyr_library_sources(
    ${ISERE_QUICKJS}/quickjs.c ${ISERE_QUICKJS}/libregexp.c
    ${ISERE_QUICKJS}/libunicode.c ${ISERE_QUICKJS}/cutils.c
    ${ISERE_QUICKJS}/dtoa.c)
zephyr_library_include_directories(${ISERE_QUICKJS})
zephyr_library_compile_definitions(_GNU_SOURCE CONFIG_VERSION="${QUICKJS_VERSION}")
# -fwrapv as in its own Makefile: the engine relies on signed overflow. Its
# warnings are its authors' business.
zephyr_library_compile_options(-O2 -w -fwrapv -funsigned-char)
