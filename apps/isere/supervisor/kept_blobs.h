/*
 * Code of a store's functions, kept outside the server: one that is started
 * again after a death need not compile what is served.
 *
 * It is in memory that the supervisor holds and its servers inherit; no other
 * process has it. It is in no server's address space: a wild write does not
 * reach it. There is none without a supervisor.
 */
#ifndef ISERE_APPS_ISERE_SUPERVISOR_KEPT_BLOBS_H
#define ISERE_APPS_ISERE_SUPERVISOR_KEPT_BLOBS_H

#include "isere/blobs.h"
#include <stdbool.h>

/* How much of it there may be. */
#define ISERE_KEPT_BYTES_MAX ((size_t)256 * 1024 * 1024)

/* In the supervisor, before the first server. Without memory for it, servers
 * compile. */
void isere_kept_blobs_create(void);

/*
 * In a server: what there is, one table at a time. A death at any moment leaves
 * a blob as it was or as it was to be; damage loses all. False: there is no
 * such memory.
 */
bool isere_kept_blobs_open(isere_blobs_t *blobs);
void isere_kept_blobs_close(isere_blobs_t *blobs);

#endif
