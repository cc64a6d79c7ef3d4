/* Where the firmware's handler comes from. */
#ifndef ISERE_PORTS_ZEPHYR_APP_HANDLER_H
#define ISERE_PORTS_ZEPHYR_APP_HANDLER_H

#include "isere/isere.h"

/*
 * Finds the handler's bytecode: in the flash partition `handler_partition` if
 * there is a valid one, else in the firmware itself (on native_sim: the file
 * named on the command line). With CONFIG_ISERE_HANDLER_SOURCE it is compiled
 * now. The bytes stay where they are for good. Returns 0, or ISERE_ERR_* with
 * *fault filled.
 */
int isere_handler_find(const isere_port_t *port, isere_slice_t *code,
                       isere_fault_t *fault);

#endif
