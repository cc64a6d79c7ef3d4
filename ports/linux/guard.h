/*
 * Notices writes to heaps, page by page: a closed page is write-protected, and
 * the SIGSEGV of the first write to it opens it.
 *
 * A page that was written to stays open, since the next request will most
 * likely write to it too; now and then all are closed again, to find those
 * that no longer are. In between there are no system calls and no faults.
 *
 * Where protecting fails (the kernel limits how many areas a process has), the
 * heap is left open, which is only slower.
 */
#ifndef ISERE_PORTS_LINUX_GUARD_H
#define ISERE_PORTS_LINUX_GUARD_H

#include "isere/port.h"
#include <signal.h>
#include <stdbool.h>

/* Restores of a heap before its pages are closed for the first time: a heap
 * that serves few requests is better left alone. And restores between two
 * times: a closing costs a fault of some microseconds for each of the ten
 * pages or so that a request writes to. */
#define ISERE_GUARD_FIRST (ISERE_CHECK_RESTORE ? 1 : 16)
#define ISERE_GUARD_PERIOD (ISERE_CHECK_RESTORE ? 8 : 1024)

/* The guards of one port. Opaque; it is never freed, but used again. */
typedef struct isere_guard_watch isere_guard_watch_t;

/* For the calling thread, the only one that may write to the heaps. NULL when
 * out of memory or the system refuses the handler. */
isere_guard_watch_t *isere_guard_new(void);
void isere_guard_release(isere_guard_watch_t *watch);

/* In the handler of SIGSEGV: opens the page that was written to. False when it
 * is none of the thread's closed ones. */
bool isere_guard_open(const siginfo_t *info);

/* As heap_guard and heap_unguard of isere_port_t. */
void isere_guard_add(isere_guard_watch_t *watch, isere_guard_t *guard);
void isere_guard_remove(isere_guard_watch_t *watch, isere_guard_t *guard);

#endif
