# The unit tests named in tests.txt, and those of tests/arm itself, for a
# Cortex-M33; ctest runs them in QEMU (cmake/arm-none-eabi.cmake).

enable_language(ASM) # for isere_embed

set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
                                       ${arm}/tests.txt)
file(STRINGS ${arm}/tests.txt arm_tests REGEX "^[a-z]")
foreach(name ${arm_tests})
    add_unit_test(${unit}/${name}.c)
endforeach()

# What ports to such cores have in common.
add_library(isere_cortex_m STATIC EXCLUDE_FROM_ALL
            ${PROJECT_SOURCE_DIR}/ports/cortex_m/mpu.c)
isere_own_code(isere_cortex_m)
target_include_directories(
    isere_cortex_m PUBLIC ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/include)

# tests/arm/test_*.c run only here.
file(GLOB arm_only CONFIGURE_DEPENDS ${arm}/test_*.c)
foreach(source ${arm_only})
    add_unit_test(${source} isere_cortex_m)
endforeach()

# isere_embed(TARGET SYMBOL FILE): puts FILE, made by the host build, into a
# test program as `const unsigned char SYMBOL[]` with `const unsigned
# SYMBOL_size`.
function(isere_embed target symbol file)
    set(stub ${CMAKE_CURRENT_BINARY_DIR}/${target}_${symbol}.S)
    file(
        WRITE ${stub}
        ".section .rodata.${symbol}, \"a\"\n"
        ".balign 8\n.global ${symbol}\n${symbol}:\n.incbin \"${file}\"\n"
        "1:\n.balign 4\n.global ${symbol}_size\n${symbol}_size:\n"
        ".word 1b - ${symbol}\n")
    set_source_files_properties(${stub} PROPERTIES OBJECT_DEPENDS ${file})
    target_sources(${target} PRIVATE ${stub})
endfunction()

# embed.txt: lines `TEST SYMBOL FILE`, FILE relative to the folder that
# ISERE_HOST_FILES names (what the host wrote for the device to read).
set(ISERE_HOST_FILES "" CACHE PATH "Folder with files that the host made")
file(STRINGS ${arm}/embed.txt embeds REGEX "^[a-z]")
foreach(line ${embeds})
    string(REPLACE " " ";" words "${line}")
    list(GET words 0 target)
    list(GET words 1 symbol)
    list(GET words 2 file)
    isere_embed(${target} ${symbol} ${ISERE_HOST_FILES}/${file})
endforeach()
