# Modules of Node for bundles (js/node, and what it needs from npm), as data for
# apps/isere/node: GENERATED/isere/node_code.h.
#
# As a script, `cmake -DOUT=FILE -P node_code.cmake NAME=PATH...`, it writes the
# file.

if(CMAKE_SCRIPT_MODE_FILE)
    file(WRITE ${OUT}.new "/* Made by cmake/node_code.cmake. */\n#include <stddef.h>\n\n")
    set(table "")
    math(EXPR last "${CMAKE_ARGC} - 1")
    foreach(i RANGE 4 ${last})
        string(REGEX MATCH "^([^=]*)=(.*)$" matched "${CMAKE_ARGV${i}}")
        if(matched)
            set(name ${CMAKE_MATCH_1})
            file(READ ${CMAKE_MATCH_2} hex HEX)
            string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
            file(APPEND ${OUT}.new
                 "static const unsigned char node_code_${i}[] = {${bytes}};\n")
            string(APPEND table
                   "    {\"${name}\", node_code_${i}, sizeof(node_code_${i})},\n")
        endif()
    endforeach()
    file(APPEND ${OUT}.new
         "static const struct {\n    const char *name;\n    const unsigned char *data;\n    size_t size;\n} node_code[] = {\n${table}};\n")
    file(RENAME ${OUT}.new ${OUT})
    return()
endif()

function(isere_node_code target generated)
    set(arguments "")
    set(files "")
    file(GLOB_RECURSE ours CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/js/node/*.js)
    foreach(file ${ours})
        file(RELATIVE_PATH name ${PROJECT_SOURCE_DIR}/js/node ${file})
        list(APPEND arguments isere/${name}=${file})
        list(APPEND files ${file})
    endforeach()
    set(packages
        base64-js/index.js
        buffer/index.js
        events/events.js
        ieee754/index.js
        path-browserify/index.js
        punycode/punycode.js)
    foreach(name _md _u64 hkdf hmac legacy pbkdf2 scrypt sha2 utils)
        list(APPEND packages noble-hashes/${name}.js)
    endforeach()
    file(GLOB_RECURSE stream RELATIVE ${ISERE_NPM_DIR}/npm
         ${ISERE_NPM_DIR}/npm/readable-stream/lib/*.js)
    foreach(name ${packages} ${stream})
        list(APPEND arguments ${name}=${ISERE_NPM_DIR}/npm/${name})
        list(APPEND files ${ISERE_NPM_DIR}/npm/${name})
    endforeach()
    # esbuild takes out what is not used only where it may.
    foreach(name isere noble-hashes)
        list(APPEND arguments
             ${name}/package.json=${PROJECT_SOURCE_DIR}/js/node/package.json)
    endforeach()
    list(APPEND files ${PROJECT_SOURCE_DIR}/js/node/package.json)
    add_custom_command(
        OUTPUT ${generated}/isere/node_code.h
        COMMAND ${CMAKE_COMMAND} -E make_directory ${generated}/isere
        COMMAND ${CMAKE_COMMAND} -DOUT=${generated}/isere/node_code.h -P
                ${CMAKE_CURRENT_FUNCTION_LIST_FILE} ${arguments}
        DEPENDS ${files} ${CMAKE_CURRENT_FUNCTION_LIST_FILE}
        COMMENT "Putting js/node into a header"
        VERBATIM)
    target_sources(${target} PRIVATE ${generated}/isere/node_code.h)
    target_include_directories(${target} PRIVATE ${generated})
endfunction()
