# The library `quickjs` for Zephyr. Where the workspace has the west project
# modules/lib/quickjs, its sources come from there and are patched in the build's
# folder.
get_filename_component(workspace ${ZEPHYR_BASE} DIRECTORY)
set(west_project ${workspace}/modules/lib/quickjs)
if(EXISTS ${west_project}/quickjs.c)
    set(ISERE_FETCH_DIR ${CMAKE_BINARY_DIR}/modules/isere)
    set(ISERE_FETCH_FROM ${west_project})
endif()
include(${ISERE_ROOT}/cmake/quickjs.cmake)

zephyr_library_named(quickjs)
isere_quickjs(quickjs)
zephyr_library_compile_options(-O2) # Zephyr's own default is -Os
