# The firmware: isère as a Zephyr application. Included by the root's
# CMakeLists.txt when a BOARD is given.
list(APPEND ZEPHYR_EXTRA_MODULES ${CMAKE_CURRENT_SOURCE_DIR})

find_package(Zephyr REQUIRED HINTS $ENV{ZEPHYR_BASE})
project(isere_firmware LANGUAGES C)

target_sources(app PRIVATE ports/zephyr/main.c ports/zephyr/handler.c)
target_include_directories(app PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
if(CONFIG_ARCH_POSIX)
    target_sources(app PRIVATE ports/zephyr/options.c)
endif()
isere_own_code(app)

set(ISERE_HANDLER js/handler.js CACHE STRING
    "The handler in the firmware: a .js file, its imports come along")
isere_embed_handler(app ${ISERE_HANDLER})

include(ports/zephyr/cmake/footprint.cmake)
