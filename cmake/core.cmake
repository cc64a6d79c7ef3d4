# The core: its sources, the headers that the build makes for it, and what every
# target with core code is compiled with. For the host, the Cortex-M33 in QEMU
# and Zephyr.

include(${CMAKE_CURRENT_LIST_DIR}/dashboard.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/web_code.cmake)

# Almost all is the same whether heap restores are checked or not, and is
# compiled once where both are built. What is not is the second list; a file of
# the first that comes to look at ISERE_CHECK_RESTORE does not compile there.
file(GLOB_RECURSE ISERE_CORE_SOURCES CONFIGURE_DEPENDS ${ISERE_ROOT}/core/*.c)
set(ISERE_CORE_RESTORE_SOURCES ${ISERE_ROOT}/core/heap/frozen.c
                               ${ISERE_ROOT}/core/heap/snapshot.c)
list(REMOVE_ITEM ISERE_CORE_SOURCES ${ISERE_CORE_RESTORE_SOURCES})

# The generated headers: the version, and as targets of these names the dashboard
# and the globals that are in JavaScript. The root's CMakeLists.txt alone names
# the version.
set(ISERE_GENERATED ${CMAKE_CURRENT_BINARY_DIR}/generated)
file(STRINGS ${ISERE_ROOT}/CMakeLists.txt line REGEX "^project\\(isere VERSION")
string(REGEX MATCH "([0-9]+)\\.([0-9]+)\\.([0-9]+)" ISERE_VERSION "${line}")
set(ISERE_VERSION_MAJOR ${CMAKE_MATCH_1})
set(ISERE_VERSION_MINOR ${CMAKE_MATCH_2})
set(ISERE_VERSION_PATCH ${CMAKE_MATCH_3})
configure_file(${CMAKE_CURRENT_LIST_DIR}/version.h.in
               ${ISERE_GENERATED}/isere/version.h @ONLY)
isere_dashboard(${ISERE_GENERATED})
isere_web_code(${ISERE_GENERATED})

function(isere_core_settings target)
    add_dependencies(${target} isere_dashboard isere_web_code)
    isere_own_code(${target})
    target_include_directories(
        ${target} PUBLIC ${ISERE_ROOT} ${ISERE_ROOT}/include ${ISERE_GENERATED})
    target_link_libraries(${target} PUBLIC quickjs)
endfunction()
