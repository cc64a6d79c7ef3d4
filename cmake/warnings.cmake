# isere_own_code(TARGET): the warnings and hardening of our own code, on the host
# and on every device. What is fetched is compiled with -w: its warnings are its
# authors' business.

option(ISERE_WERROR "Treat warnings in our own code as errors" ON)

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
