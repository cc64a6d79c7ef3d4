# Each build holds the sources to the floor plan (scripts/check-core), again when
# one of them has changed: a fifth of a second.
file(GLOB_RECURSE checked CONFIGURE_DEPENDS
     core/*.[ch] include/*.h ports/*.[ch] apps/*.[ch] examples/*.[ch]
     samples/*.[ch])
set(stamp ${PROJECT_BINARY_DIR}/check-core.stamp)
add_custom_command(
    OUTPUT ${stamp}
    COMMAND ${PROJECT_SOURCE_DIR}/scripts/check-core
    COMMAND ${CMAKE_COMMAND} -E touch ${stamp}
    DEPENDS ${checked} scripts/check-core scripts/c_source.py
            scripts/floor-plan
    COMMENT "Checking which folder includes which"
    VERBATIM)
add_custom_target(check_core ALL DEPENDS ${stamp})
