# isere_embed_handler(TARGET FILE): compiles a handler to bytecode with a host
# tool made for that, and gives it to TARGET: as <isere_handler.inc>, its bytes;
# with CONFIG_ISERE_HANDLER_SOURCE as <isere_sources.inc>, its source files.
include(ExternalProject)

set(ISERE_TOOL "" CACHE FILEPATH "`isere` for the host, instead of making one")

# Adds the target that makes the host tool. Its build knows what is out of date.
function(isere_add_tool folder)
    ExternalProject_Add(
        isere_tool
        SOURCE_DIR ${ISERE_ROOT}
        BINARY_DIR ${folder}
        CONFIGURE_COMMAND
            ${CMAKE_COMMAND} -E env --unset=BOARD --unset=CC --unset=CFLAGS
            ${CMAKE_COMMAND} -G ${CMAKE_GENERATOR} -S ${ISERE_ROOT} -B ${folder}
            -DQUICKJS_DIR=${ISERE_QUICKJS}
        BUILD_COMMAND ${CMAKE_COMMAND} --build ${folder} --target isere
        INSTALL_COMMAND ""
        BUILD_ALWAYS TRUE
        USES_TERMINAL_BUILD TRUE
        BUILD_BYPRODUCTS ${folder}/isere)
endfunction()

function(isere_embed_handler target file)
    get_filename_component(file ${file} ABSOLUTE BASE_DIR
                           ${CMAKE_CURRENT_SOURCE_DIR})
    if(NOT EXISTS ${file})
        message(FATAL_ERROR "there is no handler ${file} (ISERE_HANDLER)")
    endif()

    set(folder ${CMAKE_BINARY_DIR}/modules/isere)
    set(tool ${ISERE_TOOL})
    if(NOT tool)
        set(tool ${folder}/host/isere)
        isere_add_tool(${folder}/host)
    endif()

    # Also where the source is kept: what does not compile fails here.
    set(code ${folder}/handler.bin)
    set(options "")
    if(NOT CONFIG_ISERE_FUNCTION_SOURCE)
        set(options --no-source)
    endif()
    add_custom_command(
        OUTPUT ${code}
        COMMAND ${tool} build ${file} -o ${code} --depfile ${code}.d ${options}
        DEPENDS ${file} ${tool} ${ISERE_QUICKJS}/quickjs.c
        DEPFILE ${code}.d
        COMMENT "Compiling ${file} to bytecode")

    set(generated ${ZEPHYR_BINARY_DIR}/include/generated)
    if(CONFIG_ISERE_HANDLER_SOURCE)
        set(inc ${generated}/isere_sources.inc)
        add_custom_command(
            OUTPUT ${inc}
            COMMAND ${PYTHON_EXECUTABLE} ${ISERE_ROOT}/scripts/embed-sources
                    ${file} ${code}.d ${inc}
            DEPENDS ${code} ${ISERE_ROOT}/scripts/embed-sources
            COMMENT "Embedding the source of ${file}")
        add_custom_target(isere_sources_inc DEPENDS ${inc})
        add_dependencies(${target} isere_sources_inc)
    else()
        generate_inc_file_for_target(${target} ${code}
                                     ${generated}/isere_handler.inc)
    endif()
endfunction()
