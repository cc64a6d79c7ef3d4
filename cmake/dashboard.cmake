# The dashboard, put together for core/admin/page.c.
#
# isere_dashboard(GENERATED): a target of that name which makes
# GENERATED/isere/dashboard.h; what compiles the core depends on it.

get_filename_component(
    ISERE_DASHBOARD_ROOT ${CMAKE_CURRENT_LIST_DIR}/.. ABSOLUTE)

function(isere_dashboard generated)
    set(root ${ISERE_DASHBOARD_ROOT})
    file(GLOB parts CONFIGURE_DEPENDS ${root}/dashboard/*)
    add_custom_command(
        OUTPUT ${generated}/isere/dashboard.h
        COMMAND ${root}/scripts/build-dashboard ${root}/dashboard
                ${generated}/isere/dashboard.h
        DEPENDS ${root}/scripts/build-dashboard ${parts}
        COMMENT "Putting the dashboard together"
        VERBATIM)
    add_custom_target(isere_dashboard
                      DEPENDS ${generated}/isere/dashboard.h)
endfunction()
