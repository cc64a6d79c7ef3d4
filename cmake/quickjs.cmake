# QuickJS: ISERE_QUICKJS, the folder of its patched sources, and
# isere_quickjs(TARGET), which compiles them into a library. For the host and for
# devices.
#
# The sources come from QUICKJS_DIR (as they are) or from scripts/get-quickjs,
# which runs here when they are missing or a patch changed. It takes them from
# ISERE_FETCH_FROM, if that is set, instead of the net.

set(QUICKJS_DIR "$ENV{QUICKJS_DIR}" CACHE PATH "QuickJS sources to use as is")
set(ISERE_FETCH_DIR "${ISERE_ROOT}/build" CACHE PATH
    "Where scripts/get-quickjs keeps what it fetched")

file(STRINGS ${ISERE_ROOT}/third_party/quickjs/pin pin REGEX "^version=")
string(REPLACE "version=" "" QUICKJS_VERSION "${pin}")

if(QUICKJS_DIR)
    set(quickjs ${QUICKJS_DIR})
    if(NOT EXISTS ${QUICKJS_DIR}/quickjs.h)
        message(FATAL_ERROR "QUICKJS_DIR=${QUICKJS_DIR} has no quickjs.h")
    endif()
    if(EXISTS ${QUICKJS_DIR}/VERSION)
        file(STRINGS ${QUICKJS_DIR}/VERSION QUICKJS_VERSION LIMIT_COUNT 1)
    endif()
else()
    execute_process(
        COMMAND ${ISERE_ROOT}/scripts/get-quickjs ${ISERE_FETCH_DIR}
                ${ISERE_FETCH_FROM}
        RESULT_VARIABLE failed)
    if(failed)
        message(FATAL_ERROR "QuickJS could not be had, see above")
    endif()
    set(quickjs ${ISERE_FETCH_DIR}/quickjs)
    file(GLOB patches CONFIGURE_DEPENDS
         ${ISERE_ROOT}/third_party/quickjs/patches/*)
    set_property(
        DIRECTORY APPEND
        PROPERTY CMAKE_CONFIGURE_DEPENDS ${ISERE_ROOT}/third_party/quickjs/pin
                 ${patches})
endif()
# In the cache, for an application's folder that includes this one.
set(ISERE_QUICKJS ${quickjs} CACHE INTERNAL "QuickJS, patched")

function(isere_quickjs target)
    target_sources(
        ${target}
        PRIVATE ${ISERE_QUICKJS}/quickjs.c ${ISERE_QUICKJS}/libregexp.c
                ${ISERE_QUICKJS}/libunicode.c ${ISERE_QUICKJS}/cutils.c
                ${ISERE_QUICKJS}/dtoa.c)
    target_include_directories(${target} SYSTEM PUBLIC ${ISERE_QUICKJS})
    target_compile_definitions(
        ${target} PRIVATE _GNU_SOURCE CONFIG_VERSION="${QUICKJS_VERSION}")
    set_target_properties(${target} PROPERTIES C_EXTENSIONS ON)
    # -fwrapv as in its own Makefile: the engine relies on signed overflow. It
    # also takes int and int32_t for one type, which they are not on Arm.
    target_compile_options(${target} PRIVATE -w -fwrapv -fno-strict-aliasing
                                             -funsigned-char)
endfunction()
