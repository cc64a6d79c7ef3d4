# Compiler flags for every target, and isere_own_code() for our own.

set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

if(NOT CMAKE_BUILD_TYPE)
    set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "" FORCE)
endif()
# CMake's own flags add NDEBUG; our assertions and the engine's stay on.
set(CMAKE_C_FLAGS_RELWITHDEBINFO "-O2 -g")

if(ISERE_M32)
    # SSE because the x87 rounds twice, which JavaScript's numbers must not.
    add_compile_options(-m32 -msse2 -mfpmath=sse)
    add_link_options(-m32)
endif()

if(ISERE_FUZZ)
    if(NOT CMAKE_C_COMPILER_ID MATCHES "Clang")
        message(FATAL_ERROR "ISERE_FUZZ needs clang: CC=clang cmake ...")
    endif()
    # Not the depth of the stack: it differs from process to process, and what
    # `make test-fuzz` runs must not.
    add_compile_options(-fsanitize=fuzzer-no-link
                        -fno-sanitize-coverage=stack-depth)
    set(ISERE_SANITIZE ON)
endif()

if(ISERE_SANITIZE)
    add_compile_options(-fsanitize=address,undefined -fno-omit-frame-pointer
                        -fno-sanitize-recover=all)
    add_link_options(-fsanitize=address,undefined)
endif()

# The warnings and hardening of our own code.
function(isere_own_code target)
    target_compile_options(
        ${target}
        PRIVATE -Wall
                -Wextra
                -Wshadow
                -Wstrict-prototypes
                -Wmissing-prototypes
                -Wvla
                -Wundef
                -Wpointer-arith
                -Wwrite-strings)
    if(ISERE_WERROR)
        target_compile_options(${target} PRIVATE -Werror)
    endif()
    if(CMAKE_SYSTEM_NAME STREQUAL "Linux")
        target_compile_options(${target} PRIVATE -fstack-protector-strong)
    endif()
endfunction()
