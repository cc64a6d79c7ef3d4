# The Linux port, the program isere, and the examples.

find_package(Threads REQUIRED)

# The port. As in the core, what looks at ISERE_CHECK_RESTORE is compiled for
# each, all else once. `name`: the target; `core`: which core it belongs to.
file(GLOB linux_sources CONFIGURE_DEPENDS ports/linux/*.c ports/linux/*/*.c)
set(linux_restore_sources ${PROJECT_SOURCE_DIR}/ports/linux/guard.c)
list(REMOVE_ITEM linux_sources ${linux_restore_sources})
# zlib, for CompressionStream: linked in where its archive is there. Builds for
# 32 bits have none.
if(NOT ISERE_M32)
    find_library(ISERE_ZLIB NAMES libz.a z)
    find_path(ISERE_ZLIB_INCLUDE zlib.h)
    mark_as_advanced(ISERE_ZLIB ISERE_ZLIB_INCLUDE)
endif()
if(ISERE_ZLIB AND ISERE_ZLIB_INCLUDE)
    set_property(SOURCE ports/linux/port.c APPEND
                 PROPERTY COMPILE_DEFINITIONS ISERE_ZLIB)
else()
    list(REMOVE_ITEM linux_sources
                     ${PROJECT_SOURCE_DIR}/ports/linux/zlib/compression.c)
    set(ISERE_ZLIB "")
    if(NOT ISERE_M32)
        message(STATUS "No zlib: CompressionStream will throw")
    endif()
endif()
add_library(isere_linux_either OBJECT EXCLUDE_FROM_ALL ${linux_sources})
isere_core_settings(isere_linux_either)
target_compile_definitions(
    isere_linux_either PRIVATE _GNU_SOURCE ISERE_CHECK_RESTORE=${isere_either})
target_link_libraries(isere_linux_either PRIVATE Threads::Threads)
function(add_isere_linux name core)
    add_library(${name} STATIC ${linux_restore_sources}
                               $<TARGET_OBJECTS:isere_linux_either>)
    isere_own_code(${name})
    target_compile_definitions(${name} PRIVATE _GNU_SOURCE)
    target_link_libraries(${name} PUBLIC ${core} Threads::Threads ${ISERE_ZLIB})
    # No lazy binding: an execution may be abandoned at any instruction, also
    # inside the dynamic linker, which would be left half done.
    target_link_options(${name} PUBLIC -Wl,-z,relro,-z,now)
endfunction()
add_isere_linux(isere_linux isere_core)

include(cmake/node_code.cmake)

# The program, all of it but main, so that tests can link it. `port`: the port it
# belongs to.
include(cmake/templates.cmake)
file(GLOB program_sources CONFIGURE_DEPENDS apps/isere/*/*.c)
add_library(isere_program_either OBJECT EXCLUDE_FROM_ALL ${program_sources})
isere_core_settings(isere_program_either)
isere_templates(${ISERE_GENERATED})
add_dependencies(isere_program_either isere_templates)
target_compile_definitions(
    isere_program_either PRIVATE _GNU_SOURCE ISERE_CHECK_RESTORE=${isere_either})
target_link_libraries(isere_program_either PRIVATE Threads::Threads)
isere_node_code(isere_program_either ${ISERE_GENERATED})
function(add_isere_program name port)
    add_library(${name} STATIC $<TARGET_OBJECTS:isere_program_either>)
    set_target_properties(${name} PROPERTIES LINKER_LANGUAGE C)
    target_link_libraries(${name} PUBLIC ${port})
endfunction()
add_isere_program(isere_program isere_linux)

add_executable(isere apps/isere/main.c)
isere_own_code(isere)
target_compile_definitions(isere PRIVATE _GNU_SOURCE)
target_link_libraries(isere PRIVATE isere_program)

if(ISERE_RELEASE STREQUAL "train")
    add_executable(train apps/train/train.c)
    isere_own_code(train)
    target_compile_definitions(train PRIVATE _GNU_SOURCE)
    target_link_libraries(train PRIVATE isere_program)
endif()

# What cmake/web_code.cmake builds by itself, for what reads the compiler's
# commands (clang-tidy).
add_executable(embed_checked EXCLUDE_FROM_ALL apps/embed/embed.c)
isere_own_code(embed_checked)
target_link_libraries(embed_checked PRIVATE quickjs)

# examples/NAME.c or examples/NAME/*.c: programs that embed isère.
file(GLOB examples CONFIGURE_DEPENDS examples/*.c examples/*/*.c)
foreach(source ${examples})
    get_filename_component(name ${source} NAME_WE)
    add_executable(example_${name} ${source})
    isere_own_code(example_${name})
    target_link_libraries(example_${name} PRIVATE isere_linux)
    set_target_properties(
        example_${name} PROPERTIES OUTPUT_NAME ${name} RUNTIME_OUTPUT_DIRECTORY
                                              ${PROJECT_BINARY_DIR}/examples)
endforeach()
