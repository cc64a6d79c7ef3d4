/*
 * The function that is served, kept outside the server: one that is started
 * again after a death serves the same, whatever became of the files meanwhile.
 *
 * It is in memory that the supervisor holds. There is none without a
 * supervisor.
 */
#ifndef ISERE_APPS_ISERE_SUPERVISOR_KEPT_H
#define ISERE_APPS_ISERE_SUPERVISOR_KEPT_H

#include "apps/isere/load/program.h"

/* In the supervisor, before the first server. Without memory for it, servers
 * read the files again. */
void isere_kept_create(void);

/* Keeps a program's bytecode, and the names of its files, from now on. A death
 * in the middle of it leaves what was kept before. */
void isere_kept_save(const isere_program_t *program);

/*
 * Makes the program that was kept last. Returns 0, ISERE_ERR_NOENT when there
 * is none that is whole, or ISERE_ERR_* with *fault filled. Release the program
 * in all cases; no file of its list has data.
 */
int isere_kept_load(const isere_port_t *port, const isere_args_t *args,
                    isere_program_t *program, isere_fault_t *fault);

#endif
