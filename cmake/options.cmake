# Compiler flags for every target that is not Zephyr's.

set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

if(NOT CMAKE_BUILD_TYPE)
    set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "" FORCE)
endif()
# CMake's own flags add NDEBUG; our assertions and the engine's stay on.
set(CMAKE_C_FLAGS_RELWITHDEBINFO "-O2 -g")

# make release: the whole program is optimised at once (LTO), by what a training
# run counted (apps/train). The flags of both steps must agree but for the
# profile. What the training did not reach is compiled as without a profile, not
# for size: handlers do other things, too. One partition, no paths and no random
# names keep two builds close to each other.
if(ISERE_RELEASE)
    if(NOT CMAKE_C_COMPILER_ID STREQUAL "GNU")
        message(FATAL_ERROR "ISERE_RELEASE needs gcc")
    endif()
    set(CMAKE_C_FLAGS_RELWITHDEBINFO "-O2")
    add_compile_options(-ffile-prefix-map=${CMAKE_SOURCE_DIR}/=
                        -ffile-prefix-map=${CMAKE_BINARY_DIR}/=
                        -frandom-seed=isere -fno-plt)
    if(ISERE_RELEASE STREQUAL "train")
        add_compile_options(-fprofile-generate -fprofile-update=single)
        add_link_options(-fprofile-generate)
    else()
        add_compile_options(-flto -fno-fat-lto-objects -fprofile-use
                            -fprofile-partial-training -Wno-missing-profile)
        add_link_options(-O2 -flto -flto-partition=one -fno-plt
                         -frandom-seed=isere -Wl,--build-id=sha1)
        set(CMAKE_AR ${CMAKE_C_COMPILER_AR})
        set(CMAKE_RANLIB ${CMAKE_C_COMPILER_RANLIB})
    endif()
endif()

# These are built to run tests: lines for their traces are enough, and variables
# cost a quarter of the compiler's time.
if(ISERE_SANITIZE OR ISERE_TSAN OR ISERE_FUZZ OR ISERE_M32 OR CMAKE_CROSSCOMPILING)
    add_compile_options(-g1)
endif()

if(ISERE_M32)
    # SSE because the x87 rounds twice, which JavaScript's numbers must not.
    add_compile_options(-m32 -msse2 -mfpmath=sse)
    # As on devices, so that this is tested, too.
    add_compile_definitions(ISERE_SHARE_SNAPSHOTS=1)
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

if(ISERE_TSAN)
    add_compile_options(-fsanitize=thread -O1)
    add_link_options(-fsanitize=thread)
endif()
