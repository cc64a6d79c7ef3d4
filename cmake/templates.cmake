# What `isere new` writes, put together for apps/isere/cmd/cmd_new.c.
#
# isere_templates(GENERATED): a target of that name which makes
# GENERATED/isere/templates.h; what compiles the program depends on it.

function(isere_templates generated)
    set(root ${CMAKE_CURRENT_SOURCE_DIR})
    file(GLOB_RECURSE parts CONFIGURE_DEPENDS ${root}/templates/*)
    add_custom_command(
        OUTPUT ${generated}/isere/templates.h
        COMMAND ${root}/scripts/build-templates ${root}
                ${generated}/isere/templates.h
        DEPENDS ${root}/scripts/build-templates ${root}/types/isere.d.ts
                ${root}/examples/webhook/hmac.js ${parts}
        COMMENT "Putting the templates together"
        VERBATIM)
    add_custom_target(isere_templates DEPENDS ${generated}/isere/templates.h)
endfunction()
