# Globals that are in JavaScript (js/web), as bytecode for core/web/lazy.
#
# isere_web_code(GENERATED): a target of that name which makes
# GENERATED/isere/web_code.h; what compiles the core depends on it. The compiler
# is a program for the machine that builds (apps/embed), whatever the target is:
# bytecode is the same for all. Without optimisation, it is built in seconds.

get_filename_component(ISERE_WEB_ROOT ${CMAKE_CURRENT_LIST_DIR}/.. ABSOLUTE)
find_program(ISERE_HOST_CC NAMES cc gcc clang REQUIRED)

# Where QuickJS is a west project, builds have folders of their own: packages are
# not fetched for each.
set(ISERE_NPM_DIR ${ISERE_FETCH_DIR})
if(ISERE_FETCH_FROM)
    set(ISERE_NPM_DIR ${ISERE_WEB_ROOT}/build)
endif()
execute_process(COMMAND ${ISERE_WEB_ROOT}/scripts/get-npm ${ISERE_NPM_DIR}
                RESULT_VARIABLE failed)
if(failed)
    message(FATAL_ERROR "packages of npm could not be had, see above")
endif()
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
                                       ${ISERE_WEB_ROOT}/third_party/npm/pin
                                       ${ISERE_WEB_ROOT}/third_party/npm/changes/urlpattern-polyfill.sed)

function(isere_web_code generated)
    set(tool ${CMAKE_CURRENT_BINARY_DIR}/embed)
    set(engine "")
    foreach(part quickjs libregexp libunicode cutils dtoa)
        list(APPEND engine ${ISERE_QUICKJS}/${part}.c)
    endforeach()
    add_custom_command(
        OUTPUT ${tool}
        COMMAND
            ${ISERE_HOST_CC} -O0 -w -fwrapv -funsigned-char -D_GNU_SOURCE
            -DCONFIG_VERSION="embed" -I${ISERE_QUICKJS} -o ${tool}
            ${ISERE_WEB_ROOT}/apps/embed/embed.c ${engine} -lm -lpthread
        DEPENDS ${ISERE_WEB_ROOT}/apps/embed/embed.c ${engine}
        COMMENT "Building the compiler of js/web"
        VERBATIM)
    set(arguments "")
    set(files "")
    foreach(name base exception event abort misc streams compression blob
            form_data message url_pattern)
        list(APPEND arguments ${name}=${ISERE_WEB_ROOT}/js/web/${name}.js)
        list(APPEND files ${ISERE_WEB_ROOT}/js/web/${name}.js)
    endforeach()
    # Their globals are parameters, so that they are not a handler's.
    set(library ${ISERE_NPM_DIR}/npm/web-streams-polyfill/dist/ponyfill.js)
    list(APPEND arguments
         "streams_library+exports,module,globalThis,queueMicrotask,structuredClone,AbortController=${library}")
    list(APPEND files ${library})
    set(library ${ISERE_NPM_DIR}/npm/urlpattern-polyfill/dist/urlpattern.cjs)
    list(APPEND arguments "url_pattern_library+module,exports,URL,canonicalHost,canonicalPort,isNameStart,isNamePart=${library}")
    list(APPEND files ${library})
    add_custom_command(
        OUTPUT ${generated}/isere/web_code.h
        COMMAND ${CMAKE_COMMAND} -E make_directory ${generated}/isere
        COMMAND ${tool} ${generated}/isere/web_code.h ${arguments}
        DEPENDS ${tool} ${files}
        COMMENT "Compiling js/web to bytecode"
        VERBATIM)
    add_custom_target(isere_web_code DEPENDS ${generated}/isere/web_code.h)
endfunction()
