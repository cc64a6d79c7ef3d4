# Flash and RAM by part, after every build and as the target isere_footprint.
if(CONFIG_ARCH_POSIX)
    return() # it runs on a host that has plenty
endif()
set(footprint
    ${PYTHON_EXECUTABLE} ${CMAKE_CURRENT_LIST_DIR}/../../../scripts/footprint
    ${ZEPHYR_BINARY_DIR}/${KERNEL_ELF_NAME})
set(stamp ${CMAKE_BINARY_DIR}/modules/isere/footprint.stamp)
add_custom_command(
    OUTPUT ${stamp}
    COMMAND ${footprint}
    COMMAND ${CMAKE_COMMAND} -E touch ${stamp}
    DEPENDS zephyr_final ${ZEPHYR_BINARY_DIR}/${KERNEL_ELF_NAME}
    COMMENT "Flash and RAM by part")
add_custom_target(isere_footprint_after_build ALL DEPENDS ${stamp})
add_custom_target(
    isere_footprint
    COMMAND ${footprint}
    DEPENDS zephyr_final
    USES_TERMINAL)
