# littlefs for the store in flash, from Zephyr's module. An application that
# has it in Zephyr's own way (FILE_SYSTEM_LITTLEFS) shares that.
if(CONFIG_FILE_SYSTEM_LITTLEFS)
    target_link_libraries(isere PRIVATE LITTLEFS)
    return()
endif()

# Static buffers only; what is damaged is an error, not an assertion.
set(definitions LFS_NO_MALLOC LFS_NO_ASSERT LFS_NO_DEBUG LFS_NO_WARN
                LFS_NO_ERROR LFS_NAME_MAX=47)
target_include_directories(isere SYSTEM PRIVATE ${ZEPHYR_LITTLEFS_MODULE_DIR})
target_compile_definitions(isere PRIVATE ${definitions})

# Instead of its lfs_util.c, which has only lfs_crc in it.
zephyr_library_sources(${ISERE_ROOT}/ports/zephyr/flash/littlefs_crc.c)

zephyr_library_named(littlefs)
zephyr_library_sources(${ZEPHYR_LITTLEFS_MODULE_DIR}/lfs.c)
# Zephyr's copy declares a log module; this is its level without Zephyr's FS.
zephyr_library_compile_definitions(${definitions} CONFIG_FS_LOG_LEVEL=0)
zephyr_library_compile_options(-w)
