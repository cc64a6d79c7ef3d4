# Toolchain: a Cortex-M33 without an operating system, run by QEMU's mps2-an505
# board with semihosting. Debian: gcc-arm-none-eabi, picolibc-arm-none-eabi,
# qemu-system-arm.
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR cortex-m33)
set(CMAKE_C_COMPILER arm-none-eabi-gcc)
set(CMAKE_ASM_COMPILER arm-none-eabi-gcc)
set(CMAKE_ASM_FLAGS_INIT "-mcpu=cortex-m33 -mthumb")
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)

# The compiler's heap has to fit, too.
set(CMAKE_C_FLAGS_INIT
    "-mcpu=cortex-m33 -mthumb --specs=picolibc.specs -ffunction-sections \
-fdata-sections -DISERE_COMPILE_MEMORY=1572864u")
# 4 MB of the board's SSRAM for code and its 16 MB PSRAM for data: tests that
# compile modules want several heaps. picolibc.ld places the program by these.
set(CMAKE_EXE_LINKER_FLAGS_INIT
    "--oslib=semihost --crt0=hosted -Tpicolibc.ld -Wl,--gc-sections \
-Wl,--defsym=__flash=0x10000000 -Wl,--defsym=__flash_size=0x400000 \
-Wl,--defsym=__ram=0x80000000 -Wl,--defsym=__ram_size=0x1000000 \
-Wl,--defsym=__stack_size=0x10000")

# How ctest runs a test program.
get_filename_component(isere_root ${CMAKE_CURRENT_LIST_DIR} DIRECTORY)
set(CMAKE_CROSSCOMPILING_EMULATOR ${isere_root}/tests/arm/run-qemu)
