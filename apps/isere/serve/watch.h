/*
 * --watch: a thread that loads the function anew when one of its files
 * changes, and makes it the registry's when it compiles and its init phase ends
 * well.
 */
#ifndef ISERE_APPS_ISERE_SERVE_WATCH_H
#define ISERE_APPS_ISERE_SERVE_WATCH_H

#include "apps/isere/load/program.h"
#include "apps/isere/serve/workers.h"

typedef struct isere_watch isere_watch_t;

/* Starts to watch the files of `program`, the registry's built-in function.
 * Returns 0 with *watch, or ISERE_ERR_* after saying on stderr what is wrong.
 */
int isere_watch_start(const isere_args_t *args, isere_program_t *program,
                      isere_registry_t *registry, isere_watch_t **watch);

/*
 * Ends the thread. False when it is busy with a handler's init phase: then it
 * goes on, and the program should end without waiting for it. After the
 * workers were told to stop.
 */
bool isere_watch_stop(isere_watch_t *watch);

/* Releases a stopped watch and the functions that it loaded, with the calling
 * thread's port. After the registry is gone. */
void isere_watch_destroy(isere_watch_t *watch, const isere_port_t *own);

#endif
