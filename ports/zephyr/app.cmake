# The firmware: isère as a Zephyr application. Included by the root's
# CMakeLists.txt when a BOARD is given, and by that of tests/firmware.
get_filename_component(app_root ${CMAKE_CURRENT_LIST_DIR}/../.. ABSOLUTE)
list(APPEND ZEPHYR_EXTRA_MODULES ${app_root})

# `west flash` copies the firmware to the boot loader's drive, which needs no
# debug probe. Zephyr's default for these boards is OpenOCD.
if(NOT BOARD_FLASH_RUNNER AND "${BOARD}$ENV{BOARD}" MATCHES "_pico2")
    set(BOARD_FLASH_RUNNER uf2)
endif()

find_package(Zephyr REQUIRED HINTS $ENV{ZEPHYR_BASE})
project(isere_firmware LANGUAGES C)

target_sources(app PRIVATE ${app_root}/ports/zephyr/app/main.c
                           ${app_root}/ports/zephyr/app/handler.c)
target_include_directories(app PRIVATE ${app_root})
if(CONFIG_ARCH_POSIX)
    target_sources(app PRIVATE ${app_root}/ports/zephyr/sim/options.c)
endif()
isere_own_code(app)
isere_zephyr_headers(app)

set(ISERE_HANDLER ${app_root}/js/handler.js CACHE STRING
    "The handler in the firmware: a .js file, its imports come along")
isere_embed_handler(app ${ISERE_HANDLER})

include(${app_root}/ports/zephyr/cmake/footprint.cmake)
