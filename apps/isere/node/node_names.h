/*
 * The modules of Node: which there are in isère, and what to use instead of the
 * others. Pure; any thread.
 */
#ifndef ISERE_APPS_ISERE_NODE_NODE_NAMES_H
#define ISERE_APPS_ISERE_NODE_NODE_NAMES_H

#include "isere/slice.h"
#include <stdbool.h>

/* One that isère has: its name without "node:", and the file that has it. */
typedef struct isere_node_module {
    const char *name;
    const char *file;
} isere_node_module_t;

extern const isere_node_module_t isere_node_modules[];
extern const size_t isere_node_modules_count;

/*
 * What to use instead of a module that isère does not have, for the end of a
 * sentence; NULL when the name, with "node:" or without, is none of Node's.
 */
const char *isere_node_instead(isere_slice_t name);

#endif
