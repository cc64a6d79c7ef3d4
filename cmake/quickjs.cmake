# The target `quickjs`: the engine as a static library.
#
# Sources come from QUICKJS_DIR (as they are) or from scripts/get-quickjs, which
# runs here when they are missing or a patch changed.

set(QUICKJS_DIR "$ENV{QUICKJS_DIR}" CACHE PATH "QuickJS sources to use as is")
set(ISERE_FETCH_DIR "${CMAKE_SOURCE_DIR}/build" CACHE PATH
    "Where scripts/get-quickjs keeps what it fetched")

file(STRINGS third_party/quickjs/pin pin_version REGEX "^version=")
string(REPLACE "version=" "" QUICKJS_VERSION "${pin_version}")

if(QUICKJS_DIR)
    set(quickjs_sources ${QUICKJS_DIR})
    if(NOT EXISTS ${QUICKJS_DIR}/quickjs.h)
        message(FATAL_ERROR "QUICKJS_DIR=${QUICKJS_DIR} has no quickjs.h")
    endif()
    if(EXISTS ${QUICKJS_DIR}/VERSION)
        file(STRINGS ${QUICKJS_DIR}/VERSION QUICKJS_VERSION LIMIT_COUNT 1)
    endif()
else()
    execute_process(
        COMMAND ${CMAKE_SOURCE_DIR}/scripts/get-quickjs ${ISERE_FETCH_DIR}
        RESULT_VARIABLE get_quickjs_failed)
    if(get_quickjs_failed)
        message(FATAL_ERROR "QuickJS could not be had, see above")
    endif()
    set(quickjs_sources ${ISERE_FETCH_DIR}/quickjs)
    file(GLOB quickjs_patches CONFIGURE_DEPENDS third_party/quickjs/patches/*)
    set_property(
        DIRECTORY APPEND
        PROPERTY CMAKE_CONFIGURE_DEPENDS third_party/quickjs/pin
                 ${quickjs_patches})
endif()

add_library(
    quickjs STATIC
    ${quickjs_sources}/quickjs.c ${quickjs_sources}/libregexp.c
    ${quickjs_sources}/libunicode.c ${quickjs_sources}/cutils.c
    ${quickjs_sources}/dtoa.c)
target_include_directories(quickjs SYSTEM PUBLIC ${quickjs_sources})
target_compile_definitions(
    quickjs PRIVATE _GNU_SOURCE CONFIG_VERSION="${QUICKJS_VERSION}")
set_target_properties(quickjs PROPERTIES C_EXTENSIONS ON)
# -fwrapv as in its own Makefile: the engine relies on signed overflow. It also
# takes int and int32_t for one type, which they are not on Arm. Its warnings
# are its authors' business.
target_compile_options(quickjs PRIVATE -w -fwrapv -fno-strict-aliasing
                                       -funsigned-char)
if(ISERE_RELEASE)
    target_compile_options(
        quickjs PRIVATE -ffile-prefix-map=${quickjs_sources}/=quickjs/)
endif()
if(ISERE_SANITIZE)
    # It computes with overflow, misaligned and null pointers of length 0 on
    # purpose; tests/fuzz/handlers/README.md says what is checked besides its
    # accesses, and why the rest isn't.
    target_compile_options(quickjs PRIVATE -fno-sanitize=undefined)
    if(ISERE_FUZZ)
        target_compile_options(
            quickjs PRIVATE -fsanitize=bounds,null,return,unreachable,vla-bound,shift-exponent,float-cast-overflow,integer-divide-by-zero,object-size,bool,enum,builtin
                            -fno-sanitize-recover=all)
    endif()
endif()
target_link_libraries(quickjs PUBLIC m)
