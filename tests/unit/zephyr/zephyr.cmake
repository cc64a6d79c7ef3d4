# Tests of what of the Zephyr port knows no Zephyr, for the host.
add_library(isere_zephyr_retained STATIC EXCLUDE_FROM_ALL
            ${PROJECT_SOURCE_DIR}/ports/zephyr/retained.c)
isere_own_code(isere_zephyr_retained)
target_link_libraries(isere_zephyr_retained PUBLIC test_support)
add_unit_test(${unit}/zephyr/test_retained.c isere_zephyr_retained)

add_library(isere_zephyr_mdns STATIC EXCLUDE_FROM_ALL
            ${PROJECT_SOURCE_DIR}/ports/zephyr/net/mdns_query.c)
isere_own_code(isere_zephyr_mdns)
target_link_libraries(isere_zephyr_mdns PUBLIC test_support)
add_unit_test(${unit}/zephyr/test_mdns_query.c isere_zephyr_mdns)

# What it does with littlefs, which is that of a Zephyr workspace, found as
# scripts/firmware finds it.
if(DEFINED ENV{ZEPHYR_BASE})
    set(littlefs $ENV{ZEPHYR_BASE}/../modules/fs/littlefs)
else()
    set(littlefs $ENV{HOME}/zephyrproject/modules/fs/littlefs)
endif()
if(NOT EXISTS ${littlefs}/lfs.c)
    message(STATUS "No Zephyr workspace: no tests of the store in flash")
    return()
endif()

# Without its assertions, as in the firmware: what is damaged must be an error.
add_library(isere_zephyr_blobs STATIC EXCLUDE_FROM_ALL
            ${littlefs}/lfs.c
            ${PROJECT_SOURCE_DIR}/ports/zephyr/flash/littlefs_crc.c)
target_link_libraries(isere_zephyr_blobs PUBLIC test_support)
target_include_directories(isere_zephyr_blobs SYSTEM PUBLIC ${littlefs})
target_compile_options(isere_zephyr_blobs PRIVATE -w)
target_compile_definitions(
    isere_zephyr_blobs PUBLIC LFS_NO_MALLOC LFS_NO_ASSERT LFS_NO_DEBUG
                              LFS_NO_WARN LFS_NO_ERROR LFS_NAME_MAX=47)

add_library(zephyr_test_support STATIC EXCLUDE_FROM_ALL
            ${PROJECT_SOURCE_DIR}/ports/zephyr/flash/blobs.c
            ${unit}/zephyr/ram_flash.c)
isere_own_code(zephyr_test_support)
target_link_libraries(zephyr_test_support PUBLIC isere_zephyr_blobs
                                                 test_support)
file(GLOB zephyr_unit_sources CONFIGURE_DEPENDS ${unit}/zephyr/test_zephyr_*.c)
foreach(source ${zephyr_unit_sources})
    add_unit_test(${source} zephyr_test_support)
endforeach()
